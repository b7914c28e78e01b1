/** Time, identities and chance that a test decides. */
import type { Surroundings } from "../registry/surroundings.ts";

export interface TestSurroundings extends Surroundings {
  advance(ms: number): void;
}

export function testSurroundings(startMs = Date.parse("2025-01-01T00:00:00Z")): TestSurroundings {
  let now = startMs;
  let count = 0;
  let chance = 1;
  return {
    nowMs: () => now,
    newUid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`,
    // Park and Miller's generator: the same numbers in every run.
    random: bound => {
      chance = (chance * 48_271) % 0x7fffffff;
      return chance % bound;
    },
    advance: ms => {
      now += ms;
    },
  };
}
