/**
 * What this node itself answers to a packet goes back the way the packet came: an ICMP error (icmp-error.ts) or a TCP
 * reset (tcp-reset.ts), written into a slot of the outbox.
 *
 *   slot:  | 22 bytes: template or virtio-net header | the answer's IP packet |
 *
 * Rate-limited by token buckets, one for each port and each peer, so that one pod's flood does not take the answers of
 * another.
 */
import {
  Counter,
  type Counters,
  TargetKind,
  limits as tableLimits,
  targetIndex,
  targetKind,
} from "@podwire/tables";
import { ipv6, virtio } from "@podwire/wire";
import type { Clock } from "./clock.ts";
import type { Deliverer } from "./deliver.ts";
import type { Encapsulator } from "./encapsulate.ts";
import { limits } from "./limits.ts";
import { ENCAPSULATION_BYTES } from "./offload/index.ts";
import type { Packet } from "./packet.ts";
import type { Arena } from "./ports.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** The largest answer: an ICMPv6 error (RFC 4443 §2.4). */
export const LARGEST_ANSWER_BYTES = ipv6.MIN_MTU;

/** Answers are no flow, and any lane will do. */
const LANE = 0;
const SLOT_BYTES = (ENCAPSULATION_BYTES + LARGEST_ANSWER_BYTES + 3) & ~3;

export class ReturnPath {
  readonly #arena: Arena;
  readonly #encapsulator: Encapsulator;
  readonly #deliverer: Deliverer;
  readonly #counters: Counters;
  readonly #buckets: TokenBuckets;

  constructor(
    arena: Arena,
    encapsulator: Encapsulator,
    deliverer: Deliverer,
    counters: Counters,
    clock: Clock,
  ) {
    this.#arena = arena;
    this.#encapsulator = encapsulator;
    this.#deliverer = deliverer;
    this.#counters = counters;
    const buckets = tableLimits.ports + tableLimits.peers;
    this.#buckets = new TokenBuckets(clock, buckets, limits.answersPerSecond, limits.answerBurst);
  }

  /** Where an answer to the packet may be written; −1 when there were too many lately. */
  begin(packet: Packet): number {
    if (!this.#buckets.take(bucketOf(packet.arrival))) {
      this.#counters.add(Counter.answersSuppressed, 1);
      return -1;
    }
    const { outbox } = this.#encapsulator;
    if (!outbox.fits(SLOT_BYTES, 1)) this.#encapsulator.flush();
    return outbox.takeHeaders(SLOT_BYTES) + ENCAPSULATION_BYTES;
  }

  /** Sends the answer of so many bytes that was written at `at`. */
  send(packet: Packet, at: number, bytes: number): void {
    const index = targetIndex(packet.arrival);
    if (targetKind(packet.arrival) === TargetKind.peer) {
      const slotAt = at - ENCAPSULATION_BYTES;
      this.#encapsulator.sendPieces(index, LANE, packet.version, slotAt, bytes, 0, 0);
      return;
    }
    const headerAt = at - virtio.HEADER_BYTES;
    virtio.clear(this.#arena.view, headerAt);
    this.#deliverer.write(index, headerAt, virtio.HEADER_BYTES + bytes, 0, 0);
  }
}

function bucketOf(arrival: number): number {
  const index = targetIndex(arrival);
  return targetKind(arrival) === TargetKind.peer ? tableLimits.ports + index : index;
}
