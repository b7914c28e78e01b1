/**
 * ICMP errors belong to the flow of the packet they quote. The quoted packet went one way, the error comes back the
 * other: it must come from the end that the packet went to, and be addressed to the packet's sender.
 *
 *   a packet of the flow:   source -> destination
 *   the error about it:     router -> source,  quoting [IP header][first 8 bytes of transport]
 *
 * Whoever is off the path can so not tear down or slow down connections of others with forged errors.
 */
import { Drop } from "@podwire/tables";
import { icmp, icmpv6, ipv4, ipv6, Protocol } from "@podwire/wire";
import { type Packet, PacketKind } from "./packet.ts";

/** Transport bytes that every router must quote (RFC 792): ports, or ICMP's identifier. */
const QUOTED_TRANSPORT_BYTES = 8;

/** Fills `quoted` with the tuple of the packet that the ICMP error `packet` quotes. */
export function parseQuoted(view: DataView, packet: Packet, quoted: Packet): number {
  const end = packet.at + packet.length;
  const at = packet.at + packet.headerBytes + icmp.HEADER_BYTES;
  quoted.at = at;
  quoted.kind = PacketKind.flow;
  quoted.version = packet.version;
  quoted.ports = 0;
  quoted.flags = 0;
  return packet.version === 4
    ? parseQuotedIpv4(view, quoted, at, end)
    : parseQuotedIpv6(view, quoted, at, end);
}

function parseQuotedIpv4(view: DataView, quoted: Packet, at: number, end: number): number {
  if (end - at < ipv4.MIN_HEADER_BYTES || view.getUint8(at) >> 4 !== 4) return Drop.icmpErrorBad;
  quoted.headerBytes = ipv4.headerBytes(view, at);
  if (quoted.headerBytes < ipv4.MIN_HEADER_BYTES) return Drop.icmpErrorBad;
  if (at + quoted.headerBytes + QUOTED_TRANSPORT_BYTES > end) return Drop.icmpErrorBad;
  if (ipv4.fragmentOffset(view, at) !== 0) return Drop.icmpErrorNoFlow;
  quoted.protocol = ipv4.protocol(view, at);
  quoted.source0 = quoted.source1 = quoted.destination0 = quoted.destination1 = 0;
  quoted.source2 = quoted.destination2 = 0xffff;
  quoted.source3 = ipv4.source(view, at) | 0;
  quoted.destination3 = ipv4.destination(view, at) | 0;
  return parseQuotedPorts(view, quoted, at + quoted.headerBytes);
}

/** Extension headers are not walked: errors about such packets are rare, and unmatched ones are dropped by name. */
function parseQuotedIpv6(view: DataView, quoted: Packet, at: number, end: number): number {
  if (at + ipv6.HEADER_BYTES + QUOTED_TRANSPORT_BYTES > end) return Drop.icmpErrorBad;
  if (view.getUint8(at) >> 4 !== 6) return Drop.icmpErrorBad;
  quoted.headerBytes = ipv6.HEADER_BYTES;
  quoted.protocol = ipv6.nextHeader(view, at);
  const source = ipv6.sourceAt(at);
  quoted.source0 = view.getInt32(source);
  quoted.source1 = view.getInt32(source + 4);
  quoted.source2 = view.getInt32(source + 8);
  quoted.source3 = view.getInt32(source + 12);
  const destination = ipv6.destinationAt(at);
  quoted.destination0 = view.getInt32(destination);
  quoted.destination1 = view.getInt32(destination + 4);
  quoted.destination2 = view.getInt32(destination + 8);
  quoted.destination3 = view.getInt32(destination + 12);
  return parseQuotedPorts(view, quoted, at + ipv6.HEADER_BYTES);
}

function parseQuotedPorts(view: DataView, quoted: Packet, at: number): number {
  switch (quoted.protocol) {
    case Protocol.Tcp:
    case Protocol.Udp:
    case Protocol.Sctp:
      quoted.ports = view.getInt32(at);
      return Drop.none;
    case Protocol.Icmp:
      if (icmp.isError(view, at)) return Drop.icmpErrorBad;
      quoted.ports = echoPorts(icmp.type(view, at), icmp.Type.EchoReply, icmp.Type.EchoRequest, view, at);
      return Drop.none;
    case Protocol.Icmpv6:
      if (icmpv6.isError(view, at)) return Drop.icmpErrorBad;
      quoted.ports = echoPorts(
        icmpv6.type(view, at),
        icmpv6.Type.EchoReply,
        icmpv6.Type.EchoRequest,
        view,
        at,
      );
      return Drop.none;
    default:
      return Drop.none;
  }
}

/** As parse.ts: the reply carries the request's type as its source port. */
function echoPorts(type: number, reply: number, request: number, view: DataView, at: number): number {
  const identifier = icmp.identifier(view, at);
  return type === reply ? (request << 16) | identifier : (identifier << 16) | type;
}

/** Whether the ICMP error is addressed to the sender of the packet that it quotes. */
export function isToQuotedSource(packet: Packet, quoted: Packet): boolean {
  return (
    packet.destination3 === quoted.source3 &&
    packet.destination2 === quoted.source2 &&
    packet.destination1 === quoted.source1 &&
    packet.destination0 === quoted.source0
  );
}
