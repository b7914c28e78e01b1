/**
 * Fragments: the first fragment of a packet has its ports and so its flow; the later ones are of the same flow,
 * found by addresses, protocol and identification.
 *
 * A later fragment that comes before the first, or without one, is dropped by name. It could only be held (memory
 * for whoever asks for it) or sent on by its address (past every policy on ports); and it hardly occurs: the
 * fragments of one packet leave in order and take one lane, so whoever lacks the first has lost it, and
 * with it the packet.
 *
 * Bounded: sets of four rows, the oldest of a set goes first.
 *
 *   row: source 0–3 | destination 4–7 | identification 8 | protocol + version × 256 9 | entry + 1 10 |
 *        generation of the flow 11 | seen at 12 | 13–15 unused
 */
import type { Clock } from "./clock.ts";
import { type Conntrack, Flow } from "./conntrack.ts";
import { FlowHash } from "./flow-hash.ts";
import { limits } from "./limits.ts";
import type { Packet } from "./packet.ts";
import { NO_ENTRY } from "./tuple-table.ts";

const ROW_WORDS = 16;
const WAYS = 4;
const SETS = limits.fragmentedPackets / WAYS;
const W = { id: 8, protocol: 9, entry: 10, generation: 11, seenAt: 12 } as const;

export class Fragments {
  readonly #rows = new Int32Array(limits.fragmentedPackets * ROW_WORDS);
  readonly #hash: FlowHash;
  readonly #clock: Clock;
  readonly #conntrack: Conntrack;

  constructor(seed: readonly [number, number], clock: Clock, conntrack: Conntrack) {
    this.#hash = new FlowHash(seed);
    this.#clock = clock;
    this.#conntrack = conntrack;
  }

  /** A first fragment went through: later ones belong to `entry`. */
  remember(packet: Packet, entry: number): void {
    const rows = this.#rows;
    let at = this.#find(packet);
    if (at < 0) at = this.#oldest(this.#set(packet));
    rows[at] = packet.source0;
    rows[at + 1] = packet.source1;
    rows[at + 2] = packet.source2;
    rows[at + 3] = packet.source3;
    rows[at + 4] = packet.destination0;
    rows[at + 5] = packet.destination1;
    rows[at + 6] = packet.destination2;
    rows[at + 7] = packet.destination3;
    rows[at + W.id] = packet.fragmentId;
    rows[at + W.protocol] = packet.protocol | (packet.version << 8);
    rows[at + W.entry] = entry + 1;
    rows[at + W.generation] = this.#conntrack.get(entry >> 1, Flow.generation);
    rows[at + W.seenAt] = this.#clock.ms;
  }

  /** The entry of a later fragment's flow; `NO_ENTRY` when the first one is unknown, too old, or its flow is over. */
  find(packet: Packet): number {
    const at = this.#find(packet);
    if (at < 0) return NO_ENTRY;
    const entry = this.#rows[at + W.entry]! - 1;
    const age = (this.#clock.ms - this.#rows[at + W.seenAt]!) | 0;
    const generation = this.#conntrack.get(entry >> 1, Flow.generation);
    const valid = age <= limits.fragmentTimeoutMs && generation === this.#rows[at + W.generation];
    return valid ? entry : NO_ENTRY;
  }

  #find(packet: Packet): number {
    const rows = this.#rows;
    const set = this.#set(packet);
    for (let at = set; at < set + WAYS * ROW_WORDS; at += ROW_WORDS) {
      const same =
        rows[at + W.entry] !== 0 &&
        rows[at + W.id] === packet.fragmentId &&
        rows[at + W.protocol] === (packet.protocol | (packet.version << 8)) &&
        rows[at] === packet.source0 &&
        rows[at + 1] === packet.source1 &&
        rows[at + 2] === packet.source2 &&
        rows[at + 3] === packet.source3 &&
        rows[at + 4] === packet.destination0 &&
        rows[at + 5] === packet.destination1 &&
        rows[at + 6] === packet.destination2 &&
        rows[at + 7] === packet.destination3;
      if (same) return at;
    }
    return -1;
  }

  /** First word of the set that the packet belongs to. */
  #set(packet: Packet): number {
    const hash = this.#hash.ofIpv6(
      packet.source0,
      packet.source1,
      packet.source2,
      packet.source3,
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
      packet.fragmentId,
      packet.protocol | (packet.version << 8),
    );
    return (hash & (SETS - 1)) * WAYS * ROW_WORDS;
  }

  #oldest(set: number): number {
    const rows = this.#rows;
    let oldest = set;
    let oldestAge = -1;
    for (let at = set; at < set + WAYS * ROW_WORDS; at += ROW_WORDS) {
      if (rows[at + W.entry] === 0) return at;
      const age = (this.#clock.ms - rows[at + W.seenAt]!) >>> 0;
      if (age > oldestAge) {
        oldestAge = age;
        oldest = at;
      }
    }
    return oldest;
  }
}
