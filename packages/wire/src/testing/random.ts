/** Seeded randomness for the tests of all packages: the same seed gives the same run. */

/** The seed of this run, which belongs into what a test prints; PODWIRE_SEED sets it, to run a failed test again. */
export function testSeed(): number {
  return Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** An integer in [0, bound). */
export type Random = (bound: number) => number;

/** mulberry32 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return bound => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
