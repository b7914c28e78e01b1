/**
 * ICMP errors of this node's own (RFC 1812 §4.3.2, RFC 4443): the packet cannot go on, and its sender is told why.
 * They come from pw0's address and go back the way the packet came; those to the host itself come from the address
 * that it wanted to reach, since a kernel takes nothing from an address of its own.
 *
 *   slot of the outbox:  | 22 bytes: template or virtio-net header | IP | ICMP | the packet's beginning |
 *
 * Never about an ICMP error, a later fragment, or a packet to or from a group: what reaches this file is a flow's
 * first packet or belongs to a flow, and so is none of those. Rate-limited by token buckets, one for each port and
 * each peer, so that one pod's flood does not take the errors of another.
 */
import {
  Counter,
  type Counters,
  HOST_TARGET,
  type Tables,
  TargetKind,
  limits as tableLimits,
  targetIndex,
  targetKind,
} from "@podwire/tables";
import { icmp, icmpv6, ipv4, ipv6, Protocol, virtio } from "@podwire/wire";
import type { Clock } from "./clock.ts";
import type { Deliverer } from "./deliver.ts";
import type { Encapsulator } from "./encapsulate.ts";
import { limits } from "./limits.ts";
import { ENCAPSULATION_BYTES } from "./offload/index.ts";
import { type Packet, PacketKind } from "./packet.ts";
import type { Arena } from "./ports.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** What went wrong; for IPv4 and IPv6 in turn, type and code. */
export const IcmpError = {
  timeExceeded: { type4: icmp.Type.TimeExceeded, code4: 0, type6: icmpv6.Type.TimeExceeded, code6: 0 },
  hostUnreachable: {
    type4: icmp.Type.DestinationUnreachable,
    code4: icmp.Unreachable.Host,
    type6: icmpv6.Type.DestinationUnreachable,
    code6: icmpv6.Unreachable.Address,
  },
  tooBig: {
    type4: icmp.Type.DestinationUnreachable,
    code4: icmp.Unreachable.FragmentationNeeded,
    type6: icmpv6.Type.PacketTooBig,
    code6: 0,
  },
} as const;

export type IcmpErrorKind = (typeof IcmpError)[keyof typeof IcmpError];

/** RFC 1812 §4.3.2.3: as much as fits 576 bytes. RFC 4443 §2.4: as fits the minimum MTU. */
const LARGEST_IPV4 = 576;
const LARGEST_IPV6 = ipv6.MIN_MTU;
const TTL = 64;
/** ICMP errors are no flow, and any lane will do. */
const LANE = 0;
const SLOT_BYTES = (ENCAPSULATION_BYTES + LARGEST_IPV6 + 3) & ~3;

export class IcmpErrors {
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
    this.#buckets = new TokenBuckets(clock, buckets, limits.icmpErrorsPerSecond, limits.icmpErrorBurst);
  }

  /** Tells the packet's sender; `mtu` is of meaning to `tooBig` only. */
  send(tables: Tables, packet: Packet, error: IcmpErrorKind, mtu: number): void {
    const hasAddress = packet.version === 4 ? tables.hasHostIpv4 : tables.hasHostIpv6;
    if (packet.kind !== PacketKind.flow || !hasAddress) return;
    if (!this.#buckets.take(bucketOf(packet.arrival))) {
      this.#counters.add(Counter.icmpErrorsSuppressed, 1);
      return;
    }
    const { outbox } = this.#encapsulator;
    if (!outbox.fits(SLOT_BYTES, 1)) this.#encapsulator.flush();
    const slotAt = outbox.takeHeaders(SLOT_BYTES);
    const at = slotAt + ENCAPSULATION_BYTES;
    const bytes =
      packet.version === 4
        ? this.#writeIpv4(tables, packet, error, mtu, at)
        : this.#writeIpv6(tables, packet, error, mtu, at);
    this.#sendBack(packet, slotAt, bytes);
    this.#counters.add(Counter.icmpErrorsSent, 1);
  }

  #sendBack(packet: Packet, slotAt: number, bytes: number): void {
    const index = targetIndex(packet.arrival);
    if (targetKind(packet.arrival) === TargetKind.peer) {
      this.#encapsulator.sendPieces(index, LANE, packet.version, slotAt, bytes, 0, 0);
      return;
    }
    const headerAt = slotAt + ENCAPSULATION_BYTES - virtio.HEADER_BYTES;
    virtio.clear(this.#arena.view, headerAt);
    this.#deliverer.write(index, headerAt, virtio.HEADER_BYTES + bytes, 0, 0);
  }

  #writeIpv4(tables: Tables, packet: Packet, error: IcmpErrorKind, mtu: number, at: number): number {
    const { view } = this.#arena;
    const icmpAt = at + ipv4.MIN_HEADER_BYTES;
    const quote = Math.min(packet.length, LARGEST_IPV4 - ipv4.MIN_HEADER_BYTES - icmp.HEADER_BYTES);
    const quoteAt = icmpAt + icmp.HEADER_BYTES;
    this.#arena.u8.copyWithin(quoteAt, packet.at, packet.at + quote);
    icmp.write(view, icmpAt, quoteAt + quote, error.type4, error.code4, mtu & 0xffff);
    const total = quoteAt + quote - at;
    const source = packet.arrival === HOST_TARGET ? packet.destination3 : tables.hostIpv4;
    ipv4.write(view, at, total, 0, 0, TTL, Protocol.Icmp, source, packet.source3);
    return total;
  }

  #writeIpv6(tables: Tables, packet: Packet, error: IcmpErrorKind, mtu: number, at: number): number {
    const { view } = this.#arena;
    const icmpAt = at + ipv6.HEADER_BYTES;
    const quote = Math.min(packet.length, LARGEST_IPV6 - ipv6.HEADER_BYTES - icmpv6.HEADER_BYTES);
    const quoteAt = icmpAt + icmpv6.HEADER_BYTES;
    this.#arena.u8.copyWithin(quoteAt, packet.at, packet.at + quote);
    ipv6.writeFixed(view, at, icmpv6.HEADER_BYTES + quote, Protocol.Icmpv6, TTL);
    for (let word = 0; word < 4; word++) {
      const wanted = view.getInt32(ipv6.destinationAt(packet.at) + word * 4);
      const source = packet.arrival === HOST_TARGET ? wanted : tables.hostIpv6[word]!;
      view.setInt32(ipv6.sourceAt(at) + word * 4, source);
      view.setInt32(ipv6.destinationAt(at) + word * 4, view.getInt32(ipv6.sourceAt(packet.at) + word * 4));
    }
    icmpv6.write(view, at, icmpAt, quoteAt + quote, error.type6, error.code6, mtu);
    return quoteAt + quote - at;
  }
}

function bucketOf(arrival: number): number {
  const index = targetIndex(arrival);
  return targetKind(arrival) === TargetKind.peer ? tableLimits.ports + index : index;
}
