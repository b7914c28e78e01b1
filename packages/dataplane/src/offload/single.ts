/**
 * The checksum of a packet that is no super-packet: complete already, completed in place here, or left partial for a
 * peer that completes it itself.
 */
import { checksum, ipv4, ipv6, Protocol, tcp, udp, virtio, vxlan } from "@podwire/wire";
import type { ChecksumKernel } from "./checksum-kernel.ts";
import { OffloadReject } from "./reject.ts";

const ETHERNET_BYTES = 14;

/**
 * For the packet in [at, end) behind its virtio header. Returns 0 when its checksum is complete now,
 * `start | offset << 8` (start from the IP header) when it stays partial, or `-OffloadReject`.
 */
export function completeOrDefer(
  view: DataView,
  sum: ChecksumKernel,
  at: number,
  end: number,
  remoteChecksum: boolean,
): number {
  const headerAt = at - virtio.HEADER_BYTES;
  if (!virtio.needsChecksum(view, headerAt)) return 0;
  const start = virtio.checksumStart(view, headerAt);
  const offset = virtio.checksumOffset(view, headerAt);
  if (start < ipv4.MIN_HEADER_BYTES || at + start >= end) return -OffloadReject.ChecksumStart;
  if (at + start + offset + 2 > end) return -OffloadReject.ChecksumOffset;
  if (remoteChecksum && canDefer(view, at, end, start, offset)) return start | (offset << 8);
  completeAt(view, sum, at, end, start, offset);
  return 0;
}

/**
 * Completes the checksum in place: the sum runs from `start` on and includes the partial that stands in the
 * field. A result of 0 becomes 0xffff, as the kernel's `skb_checksum_help` does: the same number to TCP, and UDP's need.
 */
export function completeAt(
  view: DataView,
  sum: ChecksumKernel,
  at: number,
  end: number,
  start: number,
  offset: number,
): void {
  view.setUint16(at + start + offset, checksum.finishUdp(sum(at + start, end - at - start)));
}

/** Whether the receiver will find TCP or UDP at `start` by itself: without options or extension headers. */
function canDefer(view: DataView, at: number, end: number, start: number, offset: number): boolean {
  if (!vxlan.remoteChecksumFits(ETHERNET_BYTES + start, offset)) return false;
  const isIpv4 = view.getUint8(at) === 0x45;
  if (start !== (isIpv4 ? ipv4.MIN_HEADER_BYTES : ipv6.HEADER_BYTES)) return false;
  const protocol = isIpv4 ? ipv4.protocol(view, at) : ipv6.nextHeader(view, at);
  const headerEnd = at + start + (protocol === Protocol.Tcp ? tcp.MIN_HEADER_BYTES : udp.HEADER_BYTES);
  if (headerEnd > end) return false;
  return (
    (protocol === Protocol.Tcp && offset === tcp.CHECKSUM_OFFSET) ||
    (protocol === Protocol.Udp && offset === udp.CHECKSUM_OFFSET)
  );
}
