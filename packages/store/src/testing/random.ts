/** Seeded randomness for tests: the same seed gives the same history. */

/** The seed of this run; set PODWIRE_SEED to run a failed test again. */
export function testSeed(): number {
  return Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** mulberry32: uniform integers in [0, bound). */
export function randomIntegers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return bound => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
