/**
 * The contract of a store: an ordered key space with one revision counter.
 *
 * Every committed write has its own revision, one above the last. A key's history stays readable, and watchable,
 * back to the compacted revision. What is acknowledged is durable: the promise of a write resolves after its
 * commit has reached the disk.
 */

/** A value as of the write that made it. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The revision of this write: what compare-and-swap compares with. */
  readonly revision: number;
  /** The revision at which the key came into being, after its last deletion. */
  readonly createRevision: number;
}

/** One committed write. A deletion carries its own revision and what it removed. */
export interface Change {
  readonly type: "put" | "delete";
  readonly key: string;
  readonly revision: number;
  /** The entry after a put. */
  readonly entry: Entry | undefined;
  /** The entry before the write; undefined for a creation, or when history no longer holds it. */
  readonly previous: Entry | undefined;
}

export interface RangeOptions {
  readonly prefix: string;
  /** Keys from here on, exclusive. */
  readonly after?: string;
  readonly limit?: number;
  /** The state as of this revision; the newest when absent. */
  readonly atRevision?: number;
}

export interface RangeResult {
  readonly entries: readonly Entry[];
  /** The revision the result is consistent with. */
  readonly revision: number;
  /** More keys follow the last entry. */
  readonly more: boolean;
  /** How many; counted only up to a bound, see `limits.ts`, and undefined beyond it. */
  readonly remaining: number | undefined;
}

export interface Watcher {
  /**
   * The next changes in order of revision, at least one and at most `limits.WATCH_BATCH`; waits for them.
   * Undefined once closed. Throws `CompactedError` when the watcher has fallen behind the retained history:
   * nothing is kept for a slow watcher beyond that history.
   */
  next(): Promise<readonly Change[] | undefined>;
  /** All changes up to this revision have been given, or do not concern this watcher. */
  readonly position: number;
  close(): void;
}

export interface Store {
  /** Names this store's history: revisions of two stores compare only when these are equal. Outlives restarts. */
  readonly history: string;
  /** The revision of the last commit. A new store is at 1. */
  readonly revision: number;
  /** History up to and including this revision is gone. */
  readonly compactedRevision: number;

  get(key: string, atRevision?: number): Promise<Entry | undefined>;
  range(options: RangeOptions): Promise<RangeResult>;

  /**
   * Writes `value` if the key's last write has the revision `expected` (0: the key does not exist).
   * Throws `ConflictError` otherwise, with what is there.
   */
  put(key: string, value: string, expected: number): Promise<Entry>;
  /** Removes the key under the same condition; the revision of the removal is in the result. */
  delete(key: string, expected: number): Promise<{ readonly revision: number; readonly removed: Entry }>;

  /** Changes after `afterRevision`, which must be retained, of keys under any of the prefixes. */
  watch(prefixes: readonly string[], afterRevision: number): Watcher;

  /** Forgets history up to and including `revision`. */
  compact(revision: number): Promise<void>;
  /** Ends watchers, waits for the writes under way. */
  close(): Promise<void>;
}

/** The key was not as expected; `current` is what is there. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
  readonly key: string;
  readonly current: Entry | undefined;
  constructor(key: string, current: Entry | undefined) {
    super(`${key}: is at revision ${current?.revision ?? "none"}, not at the one expected`);
    this.key = key;
    this.current = current;
  }
}

/** The revision asked for is no longer retained. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  readonly requested: number;
  readonly compacted: number;
  constructor(requested: number, compacted: number) {
    super(`revision ${requested} has been compacted; the oldest retained is ${compacted + 1}`);
    this.requested = requested;
    this.compacted = compacted;
  }
}

/** The revision asked for has not been written yet. */
export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError";
  readonly requested: number;
  readonly current: number;
  constructor(requested: number, current: number) {
    super(`revision ${requested} is in the future; the store is at ${current}`);
    this.requested = requested;
    this.current = current;
  }
}

/** The disk or the map is full: nothing was written, reading goes on. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}

/** A bound of the store is reached: try again later. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

export class StoreClosedError extends Error {
  override readonly name = "StoreClosedError";
  constructor() {
    super("the store is closed");
  }
}
