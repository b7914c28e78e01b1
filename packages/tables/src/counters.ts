/**
 * Counters of one data plane, in a SharedArrayBuffer: one writer (the data plane's thread), any readers.
 *
 *   +---------+----------------+----------------------------+----------------------------+
 *   | scalars | drops          | ports: packets in, bytes   | peers: packets in, bytes   |
 *   |         | one a reason   | in, packets out, bytes out | in, packets out, bytes out |
 *   +---------+----------------+----------------------------+----------------------------+
 *
 * Every cell is a 64-bit float: exact up to 2^53, and an aligned eight-byte store does not tear on x64 and
 * arm64, so the writer needs no atomics. A reader sees each cell right, and cells of one moment only nearly so.
 *
 * Units: on a TUN device a packet is one read or one write, super-packets included; towards a peer and from it,
 * one datagram.
 */
import { DROP_REASONS, dropName } from "./drop.ts";
import { limits } from "./limits.ts";

const scalarNames = [
  /** Calls that read from TUN devices or the underlay and found something. */
  "tunBatches",
  "underlayBatches",
  /** Messages handed to the underlay (each one datagram or several of one size), and flushes. */
  "underlayMessages",
  "flushes",
  /** Packets of a flow judged already: one hash lookup. */
  "fastPath",
  /** Packets read or received that went on, to a port or into a message to a peer. All others were dropped. */
  "forwarded",
  /** Packets larger than the MTU that were read whole, split towards a peer, or written merged. */
  "superPacketsIn",
  "superPacketsSplit",
  "superPacketsMerged",
  /** Datagrams that went into those. */
  "packetsMerged",
  "innerFragmentsMade",
  "icmpErrorsSent",
  "tcpResetsSent",
  /** Errors and resets that were not sent because there were too many. */
  "answersSuppressed",
  "flowsLive",
  "flowsCreated",
  /** Those of them that have a Service's backend. */
  "flowsTranslated",
  /** Clients that a Service binds to a backend (sessionAffinity), and those that made room for others. */
  "affinities",
  "affinitiesEvicted",
  "flowsExpired",
  "flowsEvicted",
  "flowsRejudged",
  "flowsRevoked",
  "publishes",
] as const;

export type ScalarName = (typeof scalarNames)[number];

/** Cell numbers of the scalars. */
export const Counter = Object.freeze(Object.fromEntries(scalarNames.map((name, at) => [name, at]))) as {
  readonly [name in ScalarName]: number;
};

const DROPS_AT = scalarNames.length;
const PORTS_AT = DROPS_AT + DROP_REASONS;
const LINK_CELLS = 4;
const PEERS_AT = PORTS_AT + limits.ports * LINK_CELLS;
const CELLS = PEERS_AT + limits.peers * LINK_CELLS;

/** Packets and bytes over one link: a TUN device or the way to a peer. `in` is towards the data plane. */
export interface LinkCounters {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
}

export interface CountersSnapshot {
  readonly scalars: { readonly [name in ScalarName]: number };
  /** By name, without the reasons that never occurred. */
  readonly drops: { readonly [name: string]: number };
  /** By index, without the links that never carried anything. */
  readonly ports: ReadonlyMap<number, LinkCounters>;
  readonly peers: ReadonlyMap<number, LinkCounters>;
}

export class Counters {
  readonly cells: Float64Array;

  constructor(buffer: SharedArrayBuffer = Counters.allocate()) {
    this.cells = new Float64Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CELLS * Float64Array.BYTES_PER_ELEMENT);
  }

  /** Hand this to another thread. */
  get buffer(): SharedArrayBuffer {
    return this.cells.buffer as SharedArrayBuffer;
  }

  add(counter: number, by: number): void {
    this.cells[counter] = this.cells[counter]! + by;
  }

  set(counter: number, value: number): void {
    this.cells[counter] = value;
  }

  drop(reason: number, packets: number): void {
    this.cells[DROPS_AT + reason] = this.cells[DROPS_AT + reason]! + packets;
  }

  portIn(port: number, packets: number, bytes: number): void {
    this.#link(PORTS_AT + port * LINK_CELLS, packets, bytes);
  }

  portOut(port: number, packets: number, bytes: number): void {
    this.#link(PORTS_AT + port * LINK_CELLS + 2, packets, bytes);
  }

  peerIn(peer: number, packets: number, bytes: number): void {
    this.#link(PEERS_AT + peer * LINK_CELLS, packets, bytes);
  }

  peerOut(peer: number, packets: number, bytes: number): void {
    this.#link(PEERS_AT + peer * LINK_CELLS + 2, packets, bytes);
  }

  #link(at: number, packets: number, bytes: number): void {
    this.cells[at] = this.cells[at]! + packets;
    this.cells[at + 1] = this.cells[at + 1]! + bytes;
  }

  /** A port number is free to serve another pod: its counters start anew. */
  clearPort(port: number): void {
    this.cells.fill(0, PORTS_AT + port * LINK_CELLS, PORTS_AT + (port + 1) * LINK_CELLS);
  }

  /** How often a reason occurred. */
  dropped(reason: number): number {
    return this.cells[DROPS_AT + reason]!;
  }

  /** All drops together. */
  droppedInAll(): number {
    let sum = 0;
    for (let reason = 1; reason < DROP_REASONS; reason++) sum += this.dropped(reason);
    return sum;
  }

  snapshot(): CountersSnapshot {
    const drops: { [name: string]: number } = {};
    for (let reason = 1; reason < DROP_REASONS; reason++) {
      if (this.dropped(reason) > 0) drops[dropName(reason)] = this.dropped(reason);
    }
    const scalars = Object.fromEntries(scalarNames.map((name, at) => [name, this.cells[at]!]));
    return {
      scalars: scalars as CountersSnapshot["scalars"],
      drops,
      ports: this.#links(PORTS_AT, limits.ports),
      peers: this.#links(PEERS_AT, limits.peers),
    };
  }

  #links(from: number, count: number): Map<number, LinkCounters> {
    const links = new Map<number, LinkCounters>();
    for (let index = 0; index < count; index++) {
      const at = from + index * LINK_CELLS;
      const [packetsIn, bytesIn, packetsOut, bytesOut] = this.cells.subarray(at, at + LINK_CELLS);
      if (packetsIn! + packetsOut! === 0) continue;
      links.set(index, {
        packetsIn: packetsIn!,
        bytesIn: bytesIn!,
        packetsOut: packetsOut!,
        bytesOut: bytesOut!,
      });
    }
    return links;
  }
}
