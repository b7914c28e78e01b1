/**
 * The store's core, over any backend. The journey of a write:
 *
 *   put/delete -> queue -> judged: is the key as expected? -> commit, durable -> acknowledged -> shown to watchers
 *
 * With each commit goes a piece of compaction when history has grown beyond its bounds.
 */
import { randomUUID } from "node:crypto";
import type { Backend, LogRecord, Meta } from "./backend.ts";
import { changeOf, entryAt, readRange } from "./history.ts";
import { COMPACTION_SLACK, HISTORY_MAX_BYTES, HISTORY_MAX_REVISIONS, MAX_WATCHERS } from "./limits.ts";
import { type Log, LogWatcher } from "./log-watcher.ts";
import { RecentChanges } from "./recent-changes.ts";
import { Staging } from "./staging.ts";
import {
  type Change,
  CompactedError,
  type Entry,
  FutureRevisionError,
  type RangeOptions,
  type RangeResult,
  type Store,
  StoreBusyError,
  StoreClosedError,
  type Watcher,
} from "./store.ts";
import { type Pending, WriteQueue } from "./write-queue.ts";

export interface HistoryBounds {
  readonly maxRevisions: number;
  readonly maxBytes: number;
}

type Write = (staging: Staging) => unknown;

const newStore = (): Meta => ({ history: randomUUID(), revision: 1, compactedRevision: 0, historyBytes: 0 });

export class LogStore implements Store, Log {
  readonly #backend: Backend;
  readonly #bounds: HistoryBounds;
  readonly #queue = new WriteQueue<Write>(writes => this.#commit(writes));
  readonly #watchers = new Set<LogWatcher>();
  readonly #recent = new RecentChanges();
  #meta: Meta;
  #isClosed = false;

  constructor(backend: Backend, bounds: Partial<HistoryBounds> = {}) {
    this.#backend = backend;
    this.#bounds = { maxRevisions: HISTORY_MAX_REVISIONS, maxBytes: HISTORY_MAX_BYTES, ...bounds };
    this.#meta = backend.readMeta() ?? newStore();
  }

  /** Makes a new store's name outlive it. */
  async start(): Promise<this> {
    if (this.#backend.readMeta() === undefined) {
      await this.#backend.commit(new Staging(this.#backend, this.#meta).batch);
    }
    return this;
  }

  get history(): string {
    return this.#meta.history;
  }

  get revision(): number {
    return this.#meta.revision;
  }

  get compactedRevision(): number {
    return this.#meta.compactedRevision;
  }

  async get(key: string, atRevision = this.revision): Promise<Entry | undefined> {
    this.#checkReadable(atRevision);
    return entryAt(this.#backend, this.#backend.readHead(key), atRevision);
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    const revision = options.atRevision ?? this.revision;
    this.#checkReadable(revision);
    return readRange(this.#backend, options, revision);
  }

  async put(key: string, value: string, expected: number): Promise<Entry> {
    return this.#write(staging => staging.put(key, value, expected));
  }

  async delete(key: string, expected: number): Promise<{ revision: number; removed: Entry }> {
    return this.#write(staging => staging.delete(key, expected));
  }

  async compact(revision: number): Promise<void> {
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision);
    while (this.compactedRevision < revision) await this.#write(staging => staging.compact(revision));
  }

  watch(prefixes: readonly string[], afterRevision: number): Watcher {
    this.#checkReadable(afterRevision);
    if (this.#watchers.size >= MAX_WATCHERS) {
      throw new StoreBusyError(`${MAX_WATCHERS} watchers are open already: close some`);
    }
    const watcher = new LogWatcher(this, prefixes, afterRevision);
    this.#watchers.add(watcher);
    return watcher;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watcher of this.#watchers) watcher.close();
    await this.#queue.idle();
    await this.#backend.close();
  }

  *changes(from: number, to: number): Iterable<Change> {
    const inMemory = Math.max(this.#recent.first ?? Number.POSITIVE_INFINITY, from);
    for (const record of this.#records(from, Math.min(to, inMemory - 1)))
      yield changeOf(this.#backend, record);
    for (let revision = inMemory; revision <= to; revision++) yield this.#recent.at(revision)!;
  }

  forget(watcher: LogWatcher): void {
    this.#watchers.delete(watcher);
  }

  #records(from: number, to: number): Iterable<LogRecord> {
    return from > to ? [] : this.#backend.readRecords(from, to);
  }

  #checkReadable(revision: number): void {
    if (this.#isClosed) throw new StoreClosedError();
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision);
    if (revision < this.compactedRevision) throw new CompactedError(revision, this.compactedRevision);
  }

  async #write<R>(write: (staging: Staging) => R): Promise<R> {
    if (this.#isClosed) throw new StoreClosedError();
    return this.#queue.push<R>(write);
  }

  async #commit(writes: readonly Pending<Write>[]): Promise<void> {
    const staging = new Staging(this.#backend, this.#meta);
    const outcomes = writes.map(({ write }) => attempt(() => write(staging)));
    const changes = staging.changes();
    this.#boundHistory(staging);
    try {
      if (staging.meta !== this.#meta) await this.#backend.commit(staging.batch);
    } catch (error) {
      for (const { reject } of writes) reject(error);
      return;
    }
    this.#meta = staging.meta;
    for (const change of changes) this.#recent.push(change);
    writes.forEach(({ resolve, reject }, at) => {
      const outcome = outcomes[at]!;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.result as never);
    });
    if (changes.length === 0) return;
    for (const watcher of this.#watchers) watcher.notify(changes, this.#meta.revision);
  }

  #boundHistory(staging: Staging): void {
    const { revision, compactedRevision, historyBytes } = staging.meta;
    const over = revision - compactedRevision - this.#bounds.maxRevisions;
    if (over > COMPACTION_SLACK) staging.compact(revision - this.#bounds.maxRevisions);
    else if (historyBytes > this.#bounds.maxBytes) {
      // Halving the revisions brings the bytes below their bound within a few commits.
      staging.compact(compactedRevision + Math.ceil((revision - compactedRevision) / 2));
    }
  }
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

function attempt(action: () => unknown): Outcome {
  try {
    return { result: action() };
  } catch (error) {
    return { error };
  }
}
