/**
 * Keys to reconcile. A key that is added twice is reconciled once; one that is added while it is being
 * reconciled is reconciled again afterwards; one whose reconcile fails is tried again, later each time. So
 * a reconcile runs after every change, at most once at a time for a key, and needs to know only the present.
 */
import type { Clock } from "./context.ts";
import { LIMITS } from "./limits.ts";

export interface WorkQueueOptions {
  /** For logs. */
  readonly name: string;
  /** True: it has written, and the key rests. */
  readonly reconcile: (key: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Keys reconciled at once. */
  readonly concurrency?: number;
  /**
   * How long a key rests after a reconcile that has written; what changes meanwhile is reconciled together then. So one
   * change is answered at once, and a burst of them by few writes.
   */
  readonly restMs?: number;
  /** Keys wait until `release`: for who must not look before all caches are filled. */
  readonly held?: boolean;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  /** Keys whose last reconcile failed: how to cancel the retry, and the delay of the next one. */
  readonly #retries = new Map<string, { cancel: () => void; delayMs: number }>();
  /** Keys that rest: whether they were added meanwhile, and how to cancel the end of it. */
  readonly #resting = new Map<string, { isAdded: boolean; cancel: () => void }>();
  /** Keys to be looked at later: when, and how to cancel that. */
  readonly #later = new Map<string, { cancel: () => void; atMs: number }>();
  #held: boolean;
  #scheduled = false;
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#held = options.held ?? false;
  }

  release(): void {
    this.#held = false;
    this.#dispatch();
  }

  add(key: string): void {
    if (this.#stopped) return;
    const rest = this.#resting.get(key);
    if (rest !== undefined) {
      rest.isAdded = true;
      return;
    }
    this.#waiting.add(key);
    if (this.#scheduled) return;
    // After the current event: what belongs together is reconciled together.
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  /** Of several delays of a key the first to end counts; it asks again then if it needs more. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const atMs = clock.nowMs() + delayMs;
    const set = this.#later.get(key);
    if (set !== undefined && set.atMs <= atMs) return;
    set?.cancel();
    const cancel = clock.after(delayMs, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { cancel, atMs });
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    for (const timers of [this.#later, this.#retries, this.#resting]) {
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
    }
  }

  #dispatch(): void {
    const { concurrency = 1 } = this.#options;
    if (this.#held) return;
    for (const key of this.#waiting) {
      if (this.#running.size >= concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const { name, reconcile, log } = this.#options;
    this.#retries.get(key)?.cancel();
    try {
      const hasWritten = await reconcile(key);
      this.#retries.delete(key);
      if (hasWritten === true) this.#rest(key);
    } catch (error) {
      if (!this.#stopped) this.#retryLater(key);
      log(`${name}: ${key}: ${(error as Error).message}; trying again`);
    }
    this.#running.delete(key);
    this.#dispatch();
  }

  #rest(key: string): void {
    const { restMs, clock } = this.#options;
    if (restMs === undefined || this.#stopped) return;
    const cancel = clock.after(restMs, () => {
      const rest = this.#resting.get(key);
      this.#resting.delete(key);
      if (rest?.isAdded) this.add(key);
    });
    this.#resting.set(key, { isAdded: this.#waiting.delete(key), cancel });
  }

  #retryLater(key: string): void {
    const delayMs = this.#retries.get(key)?.delayMs ?? LIMITS.retryDelayMs.first;
    const cancel = this.#options.clock.after(delayMs, () => this.add(key));
    this.#retries.set(key, { cancel, delayMs: Math.min(delayMs * 2, LIMITS.retryDelayMs.most) });
  }
}
