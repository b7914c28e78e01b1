/**
 * Answers of other servers, by question: the ones used longest ago go first when there are too many. An answer stays beyond
 * its time for when no server can be asked (RFC 8767).
 */
import { MAX_CACHED_ANSWERS, MAX_CACHED_BYTES, MAX_STALE_SECONDS } from "../limits.ts";
import type { StoredMessage } from "./stored-message.ts";

export interface Cached {
  readonly stored: StoredMessage;
  readonly ageSeconds: number;
  /** Within its time to live. */
  readonly isFresh: boolean;
}

const KEPT_SHARE = 7 / 8;

interface Entry {
  readonly stored: StoredMessage;
  readonly atMs: number;
}

export class AnswerCache {
  readonly #nowMs: () => number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Cached | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ageSeconds = Math.floor((this.#nowMs() - entry.atMs) / 1_000);
    if (ageSeconds > entry.stored.keptSeconds + MAX_STALE_SECONDS) {
      this.#remove(key, entry);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { stored: entry.stored, ageSeconds, isFresh: ageSeconds < entry.stored.keptSeconds };
  }

  set(key: string, stored: StoredMessage): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    if (stored.keptSeconds === 0) return;
    this.#entries.set(key, { stored, atMs: this.#nowMs() });
    this.#bytes += costOf(stored);
    if (this.#entries.size > MAX_CACHED_ANSWERS || this.#bytes > MAX_CACHED_BYTES) this.#makeRoom();
  }

  /** An eighth at once: where the oldest ones were, a Map keeps gaps, which each look for the next oldest would pass. */
  #makeRoom(): void {
    const entries = MAX_CACHED_ANSWERS * KEPT_SHARE;
    const bytes = MAX_CACHED_BYTES * KEPT_SHARE;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= entries && this.#bytes <= bytes) return;
      this.#remove(oldest, entry);
    }
  }

  #remove(key: string, { stored }: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= costOf(stored);
  }
}

/** The bytes, and what is remembered of each record. */
function costOf({ bytes, records }: StoredMessage): number {
  return bytes.length + 100 * records.length + 300;
}
