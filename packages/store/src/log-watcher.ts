/**
 * A watcher is a position in the log. It holds no changes of its own: when asked for more, it reads on from where
 * it is, out of memory while it keeps up and from disk when it does not. A watcher that is never read costs
 * nothing, and finds its position compacted when it comes back.
 */
import { WATCH_BATCH, WATCH_SCAN } from "./limits.ts";
import { type Change, CompactedError, type Watcher } from "./store.ts";

/** What a watcher sees of its store. */
export interface Log {
  readonly revision: number;
  readonly compactedRevision: number;
  /** Changes of `from` to `to`, in order; the caller has checked that they are retained. */
  changes(from: number, to: number): Iterable<Change>;
  forget(watcher: LogWatcher): void;
}

export class LogWatcher implements Watcher {
  readonly #log: Log;
  readonly #prefixes: readonly string[];
  #position: number;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(log: Log, prefixes: readonly string[], afterRevision: number) {
    this.#log = log;
    this.#prefixes = prefixes;
    this.#position = afterRevision;
  }

  get position(): number {
    return this.#position;
  }

  async next(): Promise<readonly Change[] | undefined> {
    while (!this.#isClosed) {
      if (this.#position < this.#log.compactedRevision) {
        this.close();
        throw new CompactedError(this.#position + 1, this.#log.compactedRevision);
      }
      const changes = this.#read();
      if (changes.length > 0) return changes;
      await this.#more();
    }
    return undefined;
  }

  /** New changes are in the log. One that waits is woken if they concern it, or moved past them. */
  notify(changes: readonly Change[], revision: number): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    if (changes.some(change => this.#concerns(change.key))) {
      // Not waiting any more, even before its turn comes: the next notification must not move it.
      this.#wake = undefined;
      wake();
    } else this.#position = revision;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#log.forget(this);
    this.#wake?.();
  }

  #read(): Change[] {
    const found: Change[] = [];
    const to = Math.min(this.#log.revision, this.#position + WATCH_SCAN);
    for (const change of this.#log.changes(this.#position + 1, to)) {
      if (this.#concerns(change.key)) found.push(change);
      if (found.length === WATCH_BATCH) {
        this.#position = change.revision;
        return found;
      }
    }
    this.#position = to;
    return found;
  }

  /** Resolves on news, or, while there is log left to read, as soon as others have had their turn. */
  async #more(): Promise<void> {
    if (this.#position < this.#log.revision) {
      await new Promise<void>(resolve => setImmediate(resolve));
      return;
    }
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
  }

  #concerns(key: string): boolean {
    return this.#prefixes.some(prefix => key.startsWith(prefix));
  }
}
