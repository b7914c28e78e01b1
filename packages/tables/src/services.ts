/**
 * (address, protocol, port) of a Service -> its backends. Too many rows to build anew for each change, so the table is
 * cut by key into shards, each a SharedArrayBuffer of its own that nobody writes to once it was published: a change
 * builds the shards of the Services that it is about, and all others stay as they are.
 *
 *   shard   word 0: slots − 1 | rows, open addressing, at most half full | a block for each row, one after another
 *
 *           0       3 4                       5          6           7          8         9       10     11       12
 *         +----------+-----------------------+----------+-----------+----------+---------+-------+------+--------+-------+
 *   row   | address, | protocol << 16 | port | its block| accepting | backends | outside | flags | owner| affin- | ranges|
 *         | 4 words  | (0: of the address)   | (0: none)|           | in all   |         |       |      | ity ms |       |
 *         +----------+-----------------------+----------+-----------+----------+---------+-------+------+--------+-------+
 *   block   backends | those for clients from outside, where they are others | source ranges
 *           5 words each: address, 4 words | port, or bits of a range's prefix
 *
 * The first `accepting` backends of a row take new flows; those behind them keep the ones that they have. A Service's own
 * addresses also have a row each, with neither protocol nor backends: by it, a port that no Service has is told from an
 * address that no Service has. Rows of the addresses 0.0.0.0 and :: are for all addresses of this node.
 */
import { type Cidr, maskWord, type Words } from "./address.ts";
import { hashWords, slotsFor } from "./hash.ts";
import { limits } from "./limits.ts";

export interface Backend {
  readonly words: Words;
  readonly port: number;
}

/** One port of one address of a Service, or of a Pod on this node: a host port. */
export interface ServiceRow {
  readonly words: Words;
  /** IANA number; with port 0 it is 0, and the row says that the address is a Service's own. */
  readonly protocol: number;
  readonly port: number;
  /** The first `accepting` of them take new flows. */
  readonly backends: readonly Backend[];
  readonly accepting: number;
  /** Whether, when none is accepting, others serve on other nodes: then it is the policy Local that lets nothing through. */
  readonly servedElsewhere?: boolean;
  /** Those that take new flows of clients from outside of the cluster, where they are not the accepting ones. */
  readonly outside?: readonly Backend[];
  readonly outsideServedElsewhere?: boolean;
  /** Clients from outside keep their addresses, when the backend is a pod of this node. */
  readonly keepsSource?: boolean;
  /** Who may come in; all may, when there are none. */
  readonly sourceRanges?: readonly Cidr[];
  /** Number of the Service, or Pod, whose row it is: in an affinity that is whom a client is bound to. */
  readonly owner?: number;
  /** For how long after its last new flow a client keeps its backend; 0: not at all. */
  readonly affinityMs?: number;
}

/** Shards by number; one without rows is undefined. What is not named stays as it is. */
export type ServiceShards = ReadonlyMap<number, SharedArrayBuffer | undefined>;

const ROW_WORDS = 16;
const KEY = 4;
const BLOCK = 5;
const ACCEPTING = 6;
const TOTAL = 7;
const OUTSIDE = 8;
const FLAGS = 9;
const OWNER = 10;
const AFFINITY_MS = 11;
const RANGES = 12;
const ENTRY_WORDS = 5;
const PORT = 4;
const ROWS_AT = 1;
const Flag = { hasOutside: 1, keepsSource: 2, servedElsewhere: 4, outsideServedElsewhere: 8 } as const;

/** The row of an address of a Service's own. */
export function addressRow(words: Words, owner = 0): ServiceRow {
  return { words, protocol: 0, port: 0, backends: [], accepting: 0, owner };
}

/** The shard that a row belongs to. */
export function serviceShardOf({ words, protocol, port }: Pick<ServiceRow, "words" | "protocol" | "port">) {
  return shardOf(hashKey(...words, serviceKey(protocol, port)));
}

/** Lays out all rows, and one of each address for itself: every shard, also those without rows. */
export function buildServiceShards(rows: readonly ServiceRow[]): ServiceShards {
  const addresses = [...new Map(rows.map(({ words }) => [words.join(), words])).values()];
  const own = addresses.filter(words => words.some(word => word !== 0 && word !== 0xffff));
  const parts: ServiceRow[][] = Array.from({ length: limits.serviceShards }, () => []);
  for (const row of [...rows, ...own.map(words => addressRow(words))]) parts[serviceShardOf(row)]!.push(row);
  return new Map(parts.map((part, index) => [index, buildServiceShard(undefined, new Set(), part).shard]));
}

/** Memory of at least so many bytes, whatever is in it. */
export type Allocate = (bytes: number) => SharedArrayBuffer;

export interface BuiltShard {
  readonly shard: SharedArrayBuffer | undefined;
  /** Rows that were left out because another owner has their key, and that owner. */
  readonly refused: readonly { readonly row: ServiceRow; readonly owner: number }[];
  /** Keys that owners in `without` had and nobody has any more. */
  readonly freed: readonly ServiceKey[];
}

export interface ServiceKey {
  readonly words: Words;
  readonly protocol: number;
  readonly port: number;
}

/**
 * A shard from the one before it: without the rows of the owners named, and with these. Who has a key keeps it, and among
 * those who come with one, who had it before; then the first.
 */
export function buildServiceShard(
  before: SharedArrayBuffer | undefined,
  without: ReadonlySet<number>,
  rows: readonly ServiceRow[],
  allocate: Allocate = bytes => new SharedArrayBuffer(bytes),
): BuiltShard {
  const old = before && new Int32Array(before);
  const kept: number[] = [];
  const dropped: number[] = [];
  for (const row of old ? rowsOf(old) : []) (without.has(old![row + OWNER]!) ? dropped : kept).push(row);
  const owners = new Map<string, number>();
  for (const row of kept) owners.set(textOf(keyAt(old!, row)), old![row + OWNER]!);
  const former = new Map(dropped.map(row => [textOf(keyAt(old!, row)), old![row + OWNER]!]));
  const taken: ServiceRow[] = [];
  const refused: { row: ServiceRow; owner: number }[] = [];
  const hadIt = (row: ServiceRow) => former.get(textOf(row)) === (row.owner ?? 0);
  for (const row of [...rows.filter(hadIt), ...rows.filter(row => !hadIt(row))]) {
    const owner = owners.get(textOf(row));
    if (owner !== undefined) refused.push({ row, owner });
    else {
      owners.set(textOf(row), row.owner ?? 0);
      taken.push(row);
    }
  }
  const freed = dropped.map(row => keyAt(old!, row)).filter(key => !owners.has(textOf(key)));
  return { shard: layOut(old, kept, taken, allocate), refused, freed };
}

function layOut(
  old: Int32Array | undefined,
  kept: readonly number[],
  rows: readonly ServiceRow[],
  allocate: Allocate,
): SharedArrayBuffer | undefined {
  if (kept.length + rows.length === 0) return undefined;
  const slots = slotsFor(kept.length + rows.length);
  let next = ROWS_AT + slots * ROW_WORDS;
  const entries =
    kept.reduce((sum, row) => sum + entriesAt(old!, row), 0) +
    rows.reduce((sum, row) => sum + entriesOf(row), 0);
  const shard = allocate(4 * (next + entries * ENTRY_WORDS));
  const table = new Int32Array(shard);
  table.fill(0, 0, next);
  table[0] = slots - 1;
  for (const from of kept) {
    const words = entriesAt(old!, from) * ENTRY_WORDS;
    const blockAt = old![from + BLOCK]!;
    const row = freeRow(table, hashAt(old!, from));
    table.set(old!.subarray(from, from + ROW_WORDS), row);
    table[row + BLOCK] = next;
    table.set(old!.subarray(blockAt, blockAt + words), next);
    next += words;
  }
  for (const row of rows) {
    writeRow(table, freeRow(table, hashKey(...row.words, serviceKey(row.protocol, row.port))), next, row);
    for (const { words, port } of [...row.backends, ...(row.outside ?? [])]) {
      table.set([...words, port], next);
      next += ENTRY_WORDS;
    }
    for (const { words, bits } of row.sourceRanges ?? []) {
      table.set([...words, bits], next);
      next += ENTRY_WORDS;
    }
  }
  return shard;
}

function writeRow(table: Int32Array, at: number, blockAt: number, row: ServiceRow): void {
  const flags =
    (row.outside ? Flag.hasOutside : 0) |
    (row.keepsSource ? Flag.keepsSource : 0) |
    (row.servedElsewhere ? Flag.servedElsewhere : 0) |
    (row.outsideServedElsewhere ? Flag.outsideServedElsewhere : 0);
  const { words, protocol, port, accepting, backends, outside = [], sourceRanges = [] } = row;
  const counts = [accepting, backends.length, outside.length];
  const rest = [flags, row.owner ?? 0, row.affinityMs ?? 0, sourceRanges.length];
  table.set([...words, serviceKey(protocol, port), blockAt, ...counts, ...rest], at);
}

function entriesOf({ backends, outside = [], sourceRanges = [] }: ServiceRow): number {
  return backends.length + outside.length + sourceRanges.length;
}

function entriesAt(table: Int32Array, row: number): number {
  return table[row + TOTAL]! + table[row + OUTSIDE]! + table[row + RANGES]!;
}

function rowsOf(table: Int32Array): number[] {
  const rows: number[] = [];
  for (let row = ROWS_AT; row < ROWS_AT + (table[0]! + 1) * ROW_WORDS; row += ROW_WORDS) {
    if (table[row + BLOCK] !== 0) rows.push(row);
  }
  return rows;
}

function keyAt(table: Int32Array, row: number): ServiceKey {
  const words: Words = [table[row]!, table[row + 1]!, table[row + 2]!, table[row + 3]!];
  return { words, protocol: table[row + KEY]! >>> 16, port: table[row + KEY]! & 0xffff };
}

function textOf({ words, protocol, port }: ServiceKey): string {
  return `${words[0]} ${words[1]} ${words[2]} ${words[3]} ${protocol} ${port}`;
}

function serviceKey(protocol: number, port: number): number {
  return (protocol << 16) | port;
}

function hashAt(table: Int32Array, row: number): number {
  return hashKey(table[row]!, table[row + 1]!, table[row + 2]!, table[row + 3]!, table[row + KEY]!);
}

function freeRow(table: Int32Array, hash: number): number {
  const mask = table[0]!;
  let slot = hash & mask;
  while (table[ROWS_AT + slot * ROW_WORDS + BLOCK] !== 0) slot = (slot + 1) & mask;
  return ROWS_AT + slot * ROW_WORDS;
}

function hashKey(a: number, b: number, c: number, d: number, key: number): number {
  const hash = Math.imul(hashWords(a, b, c, d) ^ key, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/** The upper bits: the lower ones choose the slot. */
function shardOf(hash: number): number {
  return (hash >>> 16) & (limits.serviceShards - 1);
}

/** A reader's view of all shards. `find` leaves the row that it found in `words` and `row`. */
export class ServiceTable {
  readonly #shards: (Int32Array | undefined)[] = new Array(limits.serviceShards).fill(undefined);
  words: Int32Array = new Int32Array(0);
  row = 0;
  /** Of the clients that `forClients` was called for: the first backend's word, and how many take new flows. */
  #first = 0;
  accepting = 0;
  isServedElsewhere = false;

  constructor(shards: ServiceShards = new Map()) {
    this.update(shards);
  }

  /** Takes over the shards that have changed. */
  update(shards: ServiceShards): void {
    for (const [index, shard] of shards) this.#shards[index] = shard && new Int32Array(shard);
  }

  /** Whether a Service has this port of this address. */
  find(a: number, b: number, c: number, d: number, protocol: number, port: number): boolean {
    return this.#find(a, b, c, d, serviceKey(protocol, port));
  }

  /** Whether the address is a Service's own. */
  hasAddress(a: number, b: number, c: number, d: number): boolean {
    return this.#find(a, b, c, d, 0);
  }

  #find(a: number, b: number, c: number, d: number, key: number): boolean {
    const hash = hashKey(a, b, c, d, key);
    const table = this.#shards[shardOf(hash)];
    if (table === undefined) return false;
    const mask = table[0]!;
    let slot = hash & mask;
    for (;;) {
      const row = ROWS_AT + slot * ROW_WORDS;
      if (table[row + BLOCK] === 0) return false;
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

  /** Chooses, of the row that was found, the backends for new flows of clients inside or outside of the cluster. */
  forClients(areOutside: boolean): void {
    const { words, row } = this;
    const flags = words[row + FLAGS]!;
    this.#first = words[row + BLOCK]!;
    this.accepting = words[row + ACCEPTING]!;
    this.isServedElsewhere = (flags & Flag.servedElsewhere) !== 0;
    if (!areOutside || (flags & Flag.hasOutside) === 0) return;
    this.#first += words[row + TOTAL]! * ENTRY_WORDS;
    this.accepting = words[row + OUTSIDE]!;
    this.isServedElsewhere = (flags & Flag.outsideServedElsewhere) !== 0;
  }

  /** The first word of backend `index` of those: four of its address, then the port. */
  backendAt(index: number): number {
    return this.#first + index * ENTRY_WORDS;
  }

  backendPort(at: number): number {
    return this.words[at + PORT]!;
  }

  /** How many backends the row has in all, with those that only keep the flows that they have. */
  get total(): number {
    return this.words[this.row + TOTAL]!;
  }

  get keepsSource(): boolean {
    return (this.words[this.row + FLAGS]! & Flag.keepsSource) !== 0;
  }

  get owner(): number {
    return this.words[this.row + OWNER]!;
  }

  get affinityMs(): number {
    return this.words[this.row + AFFINITY_MS]!;
  }

  /** Whether a client with this address may come in by the row that was found. */
  admits(a: number, b: number, c: number, d: number): boolean {
    const { words, row } = this;
    const ranges = words[row + RANGES]!;
    if (ranges === 0) return true;
    let at = words[row + BLOCK]! + (words[row + TOTAL]! + words[row + OUTSIDE]!) * ENTRY_WORDS;
    for (let index = 0; index < ranges; index++, at += ENTRY_WORDS) {
      const bits = words[at + PORT]!;
      const isWithin =
        (d & maskWord(bits, 3)) === words[at + 3] &&
        (c & maskWord(bits, 2)) === words[at + 2] &&
        (b & maskWord(bits, 1)) === words[at + 1] &&
        (a & maskWord(bits, 0)) === words[at];
      if (isWithin) return true;
    }
    return false;
  }

  /** The number of the backend with this address and port among those for new flows; −1: none of them. */
  accepts(a: number, b: number, c: number, d: number, port: number): number {
    return this.#indexOf(this.#first, this.accepting, a, b, c, d, port);
  }

  /** Whether the row has this backend at all. */
  knows(a: number, b: number, c: number, d: number, port: number): boolean {
    return this.#indexOf(this.words[this.row + BLOCK]!, this.total, a, b, c, d, port) >= 0;
  }

  /** As `accepts`, of a backend with this address and any port. */
  acceptsAddress(a: number, b: number, c: number, d: number): number {
    return this.#indexOf(this.#first, this.accepting, a, b, c, d, -1);
  }

  #indexOf(first: number, count: number, a: number, b: number, c: number, d: number, port: number): number {
    const { words } = this;
    for (let index = 0, at = first; index < count; index++, at += ENTRY_WORDS) {
      const same =
        words[at + 3] === d &&
        (port < 0 || words[at + PORT] === port) &&
        words[at + 2] === c &&
        words[at + 1] === b &&
        words[at] === a;
      if (same) return index;
    }
    return -1;
  }
}
