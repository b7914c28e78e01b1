/**
 * The port under the store's core: what a backend keeps. Two ordered tables and one row.
 *
 *   heads    key       -> the revision of the key's last write, and whether that was a deletion
 *   records  revision  -> what was written: the history, and the values themselves
 *   meta                  how far history reaches
 *
 * Reads are of the last commit. A commit is whole or not at all, and durable when its promise resolves.
 */

export interface Head {
  readonly revision: number;
  /** Kept until the deletion is compacted, so that older revisions can still be read. */
  readonly isDeleted: boolean;
}

export interface LogRecord {
  readonly revision: number;
  readonly key: string;
  /** Undefined: a deletion. */
  readonly value: string | undefined;
  /** The revision at which the key came into being. */
  readonly createRevision: number;
  /** The revision of the key's write before this one, a deletion included; 0: none. */
  readonly previousRevision: number;
}

export interface Meta {
  /** A UUID, given when the store was made. */
  readonly history: string;
  readonly revision: number;
  readonly compactedRevision: number;
  /** Size of the records after the compacted revision. */
  readonly historyBytes: number;
}

export interface Batch {
  readonly meta: Meta;
  readonly records: readonly LogRecord[];
  /** Undefined: the key is forgotten. */
  readonly heads: ReadonlyMap<string, Head | undefined>;
  readonly forgottenRecords: readonly number[];
}

export interface Backend {
  /** Undefined: nothing was ever committed. */
  readMeta(): Meta | undefined;
  readHead(key: string): Head | undefined;
  /** Keys under the prefix and after `after`, in order, deleted ones too. */
  readHeads(prefix: string, after: string): Iterable<readonly [key: string, head: Head]>;
  readRecord(revision: number): LogRecord | undefined;
  /** Records of `from` to `to`, both inclusive, in order; those compacted are skipped. */
  readRecords(from: number, to: number): Iterable<LogRecord>;
  /** Rejects with `StoreFullError` when there is no room. */
  commit(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

/** What a record counts for in `historyBytes`. */
export function recordBytes(record: LogRecord): number {
  const RECORD_OVERHEAD = 64;
  return record.key.length + (record.value?.length ?? 0) + RECORD_OVERHEAD;
}

/** The first string after all that begin with the prefix, for backends that read ranges. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\uffff`;
}
