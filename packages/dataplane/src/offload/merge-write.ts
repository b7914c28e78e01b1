/**
 * The headers that a merged or single packet leaves with: the first packet's own, made that of the whole, and the
 * virtio header in the ten bytes before it, which describes it to the kernel.
 */
import { checksum, ipv4, ipv6, Protocol, tcp, udp, virtio } from "@podwire/wire";
import { ipBytes, Kind } from "./merge-header.ts";

/** A packet that goes as it came. `partial`: `start | offset << 8` of a checksum to be completed, or 0. */
export function writeAlone(view: DataView, at: number, partial: number): void {
  const headerAt = at - virtio.HEADER_BYTES;
  if (partial === 0) virtio.clear(view, headerAt);
  else
    virtio.write(view, headerAt, virtio.FLAG_NEEDS_CSUM, virtio.Gso.None, 0, 0, partial & 0xff, partial >> 8);
}

/**
 * A super-packet: lengths and flags of the whole, the partial in the checksum field. `totalBytes` and `headerBytes`
 * count from the IP header at `at`; `flags` are TCP's.
 */
export function writeMerged(
  view: DataView,
  at: number,
  kind: Kind,
  totalBytes: number,
  headerBytes: number,
  segmentBytes: number,
  flags: number,
): void {
  const isTcp = kind === Kind.Tcp;
  const start = ipBytes(view, at);
  const transportAt = at + start;
  const isIpv4 = start === ipv4.MIN_HEADER_BYTES;
  if (isIpv4) {
    ipv4.setTotalLength(view, at, totalBytes);
    ipv4.complete(view, at);
  } else {
    ipv6.setPayloadLength(view, at, totalBytes - ipv6.HEADER_BYTES);
  }
  const pseudo = checksum.pseudoFor(view, at, isTcp ? Protocol.Tcp : Protocol.Udp, totalBytes - start);
  if (isTcp) {
    tcp.setFlags(view, transportAt, flags);
    tcp.setChecksum(view, transportAt, checksum.fold(pseudo));
  } else {
    udp.setLength(view, transportAt, totalBytes - start);
    udp.setChecksum(view, transportAt, checksum.fold(pseudo));
  }
  const tcpType = isIpv4 ? virtio.Gso.Tcpv4 : virtio.Gso.Tcpv6;
  const ecn = (flags & tcp.CWR) !== 0 ? virtio.GSO_ECN : 0;
  virtio.write(
    view,
    at - virtio.HEADER_BYTES,
    virtio.FLAG_NEEDS_CSUM,
    isTcp ? tcpType | ecn : virtio.Gso.UdpL4,
    headerBytes,
    segmentBytes,
    start,
    isTcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET,
  );
}
