/**
 * One datagram of a peer down to its inner packet: VXLAN flags, VNI, inner Ethernet, in the order in which they lie.
 *
 *   | VXLAN: flags, VNI | Ethernet: to us? which IP? | inner IP packet |
 *   at                  at + 8                       at + 22           end
 *
 * Linux's VXLAN device drops the same: no I flag, reserved bits set, frames to another MAC.
 */
import { Drop, PeerFlag, peerFlags, type Tables } from "@podwire/tables";
import { ethernet, Fit, ipv4, ipv6, vxlan } from "@podwire/wire";
import { ENCAPSULATION_BYTES } from "./offload/index.ts";

/** Checks all that is around the inner packet of the datagram in [at, end); `peer` is who sent it. */
export function checkEncapsulation(
  view: DataView,
  tables: Tables,
  peer: number,
  at: number,
  end: number,
): number {
  const fit = vxlan.fits(view, at, end, vxlan.FLAG_REMOTE_CHECKSUM);
  if (fit !== Fit.Ok) return fit === Fit.TooShort ? Drop.vxlanShort : Drop.vxlanFlagsBad;
  if (vxlan.vni(view, at) !== tables.vni) return Drop.vniWrong;
  if (end - at <= ENCAPSULATION_BYTES) return Drop.vxlanShort;
  if (vxlan.hasRemoteChecksum(view, at)) {
    const flags = peerFlags(tables.words, tables.peer(peer));
    if ((flags & PeerFlag.remoteChecksumOffload) === 0) return Drop.remoteChecksumBad;
  }
  const frameAt = at + vxlan.HEADER_BYTES;
  const macAt = ethernet.destinationAt(frameAt);
  if (view.getUint16(macAt) !== tables.macHigh || view.getInt32(macAt + 2) !== tables.macLow) {
    return Drop.innerMacWrong;
  }
  const version = view.getUint8(at + ENCAPSULATION_BYTES) >> 4;
  const type = ethernet.etherType(view, frameAt);
  if (type === ethernet.EtherType.Ipv4) return version === 4 ? Drop.none : Drop.ipVersionUnknown;
  if (type === ethernet.EtherType.Ipv6) return version === 6 ? Drop.none : Drop.ipVersionUnknown;
  return Drop.etherTypeUnknown;
}

/** Whether the peer may be a VXLAN device of the kernel: every daemon of this project announces remote checksum offload. */
export function isKernelDevice(tables: Tables, peer: number): boolean {
  const row = tables.peer(peer);
  return row >= 0 && (peerFlags(tables.words, row) & PeerFlag.remoteChecksumOffload) === 0;
}

/**
 * Whether a message that the kernel says holds segments of `size` bytes is one inner packet instead: a UDP super-packet
 * that a kernel VXLAN device left unsplit, of which `size` is the inner payload bytes of each segment.
 */
export function isUnsplitMessage(view: DataView, at: number, end: number, size: number): boolean {
  const ipAt = at + ENCAPSULATION_BYTES;
  if (size >= end - at || ipAt + ipv6.HEADER_BYTES > end) return false;
  const bytes = view.getUint8(ipAt) >> 4 === 4 ? ipv4.totalLength(view, ipAt) : ipv6.totalLength(view, ipAt);
  return ipAt + bytes === end;
}
