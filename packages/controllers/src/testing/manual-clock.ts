/** A clock that only the test moves. */
import type { Clock } from "../context.ts";

/** Whole seconds, as timestamps in objects are. */
const WALL_START_MS = Date.UTC(2030, 0, 1) - 1_000;

export class ManualClock implements Clock {
  #nowMs = 1_000;
  readonly #timers = new Set<{ atMs: number; call: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return WALL_START_MS + this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Fires what is due on the way, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.call();
    }
    this.#nowMs = untilMs;
  }

  get timers(): number {
    return this.#timers.size;
  }
}
