/**
 * Connection tracking: every flow that the data plane has judged, found by the tuple of its packets.
 *
 * A flow has two tuples, that of its first packet and that of the replies to it, and both are in one hash table
 * (tuple-table.ts). The replies' tuple is stored, not derived: a translated flow has one that is not the mirror image
 * of the first. Two flows cannot have the same one: where that would be, the later leaves with another source port.
 *
 * Where a packet of the flow comes from and where it goes are the same two *ends*, swapped by direction: an end is a
 * target (port or peer). So one comparison, "it came from the end that its direction comes from", repeats the
 * anti-spoofing and the binding check of the first packet, and the other end is its route.
 *
 * Bounded: at the bound the flow that was idle longest goes (idle-list.ts). A flow that was idle for longer than its
 * state allows is over at once when its next packet comes, and otherwise when `sweep` finds it.
 */

import { Protocol } from "@podwire/wire";
import type { Clock } from "./clock.ts";
import { halfSipHash } from "./flow-hash.ts";
import { FlowMemory, flowMemoryBytes, flowMemoryOf } from "./flow-memory.ts";
import { firstState, idleTimeoutMs, nextState, reopens } from "./flow-state.ts";
import { IdleList } from "./idle-list.ts";
import { limits } from "./limits.ts";
import { isSameTuple, mirrorTuple, Packet } from "./packet.ts";
import { NO_ENTRY, TupleTable } from "./tuple-table.ts";

/** Words of a flow's row, sixteen of them. */
export const Flow = {
  /** The epoch of the tables by which it was judged last. */
  epoch: 0,
  /** 0: its packets are forwarded; otherwise the drop reason that the last judgement gave. */
  verdict: 1,
  /** The ends, as targets: the originator's, then the responder's. */
  originatorEnd: 2,
  responderEnd: 3,
  /** What the service stage and the policy stages said (service.ts, policy.ts). */
  serviceVerdict: 4,
  egressVerdict: 5,
  ingressVerdict: 6,
  /** As flow-state.ts counts them. */
  state: 7,
  /** Times of clock.ts. */
  startedAt: 8,
  lastAt: 9,
  timeoutMs: 10,
  /** Counts up when the row is freed, so that who remembers a flow notices. */
  generation: 11,
  /** Of a free row: the next one. */
  nextFree: 12,
  /** 1: its packets leave with another tuple than they came with (translate.ts). */
  isTranslated: 13,
} as const;

const ROW_SHIFT = 4;
/** The first source port that a translated flow may get: none of the well-known ones. */
const FIRST_PORT = 1024;
/** In `state` of a row that holds no flow. */
const FREE = -1;
/** An end of a flow of a process before this one: ports and peers may have other numbers now. */
export const UNKNOWN_END = -1;
/** No tables have it. */
const NO_EPOCH = -1;

/** Told of every flow that ends, while its rows are still whole. */
export interface FlowEndListener {
  flowEnded(flow: number): void;
}

export class Conntrack {
  readonly tuples: TupleTable;
  live = 0;
  evicted = 0;
  expired = 0;
  readonly #capacity: number;
  readonly #memory: FlowMemory;
  readonly #flows: Int32Array;
  readonly #idle: IdleList;
  readonly #seed: number;
  readonly #reply = new Packet();
  readonly #clock: Clock;
  readonly #listener: FlowEndListener;
  /** Rows freed, linked; −1 ends. Rows from `#unused` on were never used. */
  #free = -1;
  #unused = 0;
  #hand = 0;

  /** `memory` is zeroed, and of `flowMemoryBytes(capacity)`. */
  constructor(
    capacity: number,
    seed: readonly [number, number],
    clock: Clock,
    listener: FlowEndListener,
    memory: ArrayBuffer = new ArrayBuffer(flowMemoryBytes(capacity)),
  ) {
    this.#capacity = capacity;
    this.#memory = new FlowMemory(memory, capacity);
    this.tuples = new TupleTable(capacity, seed, this.#memory);
    this.#seed = seed[0];
    this.#flows = this.#memory.flows;
    this.#idle = new IdleList(capacity, clock);
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The entry of the packet's flow and direction. A flow that is over (idle too long, ports reused) ends here. */
  find(packet: Packet): number {
    const entry = this.tuples.lookup(packet);
    if (entry === NO_ENTRY) return NO_ENTRY;
    const row = (entry >> 1) << ROW_SHIFT;
    if (this.#isIdleTooLong(row)) {
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

  /**
   * Gives what leaves of a new flow another source port when replies to it could not be told from those of another flow.
   * False when no port is free.
   */
  makeUnique(outgoing: Packet): boolean {
    if (this.#isUnique(outgoing)) return true;
    const { protocol, ports } = outgoing;
    if (!hasPorts(protocol)) return false;
    const first = halfSipHash(this.#seed, outgoing.source3, outgoing.destination3, ports, protocol, 0) >>> 0;
    for (let attempt = 0; attempt < limits.portAttempts; attempt++) {
      const port = FIRST_PORT + ((first + attempt) % (0x10000 - FIRST_PORT));
      outgoing.ports = (port << 16) | (ports & 0xffff);
      if (this.#isUnique(outgoing)) return true;
    }
    return false;
  }

  #isUnique(outgoing: Packet): boolean {
    mirrorTuple(outgoing, this.#reply);
    return this.find(this.#reply) === NO_ENTRY;
  }

  /** The entry of the packet that an ICMP error quotes as it left; `NO_ENTRY` when no flow has sent it. */
  findQuoted(quoted: Packet): number {
    mirrorTuple(quoted, this.#reply);
    const reply = this.tuples.lookup(this.#reply);
    return reply === NO_ENTRY ? NO_ENTRY : reply ^ 1;
  }

  /** Makes a flow of a packet whose tuple is not in the table. At the bound, the oldest idle flow goes first. */
  create(
    packet: Packet,
    outgoing: Packet,
    epoch: number,
    originatorEnd: number,
    responderEnd: number,
  ): number {
    const flow = this.#allocate();
    this.tuples.add(flow, packet, outgoing);
    this.#idle.append(flow);
    const flows = this.#flows;
    const row = flow << ROW_SHIFT;
    const state = firstState(packet.protocol, packet.flags);
    flows[row + Flow.epoch] = epoch;
    flows[row + Flow.verdict] = 0;
    flows[row + Flow.originatorEnd] = originatorEnd;
    flows[row + Flow.responderEnd] = responderEnd;
    flows[row + Flow.isTranslated] = isSameTuple(packet, outgoing) ? 0 : 1;
    flows[row + Flow.startedAt] = this.#clock.ms;
    flows[row + Flow.lastAt] = this.#clock.ms;
    flows[row + Flow.timeoutMs] = idleTimeoutMs(packet.protocol, state);
    // Last: before that the row is a free one, for whoever finds this memory after us.
    flows[row + Flow.state] = state;
    return flow;
  }

  /** Says what the rows' times mean: now and then, for whoever finds this memory after us. */
  stamp(nowMs: number): void {
    this.#memory.stamp(this.#capacity, this.#clock.ms, nowMs);
  }

  /**
   * Takes over the translated flows of a process before this one that have not been idle too long; the others begin anew
   * with their next packet. Where they come from and go to is unknown until they are judged. Returns how many.
   */
  restore(memory: ArrayBuffer, nowMs: number): number {
    const before = flowMemoryOf(memory, this.#capacity);
    if (before === undefined) return 0;
    const tuples = new TupleTable(this.#capacity, [0, 0], before);
    const first = new Packet();
    const outgoing = new Packet();
    let restored = 0;
    for (let flow = 0; flow < this.#capacity; flow++) {
      const row = flow << ROW_SHIFT;
      const word = (field: number) => before.flows[row + field]!;
      const idleMs = before.ageMs(word(Flow.lastAt), nowMs);
      tuples.read(flow << 1, first);
      tuples.readOutgoing(flow << 1, outgoing);
      const isWhole = hasPorts(first.protocol) && (first.version === 4 || first.version === 6);
      const isLive = word(Flow.state) !== FREE && word(Flow.isTranslated) === 1;
      if (!isWhole || !isLive || idleMs < 0 || idleMs > word(Flow.timeoutMs)) continue;
      if (this.find(first) !== NO_ENTRY || !this.#isUnique(outgoing)) continue;
      const made = this.create(first, outgoing, NO_EPOCH, UNKNOWN_END, UNKNOWN_END) << ROW_SHIFT;
      for (const field of [Flow.state, Flow.timeoutMs, Flow.serviceVerdict])
        this.#flows[made + field] = word(field);
      this.#flows[made + Flow.lastAt] = (this.#clock.ms - idleMs) | 0;
      this.#flows[made + Flow.startedAt] = (this.#clock.ms - before.ageMs(word(Flow.startedAt), nowMs)) | 0;
      restored++;
    }
    return restored;
  }

  /** Counts one packet of the flow, moves its state on, and keeps it alive. */
  touch(entry: number, flags: number, bytes: number): void {
    const flows = this.#flows;
    const row = (entry >> 1) << ROW_SHIFT;
    const protocol = this.tuples.protocol(entry);
    const before = flows[row + Flow.state]!;
    const state = nextState(protocol, before, flags, entry & 1);
    if (state !== before) {
      flows[row + Flow.state] = state;
      flows[row + Flow.timeoutMs] = idleTimeoutMs(protocol, state);
    }
    this.count(entry, bytes);
  }

  /** The same for a packet that says nothing about the state: a flow's first, which made it, or a later fragment. */
  count(entry: number, bytes: number): void {
    this.tuples.count(entry, bytes);
    this.#flows[((entry >> 1) << ROW_SHIFT) + Flow.lastAt] = this.#clock.ms;
    this.#idle.refresh(entry >> 1);
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

  /** Ends a flow: tells the listener, then forgets it. */
  end(flow: number): void {
    this.#listener.flowEnded(flow);
    this.tuples.remove(flow);
    this.#idle.remove(flow);
    const row = flow << ROW_SHIFT;
    this.#flows[row + Flow.generation] = (this.#flows[row + Flow.generation]! + 1) | 0;
    this.#flows[row + Flow.state] = FREE;
    this.#flows[row + Flow.nextFree] = this.#free;
    this.#free = flow;
    this.live--;
  }

  /** Ends flows that were idle too long, looking at so many rows, from where the last call stopped. */
  sweep(rows: number): void {
    for (let looked = 0; looked < rows && looked < this.#unused; looked++) {
      if (this.#hand >= this.#unused) this.#hand = 0;
      const row = this.#hand << ROW_SHIFT;
      if (this.#flows[row + Flow.state] !== FREE && this.#isIdleTooLong(row)) {
        this.expired++;
        this.end(this.#hand);
      }
      this.#hand++;
    }
  }

  #isIdleTooLong(row: number): boolean {
    const idleMs = (this.#clock.ms - this.#flows[row + Flow.lastAt]!) | 0;
    return idleMs > this.#flows[row + Flow.timeoutMs]!;
  }

  #allocate(): number {
    if (this.#free === -1 && this.#unused === this.#capacity) {
      this.evicted++;
      this.end(this.#idle.oldest);
    }
    this.live++;
    if (this.#free === -1) return this.#unused++;
    const flow = this.#free;
    this.#free = this.#flows[(flow << ROW_SHIFT) + Flow.nextFree]!;
    return flow;
  }
}

function hasPorts(protocol: number): boolean {
  return protocol === Protocol.Tcp || protocol === Protocol.Udp || protocol === Protocol.Sctp;
}
