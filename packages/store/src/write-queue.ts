/**
 * Group commit: while one commit is on its way to the disk, the writes that arrive gather for the next. Each is
 * judged when its commit is put together, against the last commit and the writes before it in the same one.
 */
import { COMMIT_MAX_WRITES, QUEUE_MAX_WRITES } from "./limits.ts";
import { StoreBusyError } from "./store.ts";

/** A write under way; settled once its commit is durable. */
export interface Pending<W> {
  readonly write: W;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export class WriteQueue<W> {
  readonly #commit: (writes: readonly Pending<W>[]) => Promise<void>;
  #waiting: Pending<W>[] = [];
  #running: Promise<void> | undefined;

  /** `commit` settles every write it is given, and does not throw. */
  constructor(commit: (writes: readonly Pending<W>[]) => Promise<void>) {
    this.#commit = commit;
  }

  push<R>(write: W): Promise<R> {
    if (this.#waiting.length >= QUEUE_MAX_WRITES) {
      const message = `${QUEUE_MAX_WRITES} writes wait for the disk already: try again later`;
      return Promise.reject(new StoreBusyError(message));
    }
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets the writes of this turn of the event loop join.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const writes = this.#waiting.splice(0, COMMIT_MAX_WRITES);
      await this.#commit(writes);
    }
    this.#running = undefined;
  }
}
