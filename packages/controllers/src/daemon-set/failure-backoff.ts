/** How often a failing daemon Pod of a node is replaced: later each time. */
import { LIMITS } from "../limits.ts";

const { first: FIRST_MS, most: MOST_MS } = LIMITS.daemonReplacementMs;

export class FailureBackoff {
  readonly #failures = new Map<string, { atMs: number; delayMs: number }>();

  /** 0: now. */
  waitMs(key: string, nowMs: number): number {
    const failure = this.#failures.get(key);
    return failure === undefined ? 0 : Math.max(failure.atMs + failure.delayMs - nowMs, 0);
  }

  replaced(key: string, nowMs: number): void {
    const before = this.#failures.get(key);
    const isFresh = before !== undefined && nowMs - before.atMs <= 2 * MOST_MS;
    const delayMs = isFresh ? Math.min(before.delayMs * 2, MOST_MS) : FIRST_MS;
    this.#failures.set(key, { atMs: nowMs, delayMs });
  }

  /** Of those that begin with it; a set that has changed or gone begins anew. */
  forget(prefix: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(prefix)) this.#failures.delete(key);
  }
}
