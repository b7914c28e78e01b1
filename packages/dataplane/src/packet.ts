/**
 * One packet as the stages see it: where it lies in the arena and what parsing found. The pipeline has one
 * record and uses it for every packet: nothing is allocated. Every field is a signed 32-bit integer, which V8
 * keeps inside the object.
 *
 *            at − 10       at              at + headerBytes         at + length
 *      ------+-------------+---------------+-------------------------+
 *            | virtio-net  | IP header(s)  | transport header, data  |
 *      ------+-------------+---------------+-------------------------+
 *
 * Addresses are four big-endian words, IPv4 mapped into ::ffff:0:0/96 as in the tables.
 */

/** What the packet is to connection tracking. */
export const PacketKind = {
  /** A packet of a flow, with ports or what stands in for them. */
  flow: 0,
  /** A later fragment: it has no ports. */
  laterFragment: 1,
  /** An ICMP error: it belongs to the flow of the packet it quotes. */
  icmpError: 2,
  /** ICMP of a type that makes no flow: neighbour discovery, redirects and such. */
  icmpOther: 3,
} as const;

export class Packet {
  /** First byte of the IP header. */
  at = 0;
  /** Bytes of the IP packet, by its own length fields. */
  length = 0;
  /** The target (see @podwire/tables) it came from: a port or a peer. */
  arrival = 0;
  /** 1 when a queued message refers to its bytes: they stay untouched until the flush. */
  isQueued = 0;
  /** The entry of its flow by which it is translated before it goes out (translate.ts); −1: it goes as it is. */
  translation = -1;

  kind: number = PacketKind.flow;
  /** 4 or 6. */
  version = 0;
  /** Bytes of the IP header with options or extension headers; the transport header follows. */
  headerBytes = 0;
  /** The upper-layer protocol. */
  protocol = 0;
  /** Source port in the upper half, destination port in the lower; what stands in for them with ICMP. */
  ports = 0;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;

  /** 1 for the first fragment of several: it has the transport header, and others follow. */
  firstFragment = 0;
  /** IPv4 identification, or that of the IPv6 fragment header. */
  fragmentId = 0;
  /** 1 when a router may fragment it: IPv4 without DF. */
  mayFragment = 0;
  /** TCP's flags; the ICMP type; the type of SCTP's first chunk. */
  flags = 0;

  /** What the virtio-net header in front says, all 0 for what came from a peer. `gsoType` without the ECN bit. */
  needsChecksum = 0;
  gsoType = 0;
  gsoSize = 0;
  /** From the IP header, and from there to the field. */
  checksumStart = 0;
  checksumOffset = 0;
  /** Bytes of the largest IP packet that comes of it: a segment of a super-packet, otherwise the packet. */
  segmentBytes = 0;
}

/** Gives `to` the tuple of `from`: version, protocol, addresses and ports. */
export function copyTuple(from: Packet, to: Packet): void {
  to.version = from.version;
  to.protocol = from.protocol;
  to.ports = from.ports;
  to.source0 = from.source0;
  to.source1 = from.source1;
  to.source2 = from.source2;
  to.source3 = from.source3;
  to.destination0 = from.destination0;
  to.destination1 = from.destination1;
  to.destination2 = from.destination2;
  to.destination3 = from.destination3;
}

/** Gives `to`, which may be `from`, the tuple of the replies to `from`. */
export function mirrorTuple(from: Packet, to: Packet): void {
  const { source0, source1, source2, source3 } = from;
  to.version = from.version;
  to.protocol = from.protocol;
  to.ports = (from.ports << 16) | (from.ports >>> 16);
  to.source0 = from.destination0;
  to.source1 = from.destination1;
  to.source2 = from.destination2;
  to.source3 = from.destination3;
  to.destination0 = source0;
  to.destination1 = source1;
  to.destination2 = source2;
  to.destination3 = source3;
}

/** Whether addresses and ports are the same; version and protocol are. */
export function isSameTuple(one: Packet, other: Packet): boolean {
  return (
    one.ports === other.ports &&
    one.source3 === other.source3 &&
    one.destination3 === other.destination3 &&
    one.source2 === other.source2 &&
    one.destination2 === other.destination2 &&
    one.source1 === other.source1 &&
    one.destination1 === other.destination1 &&
    one.source0 === other.source0 &&
    one.destination0 === other.destination0
  );
}
