/**
 * Parses an inner IP packet, once, bounds-checked: everything that later stages need is in the record after it,
 * and what `parse` accepted cannot lead them out of the packet.
 *
 *   version -> IPv4 or IPv6 header (-> extension headers) -> fragment? -> ports or what stands in for them
 *
 * ICMP has no ports. A request has its identifier as source port and its type as destination port; the reply to
 * it has the type of the *request* as source port and the identifier as destination port, so that the two
 * tuples mirror each other as those of TCP do.
 */
import { Drop } from "@podwire/tables";
import { Fit, icmp, icmpv6, ipv4, ipv6, ipv6Extensions, Protocol, sctp, tcp, udp } from "@podwire/wire";
import { type Packet, PacketKind } from "./packet.ts";
import { tcpFlagsValid } from "./tcp-state.ts";

const MAX_DATAGRAM_BYTES = 65_535;
/** ICMP's timestamp request and reply (RFC 792), the one other pair that makes a flow. */
const TIMESTAMP_REQUEST = 13;
const TIMESTAMP_REPLY = 14;

/** Parses the packet in [at, end) into `packet` and returns `Drop.none` or why it cannot go on. */
export function parse(view: DataView, packet: Packet, at: number, end: number): number {
  packet.at = at;
  packet.kind = PacketKind.flow;
  packet.translation = -1;
  packet.ports = 0;
  packet.flags = 0;
  packet.firstFragment = 0;
  packet.fragmentId = 0;
  if (end <= at) return Drop.packetEmpty;
  const version = view.getUint8(at) >> 4;
  packet.version = version;
  if (version === 4) return parseIpv4(view, packet, at, end);
  if (version === 6) return parseIpv6(view, packet, at, end);
  return Drop.ipVersionUnknown;
}

function parseIpv4(view: DataView, packet: Packet, at: number, end: number): number {
  if (ipv4.fits(view, at, end) !== Fit.Ok) return Drop.ipv4HeaderBad;
  if (ipv4.checksumFits(view, at) !== Fit.Ok) return Drop.ipv4ChecksumBad;
  packet.length = ipv4.totalLength(view, at);
  packet.headerBytes = ipv4.headerBytes(view, at);
  packet.protocol = ipv4.protocol(view, at);
  packet.source0 = packet.source1 = packet.destination0 = packet.destination1 = 0;
  packet.source2 = packet.destination2 = 0xffff;
  packet.source3 = ipv4.source(view, at) | 0;
  packet.destination3 = ipv4.destination(view, at) | 0;
  packet.mayFragment = ipv4.dontFragment(view, at) ? 0 : 1;
  if (!ipv4.isFragment(view, at)) return parseTransport(view, packet);
  packet.fragmentId = ipv4.identification(view, at);
  const more = (ipv4.fragment(view, at) & ipv4.MORE_FRAGMENTS) !== 0;
  return parseFragment(view, packet, ipv4.fragmentOffset(view, at), more);
}

function parseIpv6(view: DataView, packet: Packet, at: number, end: number): number {
  if (ipv6.fits(view, at, end) !== Fit.Ok) return Drop.ipv6HeaderBad;
  packet.length = ipv6.totalLength(view, at);
  const source = ipv6.sourceAt(at);
  packet.source0 = view.getInt32(source);
  packet.source1 = view.getInt32(source + 4);
  packet.source2 = view.getInt32(source + 8);
  packet.source3 = view.getInt32(source + 12);
  const destination = ipv6.destinationAt(at);
  packet.destination0 = view.getInt32(destination);
  packet.destination1 = view.getInt32(destination + 4);
  packet.destination2 = view.getInt32(destination + 8);
  packet.destination3 = view.getInt32(destination + 12);
  packet.mayFragment = 0;
  const walked = ipv6Extensions.walk(view, at);
  if (walked < 0) return Drop.ipv6ExtensionBad;
  packet.protocol = ipv6Extensions.walkedProtocol(walked);
  packet.headerBytes = ipv6Extensions.walkedTransport(walked);
  const fragment = ipv6Extensions.walkedFragment(walked);
  if (fragment === 0) return parseTransport(view, packet);
  packet.fragmentId = ipv6Extensions.fragmentIdentification(view, at + fragment) | 0;
  const offset = ipv6Extensions.fragmentOffset(view, at + fragment);
  const more = ipv6Extensions.moreFragments(view, at + fragment);
  // Offset 0 and no more: an atomic fragment (RFC 6946), a whole packet.
  return offset === 0 && !more ? parseTransport(view, packet) : parseFragment(view, packet, offset, more);
}

/** The rules of RFC 1858 and RFC 3128 against fragments that hide a transport header are in here. */
function parseFragment(view: DataView, packet: Packet, offset: number, more: boolean): number {
  const payload = packet.length - packet.headerBytes;
  if (payload <= 0 || offset + payload > MAX_DATAGRAM_BYTES) return Drop.fragmentBad;
  if (more && (payload & 7) !== 0) return Drop.fragmentBad;
  if (offset === 0) {
    packet.firstFragment = 1;
    const reason = parseTransport(view, packet);
    return reason === Drop.transportShort ? Drop.fragmentBad : reason;
  }
  if (packet.protocol === Protocol.Tcp && offset < tcp.MIN_HEADER_BYTES) return Drop.fragmentBad;
  packet.kind = PacketKind.laterFragment;
  return Drop.none;
}

function parseTransport(view: DataView, packet: Packet): number {
  const at = packet.at + packet.headerBytes;
  const end = packet.at + packet.length;
  switch (packet.protocol) {
    case Protocol.Tcp:
      return parseTcp(view, packet, at, end);
    case Protocol.Udp:
      return parseUdp(view, packet, at, end);
    case Protocol.Icmp:
      return packet.version === 4 ? parseIcmp(view, packet, at, end) : Drop.none;
    case Protocol.Icmpv6:
      return packet.version === 6 ? parseIcmpv6(view, packet, at, end) : Drop.none;
    case Protocol.Sctp:
      return parseSctp(view, packet, at, end);
    default:
      return Drop.none;
  }
}

function parseTcp(view: DataView, packet: Packet, at: number, end: number): number {
  const fit = tcp.fits(view, at, end);
  if (fit !== Fit.Ok) return fit === Fit.TooShort ? Drop.transportShort : Drop.tcpHeaderBad;
  packet.ports = tcp.ports(view, at) | 0;
  packet.flags = tcp.flags(view, at);
  return tcpFlagsValid(packet.flags) ? Drop.none : Drop.tcpFlagsBad;
}

function parseUdp(view: DataView, packet: Packet, at: number, end: number): number {
  const fit = packet.firstFragment === 1 ? udp.headerFits(view, at, end) : udp.fits(view, at, end);
  if (fit !== Fit.Ok) return fit === Fit.TooShort ? Drop.transportShort : Drop.udpLengthBad;
  packet.ports = udp.ports(view, at) | 0;
  return Drop.none;
}

function parseSctp(view: DataView, packet: Packet, at: number, end: number): number {
  const fit = sctp.fits(view, at, end);
  if (fit === Fit.TooShort) return Drop.transportShort;
  // The first chunk of a fragmented packet may well end in a later fragment.
  if (fit !== Fit.Ok && packet.firstFragment === 0) return Drop.sctpChunkBad;
  packet.ports = sctp.ports(view, at) | 0;
  packet.flags = sctp.firstChunk(view, at);
  return Drop.none;
}

function parseIcmp(view: DataView, packet: Packet, at: number, end: number): number {
  if (icmp.fits(view, at, end) !== Fit.Ok) return Drop.transportShort;
  const type = icmp.type(view, at);
  packet.flags = type;
  const identifier = icmp.identifier(view, at);
  switch (type) {
    case icmp.Type.EchoRequest:
    case TIMESTAMP_REQUEST:
      packet.ports = (identifier << 16) | type;
      return Drop.none;
    case icmp.Type.EchoReply:
      packet.ports = (icmp.Type.EchoRequest << 16) | identifier;
      return Drop.none;
    case TIMESTAMP_REPLY:
      packet.ports = (TIMESTAMP_REQUEST << 16) | identifier;
      return Drop.none;
    case icmp.Type.DestinationUnreachable:
    case icmp.Type.TimeExceeded:
    case icmp.Type.ParameterProblem:
      packet.kind = PacketKind.icmpError;
      return Drop.none;
    default:
      packet.kind = PacketKind.icmpOther;
      return Drop.none;
  }
}

function parseIcmpv6(view: DataView, packet: Packet, at: number, end: number): number {
  if (icmpv6.fits(view, at, end) !== Fit.Ok) return Drop.transportShort;
  const type = icmpv6.type(view, at);
  packet.flags = type;
  const identifier = icmpv6.identifier(view, at);
  switch (type) {
    case icmpv6.Type.EchoRequest:
      packet.ports = (identifier << 16) | type;
      return Drop.none;
    case icmpv6.Type.EchoReply:
      packet.ports = (icmpv6.Type.EchoRequest << 16) | identifier;
      return Drop.none;
    case icmpv6.Type.DestinationUnreachable:
    case icmpv6.Type.PacketTooBig:
    case icmpv6.Type.TimeExceeded:
    case icmpv6.Type.ParameterProblem:
      packet.kind = PacketKind.icmpError;
      return Drop.none;
    default:
      packet.kind = PacketKind.icmpOther;
      return Drop.none;
  }
}

/** Whether an ICMP packet that is a flow's first is an answer: nobody asked, then. */
export function isIcmpReply(packet: Packet): boolean {
  if (packet.version === 6) {
    return packet.protocol === Protocol.Icmpv6 && packet.flags === icmpv6.Type.EchoReply;
  }
  if (packet.protocol !== Protocol.Icmp) return false;
  return packet.flags === icmp.Type.EchoReply || packet.flags === TIMESTAMP_REPLY;
}
