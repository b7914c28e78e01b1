/** The backend that forgets everything with its process: for tests, and the model for other backends. */
import type { Backend, Batch, Head, LogRecord, Meta } from "./backend.ts";

export class MemoryBackend implements Backend {
  #meta: Meta | undefined;
  readonly #heads = new Map<string, Head>();
  readonly #records = new Map<number, LogRecord>();
  /** The keys of `#heads` in order. */
  readonly #keys: string[] = [];

  readMeta(): Meta | undefined {
    return this.#meta;
  }

  readHead(key: string): Head | undefined {
    return this.#heads.get(key);
  }

  *readHeads(prefix: string, after: string): Iterable<readonly [string, Head]> {
    const start = after > prefix ? after : prefix;
    for (let at = this.#position(start); at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      if (!key.startsWith(prefix)) return;
      if (key !== after) yield [key, this.#heads.get(key)!];
    }
  }

  readRecord(revision: number): LogRecord | undefined {
    return this.#records.get(revision);
  }

  *readRecords(from: number, to: number): Iterable<LogRecord> {
    for (let revision = from; revision <= to; revision++) {
      const record = this.#records.get(revision);
      if (record !== undefined) yield record;
    }
  }

  async commit({ meta, records, heads, forgottenRecords }: Batch): Promise<void> {
    for (const record of records) this.#records.set(record.revision, record);
    for (const revision of forgottenRecords) this.#records.delete(revision);
    for (const [key, head] of heads) this.#setHead(key, head);
    this.#meta = meta;
  }

  async close(): Promise<void> {}

  #setHead(key: string, head: Head | undefined): void {
    const known = this.#heads.has(key);
    if (head !== undefined) {
      this.#heads.set(key, head);
      if (!known) this.#keys.splice(this.#position(key), 0, key);
    } else if (known) {
      this.#heads.delete(key);
      this.#keys.splice(this.#position(key), 1);
    }
  }

  /** Of the first key that is not before this one. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
