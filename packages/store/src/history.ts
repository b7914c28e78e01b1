/**
 * Reading the log. Every record names the revision of the key's write before it, so an older state of a key is
 * found by walking back from its head. A record that compaction took away counts as "no such key": compaction
 * takes only what no retained revision can see.
 */
import type { Backend, Head, LogRecord } from "./backend.ts";
import { COUNT_MAX_KEYS } from "./limits.ts";
import type { Change, Entry, RangeOptions, RangeResult } from "./store.ts";

/** The entry a record left behind; undefined after a deletion. */
export function entryOf(record: LogRecord | undefined): Entry | undefined {
  if (record?.value === undefined) return undefined;
  const { key, value, revision, createRevision } = record;
  return { key, value, revision, createRevision };
}

/** The state of a key as of a retained revision. */
export function entryAt(backend: Backend, head: Head | undefined, revision: number): Entry | undefined {
  if (head === undefined || (head.isDeleted && head.revision <= revision)) return undefined;
  let record = backend.readRecord(head.revision);
  while (record !== undefined && record.revision > revision) {
    record = backend.readRecord(record.previousRevision);
  }
  return entryOf(record);
}

/** What the write of a record changed. */
export function changeOf(backend: Pick<Backend, "readRecord">, record: LogRecord): Change {
  const { key, revision, value, previousRevision } = record;
  const previous = previousRevision === 0 ? undefined : entryOf(backend.readRecord(previousRevision));
  return { type: value === undefined ? "delete" : "put", key, revision, entry: entryOf(record), previous };
}

export function readRange(backend: Backend, options: RangeOptions, revision: number): RangeResult {
  const { prefix, after = "", limit = Number.POSITIVE_INFINITY } = options;
  const entries: Entry[] = [];
  let beyond = 0;
  for (const [, head] of backend.readHeads(prefix, after)) {
    if (entries.length < limit) {
      const entry = entryAt(backend, head, revision);
      if (entry !== undefined) entries.push(entry);
    } else {
      if (existsAt(backend, head, revision)) beyond++;
      if (beyond > COUNT_MAX_KEYS) return { entries, revision, more: true, remaining: undefined };
    }
  }
  return { entries, revision, more: beyond > 0, remaining: beyond };
}

/** Reads a record only when the head alone cannot tell. */
function existsAt(backend: Backend, head: Head, revision: number): boolean {
  if (head.revision <= revision) return !head.isDeleted;
  return entryAt(backend, head, revision) !== undefined;
}
