/**
 * The backend on LMDB: one memory-mapped file in a directory. LMDB never overwrites a page that the last commit
 * uses, so that a process that is killed at any moment leaves the last commit whole.
 */
import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { type Database, open, type RootDatabase } from "lmdb";
import { type Backend, type Batch, type Head, type LogRecord, type Meta, prefixEnd } from "./backend.ts";
import { FREE_MIN_BYTES, WRITE_PAGES_BYTES } from "./limits.ts";
import {
  decodeHead,
  decodeMeta,
  decodeRecord,
  encodeHead,
  encodeMeta,
  encodeRecord,
} from "./record-codec.ts";
import { StoreFullError } from "./store.ts";

const META_KEY = "meta";

type EncodedRecord = readonly [revision: number, record: Buffer];

/** ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL: there is no room. */
const FULL_CODES = [28, 122, 27, -30792];
/** EIO: LMDB says so of a write that was cut short, which is how a disk that fills up shows itself. */
const CUT_SHORT_CODE = 5;
/** With less room than this, a write that was cut short was so for want of room. */
const FULL_BELOW_BYTES = 4 * 1024 * 1024;

export class LmdbBackend implements Backend {
  readonly #path: string;
  readonly #root: RootDatabase<Buffer, string>;
  readonly #heads: Database<Buffer, string>;
  readonly #records: Database<Buffer, number>;

  private constructor(path: string, root: RootDatabase<Buffer, string>) {
    this.#path = path;
    this.#root = root;
    this.#heads = root.openDB({ name: "heads", encoding: "binary" });
    this.#records = root.openDB({ name: "records", encoding: "binary" });
  }

  /** `path` is a directory. */
  static open(path: string): LmdbBackend {
    const root = open<Buffer, string>({
      path,
      encoding: "binary",
      maxDbs: 4,
      // A commit's promise resolves after the data is on disk, not before.
      overlappingSync: false,
      // Every commit is a batch of its own. The binding's batch of a turn would have a promise that nobody can catch, so
      // that a full disk would end the process.
      eventTurnBatching: false,
    });
    return new LmdbBackend(path, root);
  }

  readMeta(): Meta | undefined {
    const bytes = this.#root.get(META_KEY);
    return bytes && decodeMeta(bytes);
  }

  readHead(key: string): Head | undefined {
    const bytes = this.#heads.get(key);
    return bytes && decodeHead(bytes);
  }

  *readHeads(prefix: string, after: string): Iterable<readonly [string, Head]> {
    const start = after > prefix ? after : prefix;
    for (const { key, value } of this.#heads.getRange({ start, end: prefixEnd(prefix) })) {
      if (key !== after) yield [key, decodeHead(value)];
    }
  }

  readRecord(revision: number): LogRecord | undefined {
    const bytes = this.#records.get(revision);
    return bytes && decodeRecord(revision, bytes);
  }

  *readRecords(from: number, to: number): Iterable<LogRecord> {
    for (const { key, value } of this.#records.getRange({ start: from, end: to + 1 })) {
      yield decodeRecord(key, value);
    }
  }

  async commit(batch: Batch): Promise<void> {
    const records = batch.records.map((record): EncodedRecord => [record.revision, encodeRecord(record)]);
    this.#requireRoom(records);
    try {
      await this.#root.batch(() => this.#write(batch, records));
    } catch (error) {
      throw await this.#explained(await commitError(error));
    } finally {
      // The binding keeps a turn's read snapshot until a timer fires, which may be after this commit: whoever
      // read while it was on its way would go on reading the state before it.
      this.#root.resetReadTxn();
    }
  }

  /** A system call of two microseconds, beside a commit of a hundred. */
  #requireRoom(records: readonly EncodedRecord[]): void {
    const bytes = records.reduce((sum, [, record]) => sum + record.length + WRITE_PAGES_BYTES, 0);
    const { bavail, bsize } = statfsSync(this.#path);
    if (bavail * bsize < FREE_MIN_BYTES + bytes) throw this.#full("No space left on device");
  }

  #write({ meta, heads, forgottenRecords }: Batch, records: readonly EncodedRecord[]): void {
    const writes: Promise<boolean>[] = [];
    for (const [revision, record] of records) writes.push(this.#records.put(revision, record));
    for (const revision of forgottenRecords) writes.push(this.#records.remove(revision));
    for (const [key, head] of heads) {
      writes.push(head === undefined ? this.#heads.remove(key) : this.#heads.put(key, encodeHead(head)));
    }
    writes.push(this.#root.put(META_KEY, encodeMeta(meta)));
    // They fail with their batch, which is where the failure is dealt with.
    for (const write of writes) write.catch(() => {});
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  async #explained(error: Error & { code?: unknown }): Promise<Error> {
    const code = Number(error.code);
    const isFull = FULL_CODES.includes(code) || (code === CUT_SHORT_CODE && (await this.#isDiskFull()));
    if (!isFull) return error;
    return this.#full(error.message.split(":", 1)[0]!, error);
  }

  #full(why: string, cause?: Error): StoreFullError {
    return new StoreFullError(
      `the store in ${this.#path} cannot grow (${why}): free space on its file system; nothing was written, and reading goes on`,
      { cause },
    );
  }

  async #isDiskFull(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#path);
    return bavail * bsize < FULL_BELOW_BYTES;
  }
}

/** Why a commit failed: LMDB's binding rejects with an error that only holds a promise of the reason. */
async function commitError(error: unknown): Promise<Error> {
  const { commitError: reason } = error as { commitError?: Promise<never> };
  try {
    await reason;
  } catch (cause) {
    return cause as Error;
  }
  return error as Error;
}
