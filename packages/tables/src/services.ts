/**
 * (address, protocol, port) of a Service -> its backends. Too many rows to build anew for each change, so the table is
 * cut by address into shards, each a SharedArrayBuffer of its own that nobody writes to once it was published: a change
 * builds the shards of the Services that it is about, and all others are handed over as they are.
 *
 *   shard   word 0: slots − 1 | rows, open addressing, at most half full | backends
 *
 *           0       3 4                       5                 6           7
 *         +----------+-----------------------+-----------------+-----------+----------+
 *   row   | address, | protocol << 16 | port | first word of   | accepting | backends |   word 5 is 0: no row
 *         | 4 words  | (0: of the address)   | its backends    |           | in all   |
 *         +----------+-----------------------+-----------------+-----------+----------+
 *   backend, 5 words: address, 4 words | port
 *
 * The first `accepting` backends of a row take new flows; those behind them keep the ones that they have. Each address
 * also has a row of its own, with neither protocol nor backends: by it, a port that no Service has is told from an
 * address that no Service has.
 */
import type { Words } from "./address.ts";
import { hashWords, slotsFor } from "./hash.ts";
import { limits } from "./limits.ts";

export interface Backend {
  readonly words: Words;
  readonly port: number;
}

/** One port of one address of a Service. */
export interface ServiceRow {
  readonly words: Words;
  /** IANA number. */
  readonly protocol: number;
  readonly port: number;
  /** The first `accepting` of them take new flows. */
  readonly backends: readonly Backend[];
  readonly accepting: number;
}

/** By number; a shard without rows is left out. Longer lists than `limits.serviceShards` make no sense. */
export type ServiceShards = readonly (SharedArrayBuffer | undefined)[];

const ROW_WORDS = 8;
const KEY = 4;
const FIRST = 5;
const ACCEPTING = 6;
const TOTAL = 7;
const BACKEND_WORDS = 5;
const PORT = 4;
const ROWS_AT = 1;

/** The shard that rows of an address belong to. */
export function serviceShardOf(a: number, b: number, c: number, d: number): number {
  // The upper bits: the lower ones choose the slot.
  return (hashWords(a, b, c, d) >>> 16) & (limits.serviceShards - 1);
}

/** Lays out all rows. */
export function buildServiceShards(rows: readonly ServiceRow[]): ServiceShards {
  const parts: ServiceRow[][] = Array.from({ length: limits.serviceShards }, () => []);
  for (const row of rows) parts[serviceShardOf(...row.words)]!.push(row);
  return parts.map(part => (part.length === 0 ? undefined : buildServiceShard(part)));
}

/** Lays out one shard. Addresses, protocols and ports together must be distinct. */
export function buildServiceShard(rows: readonly ServiceRow[]): SharedArrayBuffer {
  const addresses = [...new Map(rows.map(({ words }) => [words.join(), words])).values()];
  const slots = slotsFor(rows.length + addresses.length);
  const backends = rows.reduce((sum, row) => sum + row.backends.length, 0);
  const backendsAt = ROWS_AT + slots * ROW_WORDS;
  const buffer = new SharedArrayBuffer(4 * (backendsAt + backends * BACKEND_WORDS));
  const table = new Int32Array(buffer);
  table[0] = slots - 1;
  for (const words of addresses) table.set([...words, 0, backendsAt, 0, 0], freeRow(table, words, 0));
  let next = backendsAt;
  for (const { words, protocol, port, backends, accepting } of rows) {
    const key = serviceKey(protocol, port);
    table.set([...words, key, next, accepting, backends.length], freeRow(table, words, key));
    for (const backend of backends) {
      table.set([...backend.words, backend.port], next);
      next += BACKEND_WORDS;
    }
  }
  return buffer;
}

function serviceKey(protocol: number, port: number): number {
  return (protocol << 16) | port;
}

function freeRow(table: Int32Array, words: Words, key: number): number {
  const mask = table[0]!;
  let slot = slotOf(...words, key) & mask;
  while (table[ROWS_AT + slot * ROW_WORDS + FIRST] !== 0) slot = (slot + 1) & mask;
  return ROWS_AT + slot * ROW_WORDS;
}

function slotOf(a: number, b: number, c: number, d: number, key: number): number {
  const hash = Math.imul(hashWords(a, b, c, d) ^ key, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/** A reader's view of all shards. `find` leaves the row that it found in `words` and `row`. */
export class ServiceTable {
  readonly #shards: (Int32Array | undefined)[];
  words: Int32Array = new Int32Array(0);
  row = 0;

  constructor(shards: ServiceShards) {
    this.#shards = shards.map(shard => shard && new Int32Array(shard));
  }

  /** Whether a Service has this port of this address. */
  find(a: number, b: number, c: number, d: number, protocol: number, port: number): boolean {
    return this.#find(a, b, c, d, serviceKey(protocol, port));
  }

  /** Whether a Service has this address. */
  hasAddress(a: number, b: number, c: number, d: number): boolean {
    return this.#find(a, b, c, d, 0);
  }

  #find(a: number, b: number, c: number, d: number, key: number): boolean {
    const table = this.#shards[serviceShardOf(a, b, c, d)];
    if (table === undefined) return false;
    const mask = table[0]!;
    let slot = slotOf(a, b, c, d, key) & mask;
    for (;;) {
      const row = ROWS_AT + slot * ROW_WORDS;
      if (table[row + FIRST] === 0) return false;
      const same =
        table[row + 3] === d &&
        table[row + KEY] === key &&
        table[row + 2] === c &&
        table[row + 1] === b &&
        table[row] === a;
      if (same) {
        this.words = table;
        this.row = row;
        return true;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** How many backends of the row that was found take new flows. */
  get accepting(): number {
    return this.words[this.row + ACCEPTING]!;
  }

  /** How many it has in all. */
  get total(): number {
    return this.words[this.row + TOTAL]!;
  }

  /** The first word of backend `index` of the row that was found: four of its address, then the port. */
  backendAt(index: number): number {
    return this.words[this.row + FIRST]! + index * BACKEND_WORDS;
  }

  backendPort(at: number): number {
    return this.words[at + PORT]!;
  }

  /** The number of the backend with this address and port; −1 when the row that was found has none. */
  indexOf(a: number, b: number, c: number, d: number, port: number): number {
    const { words, total } = this;
    for (let index = 0, at = this.backendAt(0); index < total; index++, at += BACKEND_WORDS) {
      const same =
        words[at + 3] === d &&
        words[at + PORT] === port &&
        words[at + 2] === c &&
        words[at + 1] === b &&
        words[at] === a;
      if (same) return index;
    }
    return -1;
  }
}
