/**
 * Back-off between attempts, as the kubelet's: the first retry is immediate, then 10 s after the last failure,
 * doubling to 300 s; forgotten when a failure comes 10 minutes or more after the last attempt.
 */
import { LIMITS } from "../limits.ts";

interface Entry {
  delayMs: number;
  attemptedAtMs: number;
}

export class BackOff {
  readonly #entries = new Map<string, Entry>();

  /** When `key`, which failed at `failedAtMs`, may be tried again; in the past when it may right now. */
  retryAtMs(key: string, failedAtMs: number): number {
    const entry = this.#entries.get(key);
    if (!entry || failedAtMs - entry.attemptedAtMs > LIMITS.backOffForgetMs) return failedAtMs;
    return failedAtMs + entry.delayMs;
  }

  /** How long `key` has to wait after its next failure. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Notes that `key`, which failed at `failedAtMs`, is tried again now. */
  attempt(key: string, failedAtMs: number, nowMs: number): void {
    const entry = this.#entries.get(key);
    const fresh = !entry || failedAtMs - entry.attemptedAtMs > LIMITS.backOffForgetMs;
    const delayMs = fresh ? LIMITS.backOffFirstMs : Math.min(entry.delayMs * 2, LIMITS.backOffLongestMs);
    this.#entries.set(key, { delayMs, attemptedAtMs: nowMs });
  }
}
