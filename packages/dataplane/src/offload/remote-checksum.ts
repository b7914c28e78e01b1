/**
 * The other end of VXLAN remote checksum offload: what a peer says of the checksum that it left partial
 * (draft-herbert-vxlan-rco; Linux' `vxlan_remcsum` turns it into CHECKSUM_PARTIAL in the same way).
 */
import { Fit, ipv4, ipv6Extensions, Protocol, tcp, udp, vxlan } from "@podwire/wire";
import { OffloadReject } from "./reject.ts";

const ETHERNET_BYTES = 14;

/**
 * Judges the VXLAN header at `vxlanAt` against the IP packet in [at, end), whose IP header was checked. Returns 0
 * when the checksum is complete, `start | offset << 8` (start from the IP header) when it is partial, or
 * `-OffloadReject`: the peer points at something that is not the TCP or UDP checksum of this packet.
 */
export function readRemoteChecksum(view: DataView, vxlanAt: number, at: number, end: number): number {
  if (!vxlan.hasRemoteChecksum(view, vxlanAt)) return 0;
  const start = vxlan.remoteChecksumStart(view, vxlanAt) - ETHERNET_BYTES;
  const offset = vxlan.remoteChecksumOffset(view, vxlanAt);
  if (view.getUint8(at) >> 4 === 4) {
    if (ipv4.isFragment(view, at) || start !== ipv4.headerBytes(view, at)) return -OffloadReject.ChecksumStart;
    return judge(view, at, end, start, offset, ipv4.protocol(view, at));
  }
  const walked = ipv6Extensions.walk(view, at);
  if (walked < 0 || ipv6Extensions.walkedFragment(walked) !== 0) return -OffloadReject.ChecksumStart;
  if (start !== ipv6Extensions.walkedTransport(walked)) return -OffloadReject.ChecksumStart;
  return judge(view, at, end, start, offset, ipv6Extensions.walkedProtocol(walked));
}

function judge(
  view: DataView,
  at: number,
  end: number,
  start: number,
  offset: number,
  protocol: number,
): number {
  const isTcp = protocol === Protocol.Tcp;
  if (!isTcp && protocol !== Protocol.Udp) return -OffloadReject.ChecksumOffset;
  if (offset !== (isTcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET)) return -OffloadReject.ChecksumOffset;
  const fit = isTcp ? tcp.fits(view, at + start, end) : udp.fits(view, at + start, end);
  return fit === Fit.Ok ? start | (offset << 8) : -OffloadReject.TransportHeader;
}
