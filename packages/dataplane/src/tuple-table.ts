/**
 * The tuples of all flows in one hash table: chains through rows of 16 words, one cache line each.
 *
 *   row of entry = flow × 2 + direction (0: the originator's packets, 1: replies)
 *   +--------+-------------+-------+-----------------------+------+------+---------------+-------------+
 *   | source | destination | ports | protocol, version × 256 | hash | next | packets (f64) | bytes (f64) |
 *   | 0–3    | 4–7         | 8     | 9                       | 10   | 11   | 12–13         | 14–15       |
 *   +--------+-------------+-------+-----------------------+------+------+---------------+-------------+
 *   heads: first entry + 1 of each chain, 0: empty
 */
import { FlowHash } from "./flow-hash.ts";
import type { FlowMemory } from "./flow-memory.ts";
import { mirrorTuple, type Packet } from "./packet.ts";

export const NO_ENTRY = -1;

const T = { ports: 8, protocol: 9, hash: 10, next: 11, counts: 12 } as const;
const ROW = 16;
const ROW_SHIFT = 4;

export class TupleTable {
  readonly #tuples: Int32Array;
  readonly #counts: Float64Array;
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #hash: FlowHash;
  /** The entry found last: bulk traffic is many packets of one flow in a row, and then needs no hash. */
  #recent = NO_ENTRY;

  constructor(flows: number, seed: readonly [number, number], memory: FlowMemory) {
    this.#tuples = memory.tuples;
    this.#counts = memory.counts;
    let chains = 16;
    while (chains < flows * 2) chains *= 2;
    this.#heads = new Int32Array(chains);
    this.#mask = chains - 1;
    this.#hash = new FlowHash(seed);
  }

  /** The entry with the packet's tuple. */
  lookup(packet: Packet): number {
    return packet.version === 4 ? this.#lookupIpv4(packet) : this.#lookupIpv6(packet);
  }

  #lookupIpv4(packet: Packet): number {
    if (this.#recent !== NO_ENTRY && this.#sameIpv4(this.#recent << ROW_SHIFT, packet)) return this.#recent;
    const protocol = packet.protocol | (4 << 8);
    const hash = this.#hash.ofIpv4(packet.source3, packet.destination3, packet.ports, protocol);
    let next = this.#heads[hash & this.#mask]!;
    while (next !== 0) {
      const row = (next - 1) << ROW_SHIFT;
      if (this.#sameIpv4(row, packet)) return this.#found(next - 1);
      next = this.#tuples[row + T.next]!;
    }
    return NO_ENTRY;
  }

  #lookupIpv6(packet: Packet): number {
    if (this.#recent !== NO_ENTRY && this.#sameIpv6(this.#recent << ROW_SHIFT, packet)) return this.#recent;
    const hash = this.#hashIpv6(packet);
    let next = this.#heads[hash & this.#mask]!;
    while (next !== 0) {
      const row = (next - 1) << ROW_SHIFT;
      if (this.#tuples[row + T.hash] === hash && this.#sameIpv6(row, packet)) return this.#found(next - 1);
      next = this.#tuples[row + T.next]!;
    }
    return NO_ENTRY;
  }

  #found(entry: number): number {
    this.#recent = entry;
    return entry;
  }

  #sameIpv4(row: number, packet: Packet): boolean {
    const tuples = this.#tuples;
    return (
      tuples[row + T.ports] === packet.ports &&
      tuples[row + 3] === packet.source3 &&
      tuples[row + 7] === packet.destination3 &&
      tuples[row + T.protocol] === (packet.protocol | (4 << 8))
    );
  }

  #hashIpv6(packet: Packet): number {
    return this.#hash.ofIpv6(
      packet.source0,
      packet.source1,
      packet.source2,
      packet.source3,
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
      packet.ports,
      packet.protocol | (6 << 8),
    );
  }

  #sameIpv6(row: number, packet: Packet): boolean {
    const tuples = this.#tuples;
    return (
      tuples[row + T.ports] === packet.ports &&
      tuples[row + T.protocol] === (packet.protocol | (6 << 8)) &&
      tuples[row + 3] === packet.source3 &&
      tuples[row + 7] === packet.destination3 &&
      tuples[row] === packet.source0 &&
      tuples[row + 1] === packet.source1 &&
      tuples[row + 2] === packet.source2 &&
      tuples[row + 4] === packet.destination0 &&
      tuples[row + 5] === packet.destination1 &&
      tuples[row + 6] === packet.destination2
    );
  }

  /** Fills `packet` with an entry's tuple. */
  read(entry: number, packet: Packet): void {
    const tuples = this.#tuples;
    const row = entry << ROW_SHIFT;
    packet.source0 = tuples[row]!;
    packet.source1 = tuples[row + 1]!;
    packet.source2 = tuples[row + 2]!;
    packet.source3 = tuples[row + 3]!;
    packet.destination0 = tuples[row + 4]!;
    packet.destination1 = tuples[row + 5]!;
    packet.destination2 = tuples[row + 6]!;
    packet.destination3 = tuples[row + 7]!;
    packet.ports = tuples[row + T.ports]!;
    packet.protocol = tuples[row + T.protocol]! & 0xff;
    packet.version = tuples[row + T.protocol]! >> 8;
  }

  /** Fills `packet` with the tuple with which packets of the entry leave: what the other direction's are replies to. */
  readOutgoing(entry: number, packet: Packet): void {
    this.read(entry ^ 1, packet);
    mirrorTuple(packet, packet);
  }

  /** Gives the flow the packet's tuple and, for its replies, the mirror image of `outgoing`: what the packet leaves as. */
  add(flow: number, packet: Packet, outgoing: Packet): void {
    const tuples = this.#tuples;
    const first = flow << (ROW_SHIFT + 1);
    const reply = first + ROW;
    tuples[first] = packet.source0;
    tuples[first + 1] = packet.source1;
    tuples[first + 2] = packet.source2;
    tuples[first + 3] = packet.source3;
    tuples[first + 4] = packet.destination0;
    tuples[first + 5] = packet.destination1;
    tuples[first + 6] = packet.destination2;
    tuples[first + 7] = packet.destination3;
    tuples[reply] = outgoing.destination0;
    tuples[reply + 1] = outgoing.destination1;
    tuples[reply + 2] = outgoing.destination2;
    tuples[reply + 3] = outgoing.destination3;
    tuples[reply + 4] = outgoing.source0;
    tuples[reply + 5] = outgoing.source1;
    tuples[reply + 6] = outgoing.source2;
    tuples[reply + 7] = outgoing.source3;
    tuples[first + T.ports] = packet.ports;
    tuples[reply + T.ports] = (outgoing.ports << 16) | (outgoing.ports >>> 16);
    tuples[first + T.protocol] = tuples[reply + T.protocol] = packet.protocol | (packet.version << 8);
    this.#counts.fill(0, (first + T.counts) >> 1, (first + ROW) >> 1);
    this.#counts.fill(0, (reply + T.counts) >> 1, (reply + ROW) >> 1);
    this.#link(flow << 1);
    this.#link((flow << 1) + 1);
  }

  remove(flow: number): void {
    this.#unlink(flow << 1);
    this.#unlink((flow << 1) + 1);
    if (this.#recent >> 1 === flow) this.#recent = NO_ENTRY;
  }

  /** Counts one packet. */
  count(entry: number, bytes: number): void {
    const at = ((entry << ROW_SHIFT) + T.counts) >> 1;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#counts[at + 1] = this.#counts[at + 1]! + bytes;
  }

  hash(entry: number): number {
    return this.#tuples[(entry << ROW_SHIFT) + T.hash]!;
  }

  /** Word 0–7 of an entry's addresses: source, then destination. */
  addressWord(entry: number, index: number): number {
    return this.#tuples[(entry << ROW_SHIFT) + index]!;
  }

  ports(entry: number): number {
    return this.#tuples[(entry << ROW_SHIFT) + T.ports]!;
  }

  protocol(entry: number): number {
    return this.#tuples[(entry << ROW_SHIFT) + T.protocol]! & 0xff;
  }

  packets(entry: number): number {
    return this.#counts[((entry << ROW_SHIFT) + T.counts) >> 1]!;
  }

  bytes(entry: number): number {
    return this.#counts[(((entry << ROW_SHIFT) + T.counts) >> 1) + 1]!;
  }

  #link(entry: number): void {
    const tuples = this.#tuples;
    const row = entry << ROW_SHIFT;
    const protocol = tuples[row + T.protocol]!;
    const hash =
      protocol >> 8 === 4
        ? this.#hash.ofIpv4(tuples[row + 3]!, tuples[row + 7]!, tuples[row + T.ports]!, protocol)
        : this.#hash.ofIpv6(
            tuples[row]!,
            tuples[row + 1]!,
            tuples[row + 2]!,
            tuples[row + 3]!,
            tuples[row + 4]!,
            tuples[row + 5]!,
            tuples[row + 6]!,
            tuples[row + 7]!,
            tuples[row + T.ports]!,
            protocol,
          );
    tuples[row + T.hash] = hash;
    tuples[row + T.next] = this.#heads[hash & this.#mask]!;
    this.#heads[hash & this.#mask] = entry + 1;
  }

  #unlink(entry: number): void {
    const tuples = this.#tuples;
    const row = entry << ROW_SHIFT;
    const chain = tuples[row + T.hash]! & this.#mask;
    if (this.#heads[chain] === entry + 1) {
      this.#heads[chain] = tuples[row + T.next]!;
      return;
    }
    let before = (this.#heads[chain]! - 1) << ROW_SHIFT;
    while (tuples[before + T.next] !== entry + 1) before = (tuples[before + T.next]! - 1) << ROW_SHIFT;
    tuples[before + T.next] = tuples[row + T.next]!;
  }
}
