/** A clock that tests move on, calling what is due in order. */
import type { Clock } from "../pod/ports.ts";

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ timeMs: number; wake(): void }>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  at(timeMs: number, wake: () => void): () => void {
    const timer = { timeMs, wake };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Also lets what was called settle, as far as it waits for nothing but promises. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(({ timeMs }) => timeMs <= untilMs);
      const next = due.sort((a, b) => a.timeMs - b.timeMs)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.timeMs);
      next.wake();
    }
    this.#nowMs = untilMs;
  }
}

async function settled(): Promise<void> {
  for (let round = 0; round < 20; round++) await Promise.resolve();
}
