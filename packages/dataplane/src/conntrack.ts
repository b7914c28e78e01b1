/**
 * Connection tracking: every flow that the data plane has judged, found by the tuple of its packets.
 *
 * A flow has two tuples, that of its first packet and that of the replies to it, and both are in one hash
 * table (chains, 16 words a row: one cache line). The replies' tuple is stored, not derived: translating a
 * flow is giving it a reply tuple that is not the mirror image of the first, and nothing else here changes.
 *
 *   tuple row, entry = flow × 2 + direction (0: originator's packets, 1: replies)
 *   +--------+-------------+-------+-----------------------+------+------+---------------+-------------+
 *   | source | destination | ports | protocol, version × 256 | hash | next | packets (f64) | bytes (f64) |
 *   | 0–3    | 4–7         | 8     | 9                       | 10   | 11   | 12–13         | 14–15       |
 *   +--------+-------------+-------+-----------------------+------+------+---------------+-------------+
 *   flow row, 16 words: see `Flow`
 *
 * Where a packet of the flow comes from and where it goes are the same two *ends*, swapped by direction: an
 * end is a target (port or peer). So one comparison, "it came from the end that its direction comes from",
 * repeats the anti-spoofing and the binding check of the first packet, and the other end is its route.
 *
 * Bounded: at the bound the oldest idle flow goes. The list that says which is the oldest moves a flow at most
 * once a second, so "oldest" is true to a second and a packet seldom touches the list.
 */
import type { Clock } from "./clock.ts";
import { FlowHash } from "./flow-hash.ts";
import { firstState, idleTimeoutMs, nextState, reopens } from "./flow-state.ts";
import type { Packet } from "./packet.ts";

export const NO_ENTRY = -1;

/** Words of a tuple row. */
const T = { ports: 8, protocol: 9, hash: 10, next: 11, counts: 12 } as const;
const ROW = 16;
const ROW_SHIFT = 4;
/** A flow changes its place in the list of idleness at most this often. */
const RELIST_MS = 1000;

/** Words of a flow row. */
export const Flow = {
  /** The epoch of the tables by which it was judged last. */
  epoch: 0,
  /** The ends, as targets: the originator's, then the responder's. */
  originatorEnd: 1,
  responderEnd: 2,
  /** 0: its packets are forwarded; otherwise the drop reason that the last judgement gave. */
  verdict: 14,
  /** What the service stage and the policy stages said (service.ts, policy.ts). */
  serviceVerdict: 3,
  egressVerdict: 4,
  ingressVerdict: 5,
  state: 6,
  startedAt: 7,
  lastAt: 8,
  timeoutMs: 9,
  listedAt: 10,
  older: 11,
  newer: 12,
  /** Counts up when the row is freed, so that who remembers a flow notices. */
  generation: 13,
} as const;

/** Told of every flow that ends, while its rows are still whole. */
export interface FlowEndListener {
  flowEnded(flow: number): void;
}

export class Conntrack {
  readonly capacity: number;
  live = 0;
  evicted = 0;
  expired = 0;
  readonly #tuples: Int32Array;
  readonly #counts: Float64Array;
  readonly #flows: Int32Array;
  /** First entry + 1 of each chain; 0: empty. */
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #hash: FlowHash;
  readonly #clock: Clock;
  readonly #listener: FlowEndListener;
  /** Rows freed, linked by `older`, −1 ends; rows from `#unused` on were never used. */
  #free = -1;
  #unused = 0;
  #oldest = -1;
  #newest = -1;
  #hand = 0;
  /** The entry found last: bulk traffic is many packets of one flow in a row, and then needs no hash. */
  #recent = NO_ENTRY;

  constructor(capacity: number, seed: readonly [number, number], clock: Clock, listener: FlowEndListener) {
    this.capacity = capacity;
    const tuples = new ArrayBuffer(capacity * 2 * ROW * 4);
    this.#tuples = new Int32Array(tuples);
    this.#counts = new Float64Array(tuples);
    this.#flows = new Int32Array(capacity * ROW);
    let chains = 16;
    while (chains < capacity * 2) chains *= 2;
    this.#heads = new Int32Array(chains);
    this.#mask = chains - 1;
    this.#hash = new FlowHash(seed);
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The entry of the packet's flow and direction. A flow that is over (idle too long, ports reused) ends here. */
  find(packet: Packet): number {
    const entry = this.lookup(packet);
    if (entry === NO_ENTRY) return NO_ENTRY;
    const row = (entry >> 1) << ROW_SHIFT;
    const idle = (this.#clock.ms - this.#flows[row + Flow.lastAt]!) | 0;
    if (idle > this.#flows[row + Flow.timeoutMs]!) {
      this.expired++;
      this.end(entry >> 1);
      return NO_ENTRY;
    }
    if (reopens(packet.protocol, this.#flows[row + Flow.state]!, packet.flags)) {
      this.end(entry >> 1);
      return NO_ENTRY;
    }
    return entry;
  }

  /** The entry with the packet's tuple, over or not. */
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

  /** Fills `packet` with the flow's tuple in its originator's direction, coming from the originator's end. */
  readFirst(flow: number, packet: Packet): void {
    const tuples = this.#tuples;
    const row = flow << (ROW_SHIFT + 1);
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
    packet.arrival = this.get(flow, Flow.originatorEnd);
  }

  /** Makes a flow of a packet whose tuple is not in the table. At the bound, the oldest idle flow goes first. */
  create(packet: Packet, epoch: number, originatorEnd: number, responderEnd: number): number {
    const flow = this.#allocate();
    const tuples = this.#tuples;
    const first = flow << (ROW_SHIFT + 1);
    const reply = first + ROW;
    tuples[first] = tuples[reply + 4] = packet.source0;
    tuples[first + 1] = tuples[reply + 5] = packet.source1;
    tuples[first + 2] = tuples[reply + 6] = packet.source2;
    tuples[first + 3] = tuples[reply + 7] = packet.source3;
    tuples[first + 4] = tuples[reply] = packet.destination0;
    tuples[first + 5] = tuples[reply + 1] = packet.destination1;
    tuples[first + 6] = tuples[reply + 2] = packet.destination2;
    tuples[first + 7] = tuples[reply + 3] = packet.destination3;
    tuples[first + T.ports] = packet.ports;
    tuples[reply + T.ports] = (packet.ports << 16) | (packet.ports >>> 16);
    tuples[first + T.protocol] = tuples[reply + T.protocol] = packet.protocol | (packet.version << 8);
    this.#counts.fill(0, (first + T.counts) >> 1, (first + ROW) >> 1);
    this.#counts.fill(0, (reply + T.counts) >> 1, (reply + ROW) >> 1);
    this.#link(flow << 1);
    this.#link((flow << 1) + 1);

    const flows = this.#flows;
    const row = flow << ROW_SHIFT;
    const state = firstState(packet.protocol, packet.flags);
    flows[row + Flow.epoch] = epoch;
    flows[row + Flow.originatorEnd] = originatorEnd;
    flows[row + Flow.responderEnd] = responderEnd;
    flows[row + Flow.verdict] = 0;
    flows[row + Flow.state] = state;
    flows[row + Flow.startedAt] = this.#clock.ms;
    flows[row + Flow.lastAt] = this.#clock.ms;
    flows[row + Flow.timeoutMs] = idleTimeoutMs(packet.protocol, state);
    this.#append(flow);
    return flow;
  }

  /** Counts one packet of the flow, moves its state on, and keeps it alive. */
  touch(entry: number, flags: number, bytes: number): void {
    const flows = this.#flows;
    const row = (entry >> 1) << ROW_SHIFT;
    const protocol = this.#tuples[(entry << ROW_SHIFT) + T.protocol]! & 0xff;
    const before = flows[row + Flow.state]!;
    const state = nextState(protocol, before, flags, entry & 1);
    if (state !== before) {
      flows[row + Flow.state] = state;
      flows[row + Flow.timeoutMs] = idleTimeoutMs(protocol, state);
    }
    this.#count(entry, bytes);
  }

  /** Counts a packet that says nothing about the state: a later fragment, an ICMP error. */
  count(entry: number, bytes: number): void {
    this.#count(entry, bytes);
  }

  #count(entry: number, bytes: number): void {
    const at = ((entry << ROW_SHIFT) + T.counts) >> 1;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#counts[at + 1] = this.#counts[at + 1]! + bytes;
    const row = (entry >> 1) << ROW_SHIFT;
    const ms = this.#clock.ms;
    this.#flows[row + Flow.lastAt] = ms;
    if (((ms - this.#flows[row + Flow.listedAt]!) | 0) >= RELIST_MS) {
      this.#unlist(entry >> 1);
      this.#append(entry >> 1);
    }
  }

  /** A word of the flow's row; `field` from `Flow`. */
  get(flow: number, field: number): number {
    return this.#flows[(flow << ROW_SHIFT) + field]!;
  }

  set(flow: number, field: number, value: number): void {
    this.#flows[(flow << ROW_SHIFT) + field] = value;
  }

  /** The end that packets of this entry's direction come from. */
  fromEnd(entry: number): number {
    return this.#flows[((entry >> 1) << ROW_SHIFT) + Flow.originatorEnd + (entry & 1)]!;
  }

  /** The end that they go to. */
  toEnd(entry: number): number {
    return this.#flows[((entry >> 1) << ROW_SHIFT) + Flow.responderEnd - (entry & 1)]!;
  }

  /** A number that is the flow's own and spreads flows evenly. */
  spread(flow: number): number {
    return this.#tuples[(flow << (ROW_SHIFT + 1)) + T.hash]!;
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

  /** Ends a flow: tells the listener, then forgets it. */
  end(flow: number): void {
    this.#listener.flowEnded(flow);
    this.#unlink(flow << 1);
    this.#unlink((flow << 1) + 1);
    this.#unlist(flow);
    if (this.#recent >> 1 === flow) this.#recent = NO_ENTRY;
    const row = flow << ROW_SHIFT;
    this.#flows[row + Flow.generation] = (this.#flows[row + Flow.generation]! + 1) | 0;
    this.#flows[row + Flow.state] = FREE;
    this.#flows[row + Flow.older] = this.#free;
    this.#free = flow;
    this.live--;
  }

  /** Ends flows that were idle too long, looking at `rows` more of them than the last call did. */
  sweep(rows: number): void {
    const flows = this.#flows;
    for (let looked = 0; looked < rows && looked < this.#unused; looked++) {
      if (this.#hand >= this.#unused) this.#hand = 0;
      const row = this.#hand << ROW_SHIFT;
      if (flows[row + Flow.state] !== FREE) {
        const idle = (this.#clock.ms - flows[row + Flow.lastAt]!) | 0;
        if (idle > flows[row + Flow.timeoutMs]!) {
          this.expired++;
          this.end(this.#hand);
        }
      }
      this.#hand++;
    }
  }

  #allocate(): number {
    if (this.#free === -1 && this.#unused === this.capacity) {
      this.evicted++;
      this.end(this.#oldest);
    }
    this.live++;
    if (this.#free === -1) return this.#unused++;
    const flow = this.#free;
    this.#free = this.#flows[(flow << ROW_SHIFT) + Flow.older]!;
    return flow;
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

  /** Puts a flow at the new end of the list of idleness. */
  #append(flow: number): void {
    const flows = this.#flows;
    const row = flow << ROW_SHIFT;
    flows[row + Flow.listedAt] = this.#clock.ms;
    flows[row + Flow.older] = this.#newest;
    flows[row + Flow.newer] = -1;
    if (this.#newest === -1) this.#oldest = flow;
    else flows[(this.#newest << ROW_SHIFT) + Flow.newer] = flow;
    this.#newest = flow;
  }

  #unlist(flow: number): void {
    const flows = this.#flows;
    const older = flows[(flow << ROW_SHIFT) + Flow.older]!;
    const newer = flows[(flow << ROW_SHIFT) + Flow.newer]!;
    if (older === -1) this.#oldest = newer;
    else flows[(older << ROW_SHIFT) + Flow.newer] = newer;
    if (newer === -1) this.#newest = older;
    else flows[(newer << ROW_SHIFT) + Flow.older] = older;
  }
}

/** In `state` of a row that holds no flow. */
const FREE = -1;
