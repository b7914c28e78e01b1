/**
 * One commit being put together: each write is judged against the last commit and the writes before it in this
 * one, and gets the next revision. Nothing here touches the disk's contents; `batch` is what the backend commits.
 */
import { type Backend, type Batch, type Head, type LogRecord, type Meta, recordBytes } from "./backend.ts";
import { changeOf, entryOf } from "./history.ts";
import { COMPACTION_STEP, KEY_MAX_BYTES } from "./limits.ts";
import { type Change, ConflictError, type Entry } from "./store.ts";

export class Staging {
  readonly #backend: Backend;
  readonly #records = new Map<number, LogRecord>();
  readonly #heads = new Map<string, Head | undefined>();
  readonly #entries = new Map<number, Entry>();
  readonly #forgotten: number[] = [];
  readonly #committed: number;
  #meta: Meta;

  constructor(backend: Backend, meta: Meta) {
    this.#backend = backend;
    this.#committed = meta.revision;
    this.#meta = meta;
  }

  get meta(): Meta {
    return this.#meta;
  }

  get batch(): Batch {
    return {
      meta: this.#meta,
      records: [...this.#records.values()],
      heads: this.#heads,
      forgottenRecords: this.#forgotten,
    };
  }

  /** What watchers are to see, once the batch is committed. */
  changes(): Change[] {
    const staged: Pick<Backend, "readRecord"> = { readRecord: revision => this.#record(revision) };
    return [...this.#records.values()].map(record => {
      const change = changeOf(staged, record);
      // The writer and the watchers are given the same entry, so that what is derived from it is so once.
      return { ...change, entry: this.#entries.get(record.revision) };
    });
  }

  /** Throws `ConflictError` when the key's last write is not the one expected. */
  put(key: string, value: string, expected: number): Entry {
    if (Buffer.byteLength(key) > KEY_MAX_BYTES) {
      throw new RangeError(`the key ${key.slice(0, 80)}… is longer than ${KEY_MAX_BYTES} bytes`);
    }
    const head = this.#head(key);
    const current = this.#current(key, head, expected);
    const revision = this.#meta.revision + 1;
    const createRevision = current?.createRevision ?? revision;
    const previousRevision = head?.revision ?? 0;
    this.#append({ revision, key, value, createRevision, previousRevision });
    const entry = { key, value, revision, createRevision };
    this.#entries.set(revision, entry);
    return entry;
  }

  delete(key: string, expected: number): { revision: number; removed: Entry } {
    const head = this.#head(key);
    const removed = this.#current(key, head, expected);
    if (removed === undefined) throw new ConflictError(key, undefined);
    const { createRevision } = removed;
    const revision = this.#meta.revision + 1;
    this.#append({ revision, key, value: undefined, createRevision, previousRevision: head!.revision });
    return { revision, removed };
  }

  /**
   * Moves the compacted revision towards `target`, at most a step, and not past the last commit. A record
   * replaced by the one passed is forgotten; so is a deletion, along with the key when it has not come back.
   */
  compact(target: number): void {
    const from = this.#meta.compactedRevision + 1;
    const to = Math.min(target, this.#committed, from + COMPACTION_STEP - 1);
    if (to < from) return;
    let passedBytes = 0;
    for (let revision = from; revision <= to; revision++) {
      const record = this.#record(revision);
      if (record === undefined) continue;
      passedBytes += recordBytes(record);
      if (record.previousRevision !== 0) this.#forgotten.push(record.previousRevision);
      if (record.value === undefined) this.#forgetDeletion(record);
    }
    const historyBytes = this.#meta.historyBytes - passedBytes;
    this.#meta = { ...this.#meta, compactedRevision: to, historyBytes };
  }

  #forgetDeletion({ key, revision }: LogRecord): void {
    this.#forgotten.push(revision);
    if (this.#head(key)?.revision === revision) this.#heads.set(key, undefined);
  }

  #current(key: string, head: Head | undefined, expected: number): Entry | undefined {
    const isThere = head !== undefined && !head.isDeleted;
    const current = isThere ? entryOf(this.#record(head.revision)) : undefined;
    if ((current?.revision ?? 0) !== expected) throw new ConflictError(key, current);
    return current;
  }

  #append(record: LogRecord): void {
    const { revision, key, value } = record;
    this.#records.set(revision, record);
    this.#heads.set(key, { revision, isDeleted: value === undefined });
    const historyBytes = this.#meta.historyBytes + recordBytes(record);
    this.#meta = { ...this.#meta, revision, historyBytes };
  }

  #head(key: string): Head | undefined {
    return this.#heads.has(key) ? this.#heads.get(key) : this.#backend.readHead(key);
  }

  #record(revision: number): LogRecord | undefined {
    return this.#records.get(revision) ?? this.#backend.readRecord(revision);
  }
}
