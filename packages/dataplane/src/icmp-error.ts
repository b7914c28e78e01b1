/**
 * ICMP errors of this node's own (RFC 1812 §4.3.2, RFC 4443): the packet cannot go on, and its sender is told why.
 * They come from pw0's address and go back the way the packet came; those to the host itself, and those that refuse a
 * port, come from the address that was to be reached: a kernel takes nothing from an address of its own.
 *
 *   | IP | ICMP | the packet's beginning |
 *
 * Never about an ICMP error, a later fragment, or a packet to or from a group: what reaches this file is a flow's
 * first packet or belongs to a flow, and so is none of those.
 */
import { Counter, type Counters, HOST_TARGET, type Tables } from "@podwire/tables";
import { icmp, icmpv6, ipv4, ipv6, Protocol } from "@podwire/wire";
import { type Packet, PacketKind } from "./packet.ts";
import type { Arena } from "./ports.ts";
import { LARGEST_ANSWER_BYTES, type ReturnPath } from "./return-path.ts";

/** What went wrong; for IPv4 and IPv6 in turn, type and code. */
export const IcmpError = {
  timeExceeded: { type4: icmp.Type.TimeExceeded, code4: 0, type6: icmpv6.Type.TimeExceeded, code6: 0 },
  hostUnreachable: {
    type4: icmp.Type.DestinationUnreachable,
    code4: icmp.Unreachable.Host,
    type6: icmpv6.Type.DestinationUnreachable,
    code6: icmpv6.Unreachable.Address,
  },
  portUnreachable: {
    type4: icmp.Type.DestinationUnreachable,
    code4: icmp.Unreachable.Port,
    type6: icmpv6.Type.DestinationUnreachable,
    code6: icmpv6.Unreachable.Port,
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
const LARGEST_IPV6 = LARGEST_ANSWER_BYTES;
const TTL = 64;

export class IcmpErrors {
  readonly #arena: Arena;
  readonly #back: ReturnPath;
  readonly #counters: Counters;

  constructor(arena: Arena, back: ReturnPath, counters: Counters) {
    this.#arena = arena;
    this.#back = back;
    this.#counters = counters;
  }

  /** Tells the packet's sender; `mtu` is of meaning to `tooBig` only. */
  send(tables: Tables, packet: Packet, error: IcmpErrorKind, mtu: number): void {
    const hasAddress = packet.version === 4 ? tables.hasHostIpv4 : tables.hasHostIpv6;
    if (packet.kind !== PacketKind.flow || !hasAddress) return;
    const at = this.#back.begin(packet);
    if (at < 0) return;
    const bytes =
      packet.version === 4
        ? this.#writeIpv4(tables, packet, error, mtu, at)
        : this.#writeIpv6(tables, packet, error, mtu, at);
    this.#back.send(packet, at, bytes);
    this.#counters.add(Counter.icmpErrorsSent, 1);
  }

  #writeIpv4(tables: Tables, packet: Packet, error: IcmpErrorKind, mtu: number, at: number): number {
    const { view } = this.#arena;
    const icmpAt = at + ipv4.MIN_HEADER_BYTES;
    const quote = Math.min(packet.length, LARGEST_IPV4 - ipv4.MIN_HEADER_BYTES - icmp.HEADER_BYTES);
    const quoteAt = icmpAt + icmp.HEADER_BYTES;
    this.#arena.u8.copyWithin(quoteAt, packet.at, packet.at + quote);
    icmp.write(view, icmpAt, quoteAt + quote, error.type4, error.code4, mtu & 0xffff);
    const total = quoteAt + quote - at;
    const source = isFromWanted(packet, error) ? packet.destination3 : tables.hostIpv4;
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
      const source = isFromWanted(packet, error) ? wanted : tables.hostIpv6[word]!;
      view.setInt32(ipv6.sourceAt(at) + word * 4, source);
      view.setInt32(ipv6.destinationAt(at) + word * 4, view.getInt32(ipv6.sourceAt(packet.at) + word * 4));
    }
    icmpv6.write(view, at, icmpAt, quoteAt + quote, error.type6, error.code6, mtu);
    return quoteAt + quote - at;
  }
}

/** Whether the error comes from the address that the packet was for. */
function isFromWanted(packet: Packet, error: IcmpErrorKind): boolean {
  return packet.arrival === HOST_TARGET || error === IcmpError.portUnreachable;
}
