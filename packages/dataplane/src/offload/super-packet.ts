/**
 * What a virtio-net header claims of a super-packet, judged against the packet itself. Nothing is believed:
 * `hdr_len` is not read at all, and `csum_start` must be where the IP header says that TCP or UDP begins.
 *
 *   | virtio | IP header | TCP or UDP header | payload ……………………………………………………… |
 *            at          at + ipBytes        payloadAt = at + headerBytes      payloadEnd
 */
import { Fit, ipv4, ipv6, ipv6Extensions, Protocol, tcp, udp, virtio, vxlan } from "@podwire/wire";
import { MAX_INNER_HEADER_BYTES, MAX_SEGMENTS_PER_PACKET } from "./limits.ts";
import { OffloadReject } from "./reject.ts";

const ETHERNET_BYTES = 14;
const GSO_BY_FRAGMENTS = 0xffff;

export class SuperPacket {
  isIpv4 = false;
  isTcp = false;
  /** IP header, with options or extension headers. */
  ipBytes = 0;
  /** IP and transport header together. */
  headerBytes = 0;
  gsoSize = 0;
  segments = 0;
  payloadAt = 0;
  payloadEnd = 0;

  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  /** Fills the fields from the packet in [at, end) and the virtio header before it. */
  read(at: number, end: number): OffloadReject {
    const view = this.#view;
    const headerAt = at - virtio.HEADER_BYTES;
    const gsoType = virtio.gsoType(view, headerAt);
    if (!this.#takeType(gsoType)) return OffloadReject.GsoType;
    if (!virtio.needsChecksum(view, headerAt)) return OffloadReject.GsoChecksum;
    const gsoSize = virtio.gsoSize(view, headerAt);
    if (gsoSize === 0 || gsoSize === GSO_BY_FRAGMENTS) return OffloadReject.GsoSize;

    const version = end - at < ipv4.MIN_HEADER_BYTES ? 0 : view.getUint8(at) >> 4;
    if (version !== 4 && version !== 6) return OffloadReject.IpHeader;
    this.isIpv4 = version === 4;
    if (gsoType === virtio.Gso.Tcpv4 && version !== 4) return OffloadReject.GsoType;
    if (gsoType === virtio.Gso.Tcpv6 && version !== 6) return OffloadReject.GsoType;
    const reject = this.isIpv4 ? this.#readIpv4(at, end) : this.#readIpv6(at, end);
    if (reject !== OffloadReject.None) return reject;

    if (virtio.checksumStart(view, headerAt) !== this.ipBytes) return OffloadReject.ChecksumStart;
    const offset = this.isTcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET;
    if (virtio.checksumOffset(view, headerAt) !== offset) return OffloadReject.ChecksumOffset;
    if (!this.#readTransport(at, end)) return OffloadReject.TransportHeader;
    if (this.headerBytes > MAX_INNER_HEADER_BYTES) return OffloadReject.HeadersTooLong;
    if (ETHERNET_BYTES + this.ipBytes > vxlan.MAX_REMOTE_CHECKSUM_START) return OffloadReject.HeadersTooLong;

    this.gsoSize = gsoSize;
    this.payloadAt = at + this.headerBytes;
    this.payloadEnd = end;
    const payload = end - this.payloadAt;
    if (payload <= gsoSize) return OffloadReject.GsoPayload;
    this.segments = Math.ceil(payload / gsoSize);
    return this.segments > MAX_SEGMENTS_PER_PACKET ? OffloadReject.TooManySegments : OffloadReject.None;
  }

  #takeType(gsoType: number): boolean {
    this.isTcp = gsoType === virtio.Gso.Tcpv4 || gsoType === virtio.Gso.Tcpv6;
    return this.isTcp || gsoType === virtio.Gso.UdpL4;
  }

  #readIpv4(at: number, end: number): OffloadReject {
    const view = this.#view;
    if (ipv4.fits(view, at, end) !== Fit.Ok) return OffloadReject.IpHeader;
    if (ipv4.totalLength(view, at) !== end - at || ipv4.isFragment(view, at)) return OffloadReject.IpHeader;
    if (ipv4.protocol(view, at) !== (this.isTcp ? Protocol.Tcp : Protocol.Udp)) return OffloadReject.GsoType;
    this.ipBytes = ipv4.headerBytes(view, at);
    return OffloadReject.None;
  }

  #readIpv6(at: number, end: number): OffloadReject {
    const view = this.#view;
    if (ipv6.fits(view, at, end) !== Fit.Ok) return OffloadReject.IpHeader;
    if (ipv6.totalLength(view, at) !== end - at) return OffloadReject.IpHeader;
    const walked = ipv6Extensions.walk(view, at);
    if (walked < 0 || ipv6Extensions.walkedFragment(walked) !== 0) return OffloadReject.IpHeader;
    const protocol = ipv6Extensions.walkedProtocol(walked);
    if (protocol !== (this.isTcp ? Protocol.Tcp : Protocol.Udp)) return OffloadReject.GsoType;
    this.ipBytes = ipv6Extensions.walkedTransport(walked);
    return OffloadReject.None;
  }

  #readTransport(at: number, end: number): boolean {
    const transportAt = at + this.ipBytes;
    if (this.isTcp) {
      if (tcp.fits(this.#view, transportAt, end) !== Fit.Ok) return false;
      this.headerBytes = this.ipBytes + tcp.headerBytes(this.#view, transportAt);
      return true;
    }
    this.headerBytes = this.ipBytes + udp.HEADER_BYTES;
    return transportAt + udp.HEADER_BYTES <= end;
  }
}
