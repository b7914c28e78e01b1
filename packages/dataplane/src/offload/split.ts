/**
 * From one packet of a TUN device to datagrams for a peer: split in place, encapsulated, no payload byte copied.
 *
 *   arena:   … | virtio | IP | TCP | payload 0 … | payload 1 … | payload 2 |          the super-packet
 *                                    ^             ^             ^
 *   slots:   | VXLAN | Ethernet | IP | TCP |  | VXLAN | …                             a header slot a segment
 *   iovecs:  slot 0, payload 0, slot 1, payload 1, …                                  grouped by the outbox
 *
 * `send` in order: read the virtio header (super-packet.ts judges it) → room → one slot as template → copy it for each
 * segment and fill in what differs → hand slot and payload to the outbox. A packet that is no super-packet takes
 * the short way: VXLAN and Ethernet go into the headroom before it, over the virtio header, which has been read by then.
 *
 * The kernel's `tcp_gso_segment` and `__udp_gso_segment` are the reference; split-oracle.ts says it slowly.
 */
import { checksum, Protocol, tcp, udp, virtio, vxlan } from "@podwire/wire";
import type { Arena } from "../ports.ts";
import type { ChecksumKernel } from "./checksum-kernel.ts";
import type { Outbox } from "./outbox.ts";
import { OffloadReject } from "./reject.ts";
import { completeOrDefer } from "./single.ts";
import { SuperPacket } from "./super-packet.ts";

/** VXLAN (8) and the inner Ethernet header (14): what goes before each inner IP header. */
export const ENCAPSULATION_BYTES = vxlan.HEADER_BYTES + 14;

/** What a packet must have before it: the virtio header is part of this room, and is overwritten. */
export const HEADROOM_BYTES = ENCAPSULATION_BYTES;

export class Splitter {
  readonly #arena: Arena;
  readonly #sum: ChecksumKernel;
  readonly #outbox: Outbox;
  readonly #packet: SuperPacket;
  /** Sum of the IPv4 header words that all segments share: all but length, identification and checksum. */
  #ipSum = 0;
  /** Sum of the pseudo-header without its length. */
  #pseudoSum = 0;
  /** Sum of the transport header words that all segments share: all but sequence, flags, length and checksum. */
  #transportSum = 0;

  constructor(arena: Arena, sum: ChecksumKernel, outbox: Outbox) {
    this.#arena = arena;
    this.#sum = sum;
    this.#outbox = outbox;
    this.#packet = new SuperPacket(arena.view);
  }

  /**
   * Queues the IP packet in [at, end), whose virtio header lies in the ten bytes before `at`, for `peer`.
   *
   * `templateAt`: the 22 bytes of VXLAN and Ethernet header for this peer and IP version.
   * `maxPacketBytes`: the largest inner IP packet that the path takes.
   * `remoteChecksum`: the peer completes checksums itself (VXLAN remote checksum offload).
   *
   * Returns the number of datagrams, or `-OffloadReject`; nothing was queued or written then. The caller has
   * checked the IP header against [at, end) and that `HEADROOM_BYTES` before `at` may be overwritten.
   */
  send(
    peer: number,
    lane: number,
    at: number,
    end: number,
    templateAt: number,
    maxPacketBytes: number,
    remoteChecksum: boolean,
  ): number {
    if (virtio.gsoType(this.#arena.view, at - virtio.HEADER_BYTES) === virtio.Gso.None) {
      return this.#sendWhole(peer, lane, at, end, templateAt, maxPacketBytes, remoteChecksum);
    }
    const packet = this.#packet;
    const reject = packet.read(at, end);
    if (reject !== OffloadReject.None) return -reject;
    if (packet.headerBytes + packet.gsoSize > maxPacketBytes) return -OffloadReject.TooBig;
    const slotBytes = (ENCAPSULATION_BYTES + packet.headerBytes + 3) & ~3;
    const segments = packet.segments;
    if (!this.#outbox.fits(segments * slotBytes, 2 * segments)) {
      const couldFit = this.#outbox.couldFit(segments * slotBytes, 2 * segments);
      return couldFit ? -OffloadReject.NoRoom : -OffloadReject.TooManySegments;
    }
    const slotAt = this.#outbox.takeHeaders(segments * slotBytes);
    this.#writeTemplate(slotAt, slotBytes, at, templateAt, remoteChecksum);
    if (packet.isTcp) this.#fillTcp(peer, lane, slotAt, slotBytes, remoteChecksum);
    else this.#fillUdp(peer, lane, slotAt, slotBytes, remoteChecksum);
    return segments;
  }

  #sendWhole(
    peer: number,
    lane: number,
    at: number,
    end: number,
    templateAt: number,
    maxPacketBytes: number,
    remoteChecksum: boolean,
  ): number {
    const view = this.#arena.view;
    if (end - at > maxPacketBytes) return -OffloadReject.TooBig;
    if (!this.#outbox.fits(0, 1)) return -OffloadReject.NoRoom;
    const deferred = completeOrDefer(view, this.#sum, at, end, remoteChecksum);
    if (deferred < 0) return deferred;
    const start = at - ENCAPSULATION_BYTES;
    for (let i = 0; i < 20; i += 4) view.setUint32(start + i, view.getUint32(templateAt + i));
    view.setUint16(start + 20, view.getUint16(templateAt + 20));
    if (deferred > 0) {
      vxlan.setRemoteChecksum(
        view,
        start,
        ENCAPSULATION_BYTES - vxlan.HEADER_BYTES + (deferred & 0xff),
        deferred >> 8,
      );
    }
    this.#outbox.begin(peer, lane, end - start);
    this.#outbox.push(start, end - start);
    return 1;
  }

  /** Fills every slot with what all segments share, and takes the sums that go with it. */
  #writeTemplate(
    slotAt: number,
    slotBytes: number,
    at: number,
    templateAt: number,
    remoteChecksum: boolean,
  ): void {
    const { view, u32 } = this.#arena;
    const packet = this.#packet;
    const ipAt = slotAt + ENCAPSULATION_BYTES;
    const transportAt = ipAt + packet.ipBytes;
    for (let i = 0; i < 20; i += 4) view.setUint32(slotAt + i, view.getUint32(templateAt + i));
    view.setUint16(slotAt + 20, view.getUint16(templateAt + 20));
    for (let i = 0; i < packet.headerBytes; i += 4) view.setUint32(ipAt + i, view.getUint32(at + i));
    if (remoteChecksum) {
      const start = transportAt - slotAt - vxlan.HEADER_BYTES;
      vxlan.setRemoteChecksum(view, slotAt, start, packet.isTcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET);
    }
    const protocol = packet.isTcp ? Protocol.Tcp : Protocol.Udp;
    this.#pseudoSum = packet.isIpv4
      ? checksum.pseudoIpv4(view, ipAt, protocol, 0)
      : checksum.pseudoIpv6(view, ipAt, protocol, 0);
    this.#ipSum = packet.isIpv4
      ? view.getUint16(ipAt) +
        checksum.sum(view, ipAt + 6, ipAt + 10, 0) +
        checksum.sum(view, ipAt + 12, transportAt, 0)
      : 0;
    this.#transportSum = packet.isTcp
      ? checksum.sum(view, transportAt, transportAt + 4, view.getUint8(transportAt + 12) << 8) +
        checksum.sum(view, transportAt + 8, transportAt + 12, 0) +
        view.getUint16(transportAt + 14) +
        checksum.sum(view, transportAt + 18, ipAt + packet.headerBytes, 0)
      : checksum.sum(view, transportAt, transportAt + 4, 0);
    const words = slotBytes >>> 2;
    const from = slotAt >>> 2;
    for (let to = from + words, last = from + words * packet.segments; to < last; to += words) {
      for (let i = 0; i < words; i++) u32[to + i] = u32[from + i]!;
    }
  }

  #fillTcp(peer: number, lane: number, slotAt: number, slotBytes: number, remoteChecksum: boolean): void {
    const view = this.#arena.view;
    const packet = this.#packet;
    const { headerBytes, ipBytes, gsoSize, segments, payloadEnd } = packet;
    const tcpBytes = headerBytes - ipBytes;
    const firstTcp = slotAt + ENCAPSULATION_BYTES + ipBytes;
    const flags = tcp.flags(view, firstTcp);
    let sequence = tcp.sequence(view, firstTcp) | 0;
    let slot = slotAt;
    let payload = packet.payloadAt;
    for (let i = 0; i < segments; i++) {
      const isLast = i === segments - 1;
      const bytes = isLast ? payloadEnd - payload : gsoSize;
      const ipAt = slot + ENCAPSULATION_BYTES;
      const tcpAt = ipAt + ipBytes;
      this.#finishIp(ipAt, i, headerBytes + bytes);
      let segmentFlags = flags;
      if (i > 0) segmentFlags &= ~tcp.CWR;
      if (!isLast) segmentFlags &= ~(tcp.FIN | tcp.PSH);
      tcp.setSequence(view, tcpAt, sequence);
      tcp.setFlags(view, tcpAt, segmentFlags);
      const pseudo = this.#pseudoSum + tcpBytes + bytes;
      if (remoteChecksum) {
        tcp.setChecksum(view, tcpAt, checksum.fold(pseudo));
      } else {
        const header = this.#transportSum + (sequence >>> 16) + (sequence & 0xffff) + segmentFlags;
        tcp.setChecksum(view, tcpAt, checksum.finish(pseudo + header + this.#sum(payload, bytes)));
      }
      this.#outbox.begin(peer, lane, ENCAPSULATION_BYTES + headerBytes + bytes);
      this.#outbox.push(slot, ENCAPSULATION_BYTES + headerBytes);
      this.#outbox.push(payload, bytes);
      sequence = (sequence + gsoSize) | 0;
      payload += gsoSize;
      slot += slotBytes;
    }
  }

  #fillUdp(peer: number, lane: number, slotAt: number, slotBytes: number, remoteChecksum: boolean): void {
    const view = this.#arena.view;
    const packet = this.#packet;
    const { headerBytes, ipBytes, gsoSize, segments, payloadEnd } = packet;
    let slot = slotAt;
    let payload = packet.payloadAt;
    for (let i = 0; i < segments; i++) {
      const bytes = i === segments - 1 ? payloadEnd - payload : gsoSize;
      const ipAt = slot + ENCAPSULATION_BYTES;
      const udpAt = ipAt + ipBytes;
      const length = udp.HEADER_BYTES + bytes;
      this.#finishIp(ipAt, i, headerBytes + bytes);
      udp.setLength(view, udpAt, length);
      const pseudo = this.#pseudoSum + length;
      udp.setChecksum(
        view,
        udpAt,
        remoteChecksum
          ? checksum.fold(pseudo)
          : checksum.finishUdp(pseudo + this.#transportSum + length + this.#sum(payload, bytes)),
      );
      this.#outbox.begin(peer, lane, ENCAPSULATION_BYTES + headerBytes + bytes);
      this.#outbox.push(slot, ENCAPSULATION_BYTES + headerBytes);
      this.#outbox.push(payload, bytes);
      payload += gsoSize;
      slot += slotBytes;
    }
  }

  /** Length, and for IPv4 identification and header checksum, of the segment numbered `index`. */
  #finishIp(ipAt: number, index: number, totalBytes: number): void {
    const view = this.#arena.view;
    if (!this.#packet.isIpv4) {
      view.setUint16(ipAt + 4, totalBytes - 40);
      return;
    }
    const identification = (view.getUint16(ipAt + 4) + index) & 0xffff;
    view.setUint16(ipAt + 2, totalBytes);
    view.setUint16(ipAt + 4, identification);
    view.setUint16(ipAt + 10, checksum.finish(this.#ipSum + totalBytes + identification));
  }
}
