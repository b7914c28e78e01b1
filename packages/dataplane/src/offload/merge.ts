/**
 * From packets of peers to super-packets for TUN devices: neighbours of one flow become one write, in place.
 *
 *   arena:   … | virtio | IP | TCP | payload 0 | … | IP | TCP | payload 1 | … | IP | TCP | payload 2 | …
 *                ^                               the headers of the others are not written
 *   iovecs:  virtio to payload 0, payload 1, payload 2
 *
 *   packets  | at end payloadAt next |                                     one row each, chained into items
 *   items    | port first last count total segment sequence header … |     one row each, in order of first packet
 *
 * `add` puts a packet behind the last item of its flow when DATAPLANE's rules let it, and into a new item otherwise;
 * an item that was not the last of its flow is never touched again, so nothing within a flow is reordered.
 * `emit` writes one item's headers and iovecs.
 *
 * Merging replaces each segment's checksum by a partial, which the receiving kernel does not verify: so a segment
 * joins only when its checksum was verified here, or when the peer vouched for it by remote checksum offload. A
 * damaged one is delivered alone and as it came, and the receiver's stack judges it.
 */
import { checksum, ipv4, Protocol, tcp, udp, virtio } from "@podwire/wire";
import type { Arena } from "../ports.ts";
import type { ChecksumKernel } from "./checksum-kernel.ts";
import { IOVEC_BYTES, IovecWriter } from "./iovec.ts";
import { MAX_MERGED_BYTES, MAX_MERGED_TCP_SEGMENTS, MAX_MERGED_UDP_SEGMENTS } from "./limits.ts";
import { MergeFlows } from "./merge-flows.ts";
import { classify, ipBytes, isSameIp, isSameTcp, Kind } from "./merge-header.ts";
import { writeAlone, writeMerged } from "./merge-write.ts";
import { OffloadReject } from "./reject.ts";

export interface MergerOptions {
  /** Packets between two resets. */
  readonly packetCapacity: number;
  /** Where `emit` writes iovecs, a multiple of 8: room for MAX_MERGED_TCP_SEGMENTS of them. */
  readonly iovecsAt: number;
  /** Whether the TUN devices take UDP super-packets (Linux 6.2). */
  readonly mergeUdp: boolean;
  /** Seed of the flow table's hash. */
  readonly seed: number;
}

const PACKET = { at: 0, end: 1, payloadAt: 2, next: 3, columns: 4 } as const;

const ITEM = {
  port: 0,
  first: 1,
  last: 2,
  count: 3,
  /** IP header to the end of the last payload; this and the next two are 0 for what is delivered as it came. */
  totalBytes: 4,
  /** Payload of the first packet: the gso_size. */
  segmentBytes: 5,
  /** What the next segment's sequence must be, as a signed number. */
  sequence: 6,
  headerBytes: 7,
  isOpen: 8,
  /** The first packet's checksum: 0 not looked at yet, 1 fine. */
  isVerified: 9,
  /** Of the first packet, as `add` got it. */
  partial: 10,
  kind: 11,
  flags: 12,
  columns: 16,
} as const;

const NONE = -1;

export class Merger {
  /** Items to emit. */
  count = 0;
  readonly iovecsAt: number;

  readonly #view: DataView;
  readonly #sum: ChecksumKernel;
  readonly #iovecs: IovecWriter;
  readonly #packets: Int32Array;
  readonly #items: Int32Array;
  readonly #flows: MergeFlows;
  readonly #packetCapacity: number;
  readonly #mergeUdp: boolean;
  #packetCount = 0;
  /** Items below this one take no more packets. */
  #barrier = 0;

  constructor(arena: Arena, sum: ChecksumKernel, options: MergerOptions) {
    this.iovecsAt = options.iovecsAt;
    this.#view = arena.view;
    this.#sum = sum;
    this.#iovecs = new IovecWriter(arena);
    this.#packetCapacity = options.packetCapacity;
    this.#mergeUdp = options.mergeUdp;
    this.#packets = new Int32Array(options.packetCapacity * PACKET.columns);
    this.#items = new Int32Array(options.packetCapacity * ITEM.columns);
    this.#flows = new MergeFlows(arena.view, options.packetCapacity, options.seed);
  }

  /**
   * Takes the IP packet in [at, end), checked and trimmed to its length, for TUN device `port`. `partial`: what
   * `readRemoteChecksum` said of it, 0 for a complete checksum. The ten bytes before `at` are overwritten by `emit`.
   * Returns false, and takes nothing, when there is no more room: emit all, reset, and add it again.
   */
  add(port: number, at: number, end: number, partial: number): boolean {
    if (this.#packetCount === this.#packetCapacity) return false;
    const view = this.#view;
    const kind = classify(view, at, end);
    if (kind === Kind.Alone || (kind === Kind.Udp && !this.#mergeUdp)) {
      this.#begin(port, at, end, partial, kind);
      return true;
    }
    if (kind === Kind.Barrier) {
      this.#begin(port, at, end, partial, kind);
      this.#barrier = this.count;
      return true;
    }
    const transportAt = at + ipBytes(view, at);
    const payloadAt =
      transportAt + (kind === Kind.Tcp ? tcp.headerBytes(view, transportAt) : udp.HEADER_BYTES);
    const mayJoin = payloadAt < end && isMergeable(view, kind, transportAt, partial);
    const item = this.#flows.find(port, at, kind);
    if (item !== NONE && mayJoin && this.#joins(item, kind, at, transportAt, payloadAt, end, partial)) {
      this.#append(item, kind, at, transportAt, payloadAt, end);
      return true;
    }
    const begun = this.#begin(port, at, end, partial, kind);
    this.#flows.put(begun, port, at, kind);
    if (mayJoin) this.#open(begun, kind, at, transportAt, payloadAt, end);
    return true;
  }

  /**
   * Takes a super-packet that a peer's kernel sent unsplit (index.ts says when that happens): as an item of its own, with
   * segments of `gsoSize` payload bytes. Its checksum is partial by nature. `NoRoom`: as when `add` returns false.
   */
  addSuperPacket(port: number, at: number, end: number, gsoSize: number): OffloadReject {
    if (this.#packetCount === this.#packetCapacity) return OffloadReject.NoRoom;
    const view = this.#view;
    const kind = classify(view, at, end);
    if (kind !== Kind.Tcp && (kind !== Kind.Udp || !this.#mergeUdp)) return OffloadReject.GsoType;
    const transportAt = at + ipBytes(view, at);
    const payloadAt =
      transportAt + (kind === Kind.Tcp ? tcp.headerBytes(view, transportAt) : udp.HEADER_BYTES);
    if (gsoSize <= 0 || gsoSize >= MAX_MERGED_BYTES) return OffloadReject.GsoSize;
    if (end - payloadAt <= gsoSize) return OffloadReject.GsoPayload;
    this.#flows.find(port, at, kind);
    const item = this.#begin(port, at, end, 0, kind);
    this.#flows.put(item, port, at, kind);
    const row = item * ITEM.columns;
    this.#items[row + ITEM.totalBytes] = end - at;
    this.#items[row + ITEM.segmentBytes] = gsoSize;
    this.#items[row + ITEM.headerBytes] = payloadAt - at;
    this.#items[row + ITEM.flags] = kind === Kind.Tcp ? tcp.flags(view, transportAt) : 0;
    return OffloadReject.None;
  }

  /** The TUN device that an item is for. */
  port(item: number): number {
    return this.#items[item * ITEM.columns + ITEM.port]!;
  }

  /** Writes an item's virtio header, its merged header and its iovecs; returns how many iovecs. Once an item. */
  emit(item: number): number {
    const row = item * ITEM.columns;
    const items = this.#items;
    const count = items[row + ITEM.count]!;
    let packet = items[row + ITEM.first]! * PACKET.columns;
    const at = this.#packets[packet + PACKET.at]!;
    const headerAt = at - virtio.HEADER_BYTES;
    const totalBytes = items[row + ITEM.totalBytes]!;
    const headerBytes = items[row + ITEM.headerBytes]!;
    const segmentBytes = items[row + ITEM.segmentBytes]!;
    if (totalBytes - headerBytes > segmentBytes) {
      const kind = items[row + ITEM.kind] as Kind;
      writeMerged(this.#view, at, kind, totalBytes, headerBytes, segmentBytes, items[row + ITEM.flags]!);
    } else {
      writeAlone(this.#view, at, items[row + ITEM.partial]!);
    }
    this.#iovecs.write(this.iovecsAt, headerAt, this.#packets[packet + PACKET.end]! - headerAt);
    for (let i = 1; i < count; i++) {
      packet = this.#packets[packet + PACKET.next]! * PACKET.columns;
      const payloadAt = this.#packets[packet + PACKET.payloadAt]!;
      const bytes = this.#packets[packet + PACKET.end]! - payloadAt;
      this.#iovecs.write(this.iovecsAt + i * IOVEC_BYTES, payloadAt, bytes);
    }
    return count;
  }

  /** Forgets all packets. */
  reset(): void {
    this.count = 0;
    this.#packetCount = 0;
    this.#barrier = 0;
    this.#flows.reset();
  }

  #begin(port: number, at: number, end: number, partial: number, kind: Kind): number {
    const item = this.count++;
    const packet = this.#takePacket(at, at, end);
    const items = this.#items;
    const row = item * ITEM.columns;
    items[row + ITEM.port] = port;
    items[row + ITEM.first] = packet;
    items[row + ITEM.last] = packet;
    items[row + ITEM.count] = 1;
    items[row + ITEM.partial] = partial;
    items[row + ITEM.kind] = kind;
    items[row + ITEM.isOpen] = 0;
    items[row + ITEM.totalBytes] = 0;
    items[row + ITEM.headerBytes] = 0;
    items[row + ITEM.segmentBytes] = 0;
    return item;
  }

  /** Lets later segments join an item whose one packet is mergeable. */
  #open(item: number, kind: Kind, at: number, transportAt: number, payloadAt: number, end: number): void {
    const items = this.#items;
    const row = item * ITEM.columns;
    const flags = kind === Kind.Tcp ? tcp.flags(this.#view, transportAt) : 0;
    items[row + ITEM.totalBytes] = end - at;
    items[row + ITEM.segmentBytes] = end - payloadAt;
    items[row + ITEM.headerBytes] = payloadAt - at;
    items[row + ITEM.flags] = flags;
    items[row + ITEM.isOpen] = (flags & tcp.PSH) === 0 && hasSoundHeader(this.#view, at) ? 1 : 0;
    items[row + ITEM.isVerified] = items[row + ITEM.partial]! > 0 ? 1 : 0;
    if (kind === Kind.Tcp)
      items[row + ITEM.sequence] = tcp.sequence(this.#view, transportAt) + (end - payloadAt);
  }

  #joins(
    item: number,
    kind: Kind,
    at: number,
    transportAt: number,
    payloadAt: number,
    end: number,
    partial: number,
  ): boolean {
    const view = this.#view;
    const items = this.#items;
    const row = item * ITEM.columns;
    if (items[row + ITEM.isOpen] === 0 || item < this.#barrier) return false;
    const bytes = end - payloadAt;
    if (bytes > items[row + ITEM.segmentBytes]! || payloadAt - at !== items[row + ITEM.headerBytes])
      return false;
    if (items[row + ITEM.totalBytes]! + bytes > MAX_MERGED_BYTES) return false;
    const count = items[row + ITEM.count]!;
    if (count >= (kind === Kind.Tcp ? MAX_MERGED_TCP_SEGMENTS : MAX_MERGED_UDP_SEGMENTS)) return false;

    const firstAt = this.#packets[items[row + ITEM.first]! * PACKET.columns + PACKET.at]!;
    if (!isSameIp(view, firstAt, at) || !isNextIdentification(view, firstAt, at, count)) return false;
    if (kind === Kind.Tcp) {
      if ((tcp.sequence(view, transportAt) | 0) !== items[row + ITEM.sequence]) return false;
      if (!isSameTcp(view, firstAt + (transportAt - at), transportAt)) return false;
    }
    if (items[row + ITEM.isVerified] === 0) {
      const firstEnd = firstAt + items[row + ITEM.totalBytes]!;
      items[row + ITEM.isOpen] = this.#isUndamaged(kind, firstAt, firstAt + (transportAt - at), firstEnd)
        ? 1
        : 0;
      items[row + ITEM.isVerified] = 1;
      if (items[row + ITEM.isOpen] === 0) return false;
    }
    return partial > 0 || this.#isUndamaged(kind, at, transportAt, end);
  }

  #append(item: number, kind: Kind, at: number, transportAt: number, payloadAt: number, end: number): void {
    const items = this.#items;
    const row = item * ITEM.columns;
    const packet = this.#takePacket(at, payloadAt, end);
    const bytes = end - payloadAt;
    const flags = kind === Kind.Tcp ? tcp.flags(this.#view, transportAt) : 0;
    this.#packets[items[row + ITEM.last]! * PACKET.columns + PACKET.next] = packet;
    items[row + ITEM.last] = packet;
    items[row + ITEM.count]! += 1;
    items[row + ITEM.totalBytes]! += bytes;
    items[row + ITEM.sequence]! += bytes;
    items[row + ITEM.flags]! |= flags;
    if (bytes < items[row + ITEM.segmentBytes]! || (flags & tcp.PSH) !== 0) items[row + ITEM.isOpen] = 0;
  }

  #takePacket(at: number, payloadAt: number, end: number): number {
    const packet = this.#packetCount++;
    const row = packet * PACKET.columns;
    this.#packets[row + PACKET.at] = at;
    this.#packets[row + PACKET.end] = end;
    this.#packets[row + PACKET.payloadAt] = payloadAt;
    return packet;
  }

  #isUndamaged(kind: Kind, at: number, transportAt: number, end: number): boolean {
    const bytes = end - transportAt;
    const protocol = kind === Kind.Tcp ? Protocol.Tcp : Protocol.Udp;
    return checksum.isValid(
      checksum.pseudoFor(this.#view, at, protocol, bytes) + this.#sum(transportAt, bytes),
    );
  }
}

/** A merged header gets a checksum of its own, which must not hide that the first packet's was wrong. */
function hasSoundHeader(view: DataView, at: number): boolean {
  return view.getUint8(at) >> 4 === 6 || ipv4.checksumFits(view, at) === 0;
}

/** A data segment with no flag but ACK and PSH; a datagram whose sender computed a checksum. */
function isMergeable(view: DataView, kind: Kind, transportAt: number, partial: number): boolean {
  if (kind === Kind.Udp) return partial > 0 || udp.checksum(view, transportAt) !== 0;
  return (tcp.flags(view, transportAt) & ~tcp.PSH) === tcp.ACK;
}

/**
 * Splitting numbers segments onward from the first. Under DF the identification means nothing (RFC 6864 §4.1), and
 * Linux sends all-zero ones on unconnected UDP sockets: then any will do.
 */
function isNextIdentification(view: DataView, firstAt: number, at: number, count: number): boolean {
  if (view.getUint8(at) >> 4 === 6 || ipv4.dontFragment(view, at)) return true;
  return ipv4.identification(view, at) === ((ipv4.identification(view, firstAt) + count) & 0xffff);
}
