/**
 * What merging compares: which packets may take part, which belong to one flow, and which differ in nothing but
 * length, sequence, identification, PSH and checksum, so that splitting gives each of them back.
 *
 * Offsets are literal here because these comparisons span fields; ipv4.ts, ipv6.ts and tcp.ts of `wire` draw them.
 */
import { ipv4, ipv6, Protocol, tcp, udp } from "@podwire/wire";

export const Kind = {
  /** Delivered as it is, and in no flow that merging knows: ICMP, SCTP and the like. */
  Alone: 0,
  /** TCP or UDP behind options, extension headers or a fragment header: nothing may overtake it. */
  Barrier: 1,
  Tcp: 2,
  Udp: 3,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

const IPV4_WITHOUT_OPTIONS = 0x45;
/** MF, the fragment offset and the reserved bit: everything but DF. */
const ANY_FRAGMENT = 0xbfff;

/** The kind of the IP packet in [at, end). A Tcp or Udp packet has a whole transport header at `transportBytes`. */
export function classify(view: DataView, at: number, end: number): Kind {
  const first = view.getUint8(at);
  if (first >> 4 === 4) {
    const protocol = ipv4.protocol(view, at);
    if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp) return Kind.Alone;
    if (first !== IPV4_WITHOUT_OPTIONS || (ipv4.fragment(view, at) & ANY_FRAGMENT) !== 0) return Kind.Barrier;
    return ipv4.totalLength(view, at) === end - at
      ? transportKind(view, protocol, at + 20, end)
      : Kind.Barrier;
  }
  const protocol = ipv6.nextHeader(view, at);
  if (protocol === Protocol.Icmpv6 || protocol === Protocol.Sctp) return Kind.Alone;
  if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp) return Kind.Barrier;
  return ipv6.totalLength(view, at) === end - at ? transportKind(view, protocol, at + 40, end) : Kind.Barrier;
}

function transportKind(view: DataView, protocol: number, transportAt: number, end: number): Kind {
  if (protocol === Protocol.Tcp) return tcp.fits(view, transportAt, end) === 0 ? Kind.Tcp : Kind.Barrier;
  const isWhole =
    udp.fits(view, transportAt, end) === 0 && udp.length(view, transportAt) === end - transportAt;
  return isWhole ? Kind.Udp : Kind.Barrier;
}

/** Bytes of the IP header of a Tcp or Udp packet. */
export function ipBytes(view: DataView, at: number): number {
  return view.getUint8(at) >> 4 === 4 ? ipv4.MIN_HEADER_BYTES : ipv6.HEADER_BYTES;
}

/** Whether two packets of the same kind have one 5-tuple. */
export function isSameFlow(view: DataView, a: number, b: number): boolean {
  const version = view.getUint8(a) >> 4;
  if (version !== view.getUint8(b) >> 4) return false;
  return version === 4 ? sameWords(view, a, b, 12, 24) : sameWords(view, a, b, 8, 44);
}

/** Whether all of the IP header but length, identification and checksum is the same. */
export function isSameIp(view: DataView, a: number, b: number): boolean {
  if (view.getUint8(a) >> 4 === 6) {
    return sameWords(view, a, b, 0, 4) && view.getUint16(a + 6) === view.getUint16(b + 6);
  }
  return (
    view.getUint16(a) === view.getUint16(b) &&
    view.getUint32(a + 6, true) === view.getUint32(b + 6, true) &&
    ipv4.checksumFits(view, b) === 0
  );
}

/**
 * Whether all of the TCP header but ports, sequence, PSH and checksum is the same: the acknowledgement, reserved
 * bits and data offset, window, urgent pointer, options. `a` and `b` are the TCP headers.
 */
export function isSameTcp(view: DataView, a: number, b: number): boolean {
  return (
    view.getUint32(a + 8, true) === view.getUint32(b + 8, true) &&
    ((view.getUint32(a + 12) ^ view.getUint32(b + 12)) & ~(tcp.PSH << 16)) === 0 &&
    view.getUint16(a + 18) === view.getUint16(b + 18) &&
    sameWords(view, a, b, 20, tcp.headerBytes(view, a))
  );
}

function sameWords(view: DataView, a: number, b: number, from: number, to: number): boolean {
  for (let i = from; i < to; i += 4) {
    if (view.getUint32(a + i, true) !== view.getUint32(b + i, true)) return false;
  }
  return true;
}
