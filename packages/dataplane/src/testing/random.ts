/**
 * A seeded generator for tests by the million packets (xorshift32, G. Marsaglia): the same seed gives the same run.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** A generator that goes on as this one would. */
  clone(): Random {
    return new Random(this.#state);
  }

  /** 32 bits, signed. */
  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x;
  }

  /** 0 to `limit` − 1. */
  below(limit: number): number {
    return ((this.word() >>> 1) % limit) | 0;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
