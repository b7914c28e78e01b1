/**
 * Session affinity: which backend a client of a Service got last, for as long as the Service wants (sessionAffinity
 * ClientIP). By client address and Service, so at all ports and addresses of it: a backend is an address here, and each
 * port of the Service has its own port of that.
 *
 *   hash of client and Service -> chain of rows -> the address, if not older than the Service's time
 *
 * Every new flow begins the time anew (as kube-proxy does it); packets of a flow do not. A row whose backend takes no new
 * flows is overwritten by the next choice. Bounded: at the bound the client whose last flow is longest ago goes.
 *
 *   row: client 0–3 | backend 4–7 | Service 8 | last flow at 9 | next row of the chain + 1 10 | hash 11
 */
import type { Clock } from "./clock.ts";
import { halfSipHash } from "./flow-hash.ts";
import { IdleList } from "./idle-list.ts";
import { limits } from "./limits.ts";
import type { Packet } from "./packet.ts";

const ROW = 12;
const W = { backend: 4, service: 8, at: 9, next: 10, hash: 11 } as const;
const NONE = -1;

export class Affinities {
  /** Clients that are remembered, and those that made room for others. */
  count = 0;
  evicted = 0;
  /** The first of four words of the backend that `find` found. */
  backendAt = 0;
  readonly rows: Int32Array;
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #capacity: number;
  readonly #idle: IdleList;
  readonly #clock: Clock;
  readonly #seed0: number;
  readonly #seed1: number;

  constructor(seed: readonly [number, number], clock: Clock, capacity: number = limits.affinities) {
    this.rows = new Int32Array(capacity * ROW);
    let heads = 16;
    while (heads < capacity) heads *= 2;
    this.#heads = new Int32Array(heads);
    this.#mask = heads - 1;
    this.#capacity = capacity;
    this.#idle = new IdleList(capacity, clock);
    this.#clock = clock;
    this.#seed0 = seed[0];
    this.#seed1 = seed[1];
  }

  /** Whether the packet's sender has a backend of the Service, chosen no longer than `timeoutMs` ago. */
  find(packet: Packet, service: number, timeoutMs: number): boolean {
    const row = this.#find(packet, service, this.#hash(packet, service));
    if (row === NONE) return false;
    if (((this.#clock.ms - this.rows[row * ROW + W.at]!) | 0) > timeoutMs) return false;
    this.backendAt = row * ROW + W.backend;
    return true;
  }

  /** The packet's sender has a new flow to the backend, whose address is at `at` of `words`. */
  remember(packet: Packet, service: number, words: Int32Array, at: number): void {
    const hash = this.#hash(packet, service);
    const known = this.#find(packet, service, hash);
    const row = known === NONE ? this.#add(packet, service, hash) : known;
    if (known !== NONE) this.#idle.refresh(row);
    const rows = this.rows;
    const to = row * ROW;
    rows[to + W.backend] = words[at]!;
    rows[to + W.backend + 1] = words[at + 1]!;
    rows[to + W.backend + 2] = words[at + 2]!;
    rows[to + W.backend + 3] = words[at + 3]!;
    rows[to + W.at] = this.#clock.ms;
  }

  #find(packet: Packet, service: number, hash: number): number {
    const rows = this.rows;
    let next = this.#heads[hash & this.#mask]!;
    while (next !== 0) {
      const at = (next - 1) * ROW;
      const same =
        rows[at + 3] === packet.source3 &&
        rows[at + W.service] === service &&
        rows[at + 2] === packet.source2 &&
        rows[at + 1] === packet.source1 &&
        rows[at] === packet.source0;
      if (same) return next - 1;
      next = rows[at + W.next]!;
    }
    return NONE;
  }

  #add(packet: Packet, service: number, hash: number): number {
    const row = this.count < this.#capacity ? this.count++ : this.#evict();
    this.#idle.append(row);
    const rows = this.rows;
    const at = row * ROW;
    rows[at] = packet.source0;
    rows[at + 1] = packet.source1;
    rows[at + 2] = packet.source2;
    rows[at + 3] = packet.source3;
    rows[at + W.service] = service;
    rows[at + W.hash] = hash;
    rows[at + W.next] = this.#heads[hash & this.#mask]!;
    this.#heads[hash & this.#mask] = row + 1;
    return row;
  }

  /** Takes the oldest row out of its chain. */
  #evict(): number {
    const row = this.#idle.oldest;
    this.#idle.remove(row);
    this.evicted++;
    const rows = this.rows;
    const chain = rows[row * ROW + W.hash]! & this.#mask;
    const next = rows[row * ROW + W.next]!;
    if (this.#heads[chain] === row + 1) {
      this.#heads[chain] = next;
      return row;
    }
    let before = this.#heads[chain]! - 1;
    while (rows[before * ROW + W.next] !== row + 1) before = rows[before * ROW + W.next]! - 1;
    rows[before * ROW + W.next] = next;
    return row;
  }

  #hash(packet: Packet, service: number): number {
    const { source0, source1, source2, source3 } = packet;
    const client = halfSipHash(this.#seed0, this.#seed1, source0, source1, source2, source3);
    return halfSipHash(client, this.#seed1, service, 0, 0, 0);
  }
}
