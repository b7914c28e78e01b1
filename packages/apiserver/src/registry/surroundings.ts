/** What the registry takes from outside so that tests can decide it: time, identities, chance. */
import { randomInt, randomUUID } from "node:crypto";
import type { ServiceAllocation } from "./service-addresses/allocation.ts";

export interface Surroundings {
  /** Wall-clock time. */
  nowMs(): number;
  newUid(): string;
  /** An integer in [0, bound). */
  random(bound: number): number;
  /** Gives Services their addresses and ports; without it they have those that clients wrote. */
  services?: ServiceAllocation;
}

export const realSurroundings: Surroundings = {
  nowMs: () => Date.now(),
  newUid: () => randomUUID(),
  random: bound => randomInt(bound),
};
