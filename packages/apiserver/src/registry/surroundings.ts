/** What the registry takes from outside so that tests can decide it: time, identities, chance. */
import { randomInt, randomUUID } from "node:crypto";

export interface Surroundings {
  /** Wall-clock time. */
  nowMs(): number;
  newUid(): string;
  /** An integer in [0, bound). */
  random(bound: number): number;
}

export const realSurroundings: Surroundings = {
  nowMs: () => Date.now(),
  newUid: () => randomUUID(),
  random: bound => randomInt(bound),
};
