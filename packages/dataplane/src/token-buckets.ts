/**
 * Token buckets, one an index: `perSecond` tokens run in, at most `burst` are kept, and who takes the last one
 * waits. Tokens are counted in thousandths, so that a millisecond's share is a whole number.
 */
import type { Clock } from "./clock.ts";

const UNIT = 1000;

export class TokenBuckets {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #level: Int32Array;
  readonly #filledAt: Int32Array;

  constructor(clock: Clock, buckets: number, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst * UNIT;
    this.#level = new Int32Array(buckets).fill(this.#burst);
    this.#filledAt = new Int32Array(buckets);
  }

  /** Takes a token; false when there is none. */
  take(bucket: number): boolean {
    const ms = this.#clock.ms;
    const passedMs = Math.min((ms - this.#filledAt[bucket]!) >>> 0, UNIT * 60);
    this.#filledAt[bucket] = ms;
    const level = Math.min(this.#burst, this.#level[bucket]! + passedMs * this.#perSecond);
    if (level < UNIT) {
      this.#level[bucket] = level;
      return false;
    }
    this.#level[bucket] = level - UNIT;
    return true;
  }
}
