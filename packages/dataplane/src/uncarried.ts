/**
 * What the pod network does not carry, by name: a pod's kernel sends multicast and link-local packets of its own
 * accord (MLD, router solicitations, mDNS of some library), and that is no error of anybody. Looked at for the
 * first packet of a flow only: none of these ever becomes a flow.
 */
import { DROP_REASONS, Drop } from "@podwire/tables";
import { icmpv6, Protocol } from "@podwire/wire";
import type { Packet } from "./packet.ts";
import { PacketKind } from "./packet.ts";

const IGMP = 2;
const MDNS_PORT = 5353;
const LLMNR_PORT = 5355;
const ALL_ONES = -1;

/** What kernels send of their own accord: counted by name like every drop, but no flow record is spent on it. */
const background = new Uint8Array(DROP_REASONS);
for (const reason of [
  Drop.multicastListener,
  Drop.neighbourDiscovery,
  Drop.multicastDns,
  Drop.multicast,
  Drop.broadcast,
  Drop.linkLocal,
]) {
  background[reason] = 1;
}

export function isBackground(reason: number): boolean {
  return background[reason] === 1;
}

/** `Drop.none`, or why a packet with these addresses is not for the pod network. */
export function uncarried(packet: Packet): number {
  return packet.version === 4 ? uncarriedIpv4(packet) : uncarriedIpv6(packet);
}

function uncarriedIpv4(packet: Packet): number {
  const destination = packet.destination3;
  if (destination >>> 28 === 0xe) return multicast(packet);
  if (destination === ALL_ONES) return Drop.broadcast;
  if (destination >>> 24 === 127 || destination >>> 24 === 0) return Drop.destinationAddressBad;
  const source = packet.source3;
  if (source >>> 28 >= 0xe || source >>> 24 === 127 || source >>> 24 === 0) return Drop.sourceAddressBad;
  return isLinkLocalIpv4(source) || isLinkLocalIpv4(destination) ? Drop.linkLocal : Drop.none;
}

function uncarriedIpv6(packet: Packet): number {
  if (packet.destination0 >>> 24 === 0xff) return multicast(packet);
  if (packet.source0 >>> 24 === 0xff) return Drop.sourceAddressBad;
  if (isLinkLocalIpv6(packet.source0) || isLinkLocalIpv6(packet.destination0)) {
    return isNeighbourDiscovery(packet) ? Drop.neighbourDiscovery : Drop.linkLocal;
  }
  if (
    isUnspecifiedOrLoopback(
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
    )
  ) {
    return Drop.destinationAddressBad;
  }
  return isUnspecifiedOrLoopback(packet.source0, packet.source1, packet.source2, packet.source3)
    ? Drop.sourceAddressBad
    : Drop.none;
}

function multicast(packet: Packet): number {
  if (packet.protocol === IGMP || isMulticastListener(packet)) return Drop.multicastListener;
  if (isNeighbourDiscovery(packet)) return Drop.neighbourDiscovery;
  const port = packet.ports & 0xffff;
  const isName = packet.protocol === Protocol.Udp && (port === MDNS_PORT || port === LLMNR_PORT);
  return isName ? Drop.multicastDns : Drop.multicast;
}

function isMulticastListener(packet: Packet): boolean {
  if (!isIcmpv6Message(packet)) return false;
  const type = packet.flags;
  return (type >= 130 && type <= 132) || type === icmpv6.Type.MulticastListenerReportV2;
}

function isNeighbourDiscovery(packet: Packet): boolean {
  if (!isIcmpv6Message(packet)) return false;
  return packet.flags >= icmpv6.Type.RouterSolicitation && packet.flags <= icmpv6.Type.Redirect;
}

function isIcmpv6Message(packet: Packet): boolean {
  return packet.protocol === Protocol.Icmpv6 && packet.kind === PacketKind.icmpOther;
}

function isLinkLocalIpv4(address: number): boolean {
  return address >>> 16 === 0xa9fe;
}

function isLinkLocalIpv6(word: number): boolean {
  return word >>> 22 === 0x3fa;
}

/** ::, ::1 and, with them, the IPv4-mapped addresses, which must not appear on a wire (RFC 4942 §2.2). */
function isUnspecifiedOrLoopback(a: number, b: number, c: number, d: number): boolean {
  if (a !== 0 || b !== 0) return false;
  return c === 0xffff || (c === 0 && (d === 0 || d === 1));
}
