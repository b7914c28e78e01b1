/**
 * The time of the call in progress, given by the loop. Stages need it as a 32-bit number of milliseconds since
 * the first call: it wraps after 24 days, so times are compared by their difference only, `(one − other) | 0`,
 * and no timeout is nearly as long as that.
 */
export class Clock {
  /** 0: the time of the first call; 1: of this one. A typed array keeps the fractions out of the heap. */
  readonly #times = new Float64Array(2);
  /** Milliseconds since the first call, wrapping. */
  ms = 0;
  #started = false;

  set(nowMs: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#times[0] = nowMs;
    }
    this.#times[1] = nowMs;
    this.ms = (nowMs - this.#times[0]!) | 0;
  }

  /** The loop's time at a moment of the past that `ms` named. */
  atMs(ms: number): number {
    return this.#times[1]! - ((this.ms - ms) | 0);
  }
}
