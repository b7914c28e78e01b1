/**
 * Which packets of peers have a partial checksum: those of which the peer says so (VXLAN remote checksum offload,
 * draft-herbert-vxlan-rco; Linux' `vxlan_remcsum` turns it into CHECKSUM_PARTIAL in the same way), and those that a
 * kernel VXLAN device sent over a virtual link. There the inner checksum is left to hardware which is not there (veth
 * has NETIF_F_HW_CSUM), and a UDP socket gets the packet as it is, without a word.
 */
import { checksum, Fit, ipv4, ipv6, ipv6Extensions, Protocol, tcp, udp, vxlan } from "@podwire/wire";
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
    if (ipv4.isFragment(view, at) || start !== ipv4.headerBytes(view, at))
      return -OffloadReject.ChecksumStart;
    return judge(view, at, end, start, offset, ipv4.protocol(view, at));
  }
  const walked = ipv6Extensions.walk(view, at);
  if (walked < 0 || ipv6Extensions.walkedFragment(walked) !== 0) return -OffloadReject.ChecksumStart;
  if (start !== ipv6Extensions.walkedTransport(walked)) return -OffloadReject.ChecksumStart;
  return judge(view, at, end, start, offset, ipv6Extensions.walkedProtocol(walked));
}

/**
 * For peers that are kernel VXLAN devices: the same result, from the packet alone. A TCP or UDP checksum that equals
 * the sum of the pseudo-header is taken for a partial. One checksum in 65,536 looks like that by chance, and it does
 * no harm: whoever completes it sums over a field that makes the sum right.
 */
export function guessPartialChecksum(view: DataView, at: number, end: number): number {
  const isIpv4 = view.getUint8(at) >> 4 === 4;
  if (isIpv4 && ipv4.isFragment(view, at)) return 0;
  const start = isIpv4 ? ipv4.headerBytes(view, at) : ipv6.HEADER_BYTES;
  const protocol = isIpv4 ? ipv4.protocol(view, at) : ipv6.nextHeader(view, at);
  if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp) return 0;
  const offset = protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET;
  if (judge(view, at, end, start, offset, protocol) < 0) return 0;
  const pseudo = checksum.pseudoFor(view, at, protocol, end - at - start);
  return view.getUint16(at + start + offset) === checksum.fold(pseudo) ? start | (offset << 8) : 0;
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
