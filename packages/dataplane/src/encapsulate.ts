/**
 * Towards a peer: split what is too large for one datagram, put VXLAN and Ethernet before each piece, queue.
 *
 *   template      22 bytes a peer and IP version, written when tables are published
 *   splitter      super-packet -> segments, one header slot and one payload iovec each; small packets go whole,
 *                 with the template in their headroom
 *   outbox        consecutive datagrams of one peer, lane, outer TOS and size are one message
 *   flush         all messages by PacketIo; what failed is counted, and a reported path MTU is learned
 *
 * A flow always takes the same lane. The outer TOS has the inner ECN bits (ecn.ts).
 */
import {
  Counter,
  type Counters,
  Drop,
  PeerFlag,
  peerFlags,
  peerMacHigh,
  peerMacLow,
  type Tables,
} from "@podwire/tables";
import { ethernet, virtio, vxlan } from "@podwire/wire";
import { type ArenaLayout, TEMPLATE_BYTES } from "./arena-layout.ts";
import { outerTos } from "./ecn.ts";
import type { ChecksumKernel } from "./offload/index.ts";
import { ENCAPSULATION_BYTES, MESSAGE, OffloadReject, Outbox, Splitter } from "./offload/index.ts";
import type { Packet } from "./packet.ts";
import type { PathMtu } from "./path-mtu.ts";
import { FAILED, type PacketIo } from "./ports.ts";

const EMSGSIZE = 90;
const EAGAIN = 11;
const ENOBUFS = 105;

export class Encapsulator {
  readonly outbox: Outbox;
  readonly #io: PacketIo;
  readonly #view: DataView;
  readonly #templatesAt: number;
  readonly #splitter: Splitter;
  readonly #counters: Counters;
  readonly #pathMtu: PathMtu;
  #tables: Tables;

  constructor(
    io: PacketIo,
    layout: ArenaLayout,
    sum: ChecksumKernel,
    counters: Counters,
    pathMtu: PathMtu,
    tables: Tables,
  ) {
    this.#io = io;
    this.#view = io.arena.view;
    this.#templatesAt = layout.templatesAt;
    this.outbox = new Outbox(io.arena, layout);
    this.#splitter = new Splitter(io.arena, sum, this.outbox);
    this.#counters = counters;
    this.#pathMtu = pathMtu;
    this.#tables = tables;
  }

  /** New tables: writes the templates of all peers anew. Queued messages have theirs already. */
  publish(tables: Tables): void {
    this.#tables = tables;
    for (let peer = 0; peer < tables.peerRows; peer++) {
      const row = tables.peer(peer);
      if (row < 0) {
        this.#pathMtu.forget(peer);
        continue;
      }
      this.#writeTemplate(this.#templateAt(peer, 4), row, ethernet.EtherType.Ipv4);
      this.#writeTemplate(this.#templateAt(peer, 6), row, ethernet.EtherType.Ipv6);
    }
  }

  /** Bytes of the largest inner packet to this peer, whose row the tables have. */
  mtu(peer: number): number {
    return this.#pathMtu.inner(this.#tables, peer, this.#tables.peer(peer));
  }

  /**
   * Queues the packet behind its virtio-net header and headroom, split when it is a super-packet. `mtu` is what
   * `mtu(peer)` gave. Returns 0 or the drop reason. What it queued must lie still until `flush`.
   */
  send(peer: number, lane: number, packet: Packet, mtu: number): number {
    const { at, length, version } = packet;
    const isSuper = packet.gsoType !== virtio.Gso.None;
    const partial =
      (peerFlags(this.#tables.words, this.#tables.peer(peer)) & PeerFlag.remoteChecksumOffload) !== 0;
    const template = this.#templateAt(peer, version);
    this.outbox.tos = outerTos(this.#view, at, version);
    let sent = this.#splitter.send(peer, lane, at, at + length, template, mtu, partial);
    if (sent === -OffloadReject.NoRoom) {
      this.flush();
      sent = this.#splitter.send(peer, lane, at, at + length, template, mtu, partial);
    }
    if (sent < 0) return sent === -OffloadReject.TooBig ? Drop.tooBig : Drop.virtioHeaderBad;
    packet.isQueued = 1;
    if (isSuper) this.#counters.add(Counter.superPacketsSplit, 1);
    this.#counters.peerOut(peer, sent, length);
    return Drop.none;
  }

  /**
   * Queues one datagram whose inner headers the caller writes into a slot of the outbox: an ICMP error, or the
   * headers of a fragment with its payload elsewhere. The slot begins with room for the template.
   */
  sendPieces(
    peer: number,
    lane: number,
    version: number,
    slotAt: number,
    headerBytes: number,
    payloadAt: number,
    payloadBytes: number,
  ): void {
    const template = this.#templateAt(peer, version);
    const u8 = this.#io.arena.u8;
    u8.copyWithin(slotAt, template, template + ENCAPSULATION_BYTES);
    this.outbox.tos = outerTos(this.#view, slotAt + ENCAPSULATION_BYTES, version);
    this.outbox.begin(peer, lane, ENCAPSULATION_BYTES + headerBytes + payloadBytes);
    this.outbox.push(slotAt, ENCAPSULATION_BYTES + headerBytes);
    if (payloadBytes > 0) this.outbox.push(payloadAt, payloadBytes);
    this.#counters.peerOut(peer, 1, headerBytes + payloadBytes);
  }

  /** Hands all messages to the underlay and counts what it refused. */
  flush(): void {
    const { messages, messageCount } = this.outbox;
    if (messageCount === 0) {
      // Header slots may be taken all the same: by ICMP errors and fragments for this node.
      this.outbox.reset();
      return;
    }
    for (let row = 0, end = messageCount * MESSAGE.columns; row < end; row += MESSAGE.columns) {
      this.#io.queueUnderlay(
        messages[row + MESSAGE.peer]!,
        messages[row + MESSAGE.lane]!,
        messages[row + MESSAGE.tos]!,
        messages[row + MESSAGE.iovecsAt]!,
        messages[row + MESSAGE.iovecCount]!,
        messages[row + MESSAGE.bytes]!,
        messages[row + MESSAGE.segmentSize]!,
      );
    }
    const failures = this.#io.flush();
    this.#counters.add(Counter.underlayMessages, messageCount);
    this.#counters.add(Counter.flushes, 1);
    this.outbox.reset();
    if (failures > 0) this.#countFailures(failures);
  }

  #countFailures(failures: number): void {
    const { failed } = this.#io;
    const rows = Math.min(failures, Math.floor(failed.length / FAILED.columns));
    for (let row = 0; row < rows * FAILED.columns; row += FAILED.columns) {
      const errno = failed[row + FAILED.errno]!;
      const pathMtu = failed[row + FAILED.pathMtu]!;
      if (errno === EMSGSIZE && pathMtu > 0) this.#pathMtu.learn(failed[row + FAILED.peer]!, pathMtu);
      this.#counters.drop(sendFailure(errno), failed[row + FAILED.datagrams]!);
    }
    // A flush describes so many failures and no more; the others were one datagram at least.
    if (failures > rows) this.#counters.drop(Drop.underlaySendFailed, failures - rows);
  }

  #templateAt(peer: number, version: number): number {
    return this.#templatesAt + (peer * 2 + (version === 4 ? 0 : 1)) * TEMPLATE_BYTES;
  }

  #writeTemplate(at: number, row: number, etherType: number): void {
    const view = this.#view;
    const { words, macHigh, macLow, vni } = this.#tables;
    vxlan.write(view, at, vni);
    const frameAt = at + vxlan.HEADER_BYTES;
    view.setUint16(ethernet.destinationAt(frameAt), peerMacHigh(words, row));
    view.setInt32(ethernet.destinationAt(frameAt) + 2, peerMacLow(words, row));
    view.setUint16(ethernet.sourceAt(frameAt), macHigh);
    view.setInt32(ethernet.sourceAt(frameAt) + 2, macLow);
    ethernet.setEtherType(view, frameAt, etherType);
  }
}

function sendFailure(errno: number): number {
  if (errno === EMSGSIZE) return Drop.underlayTooBig;
  return errno === EAGAIN || errno === ENOBUFS ? Drop.underlayFull : Drop.underlaySendFailed;
}
