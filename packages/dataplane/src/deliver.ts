/**
 * To a TUN device: a packet of this node goes as it came, virtio-net header and all, in one write; packets of peers
 * are collected for as long as one receive lasts, and neighbours of a flow become one write (offload/merge.ts).
 */
import { Counter, type Counters, Drop, limits as tableLimits } from "@podwire/tables";
import { Protocol, tcp, udp, virtio } from "@podwire/wire";
import type { ArenaLayout } from "./arena-layout.ts";
import type { ChecksumKernel } from "./offload/index.ts";
import { IOVEC_BYTES, IovecWriter, Merger, OffloadReject } from "./offload/index.ts";
import type { Packet } from "./packet.ts";
import type { PacketIo } from "./ports.ts";

/** Packets between two drains: 32 messages of 64 KB in packets of some 500 bytes. More drain in between. */
const MERGE_PACKETS = 4096;
const EBADF = 9;

export class Deliverer {
  /** MTU of each port; 0: there is no such port. */
  readonly #mtus = new Int32Array(tableLimits.ports);
  readonly #io: PacketIo;
  readonly #view: DataView;
  readonly #iovecsAt: number;
  readonly #iovecs: IovecWriter;
  readonly #merger: Merger;
  readonly #counters: Counters;

  constructor(
    io: PacketIo,
    layout: ArenaLayout,
    sum: ChecksumKernel,
    counters: Counters,
    seed: number,
    mergeUdp: boolean,
  ) {
    this.#io = io;
    this.#view = io.arena.view;
    this.#iovecsAt = layout.deliverIovecsAt;
    this.#iovecs = new IovecWriter(io.arena);
    this.#counters = counters;
    this.#merger = new Merger(io.arena, sum, {
      packetCapacity: MERGE_PACKETS,
      iovecsAt: layout.mergeIovecsAt,
      mergeUdp,
      seed,
    });
  }

  addPort(port: number, mtu: number): void {
    this.#mtus[port] = mtu;
    this.#counters.clearPort(port);
  }

  removePort(port: number): void {
    this.#mtus[port] = 0;
  }

  /** 0: there is no such port. */
  mtu(port: number): number {
    return this.#mtus[port]!;
  }

  /** Writes the packet with the virtio-net header in front of it. Returns 0 or the drop reason. */
  writeWhole(port: number, packet: Packet): number {
    const headerAt = packet.at - virtio.HEADER_BYTES;
    return this.write(port, headerAt, virtio.HEADER_BYTES + packet.length, 0, 0);
  }

  /** Writes what lies in two pieces, the first with its virtio-net header. */
  write(port: number, at: number, bytes: number, restAt: number, restBytes: number): number {
    this.#iovecs.write(this.#iovecsAt, at, bytes);
    if (restBytes > 0) this.#iovecs.write(this.#iovecsAt + IOVEC_BYTES, restAt, restBytes);
    const written = this.#io.writeTun(port, this.#iovecsAt, restBytes > 0 ? 2 : 1);
    if (written < 0) return written === -EBADF ? Drop.portGone : Drop.tunWriteRefused;
    this.#counters.portOut(port, 1, bytes + restBytes - virtio.HEADER_BYTES);
    return Drop.none;
  }

  /** Collects a packet that came from a peer. */
  collect(port: number, packet: Packet): void {
    const partial = packet.needsChecksum === 0 ? 0 : packet.checksumStart | (packet.checksumOffset << 8);
    const end = packet.at + packet.length;
    if (this.#merger.add(port, packet.at, end, partial)) return;
    this.drain();
    this.#merger.add(port, packet.at, end, partial);
  }

  /**
   * Collects a super-packet that a peer's kernel left unsplit. Its segments are of `gsoSize` bytes or, when that is not
   * known (0), as large as the port takes. Returns 0 or the drop reason.
   */
  collectSuperPacket(port: number, packet: Packet): number {
    const transportAt = packet.at + packet.headerBytes;
    const headerBytes =
      packet.headerBytes +
      (packet.protocol === Protocol.Tcp ? tcp.headerBytes(this.#view, transportAt) : udp.HEADER_BYTES);
    const gsoSize = packet.gsoSize > 0 ? packet.gsoSize : this.#mtus[port]! - headerBytes;
    const end = packet.at + packet.length;
    let refusal = this.#merger.addSuperPacket(port, packet.at, end, gsoSize);
    if (refusal === OffloadReject.NoRoom) {
      this.drain();
      refusal = this.#merger.addSuperPacket(port, packet.at, end, gsoSize);
    }
    return refusal === OffloadReject.None ? Drop.none : Drop.tooBig;
  }

  /** Writes all that was collected: before the memory it lies in is received into again. */
  drain(): void {
    const merger = this.#merger;
    const items = merger.count;
    for (let item = 0; item < items; item++) this.#emit(item);
    if (items > 0) merger.reset();
  }

  #emit(item: number): void {
    const merger = this.#merger;
    const counters = this.#counters;
    const port = merger.port(item);
    const packets = merger.emit(item);
    const written = this.#io.writeTun(port, merger.iovecsAt, packets);
    if (written < 0) {
      counters.drop(written === -EBADF ? Drop.portGone : Drop.tunWriteRefused, packets);
      return;
    }
    counters.add(Counter.forwarded, packets);
    counters.portOut(port, 1, written - virtio.HEADER_BYTES);
    if (packets > 1) {
      counters.add(Counter.superPacketsMerged, 1);
      counters.add(Counter.packetsMerged, packets);
    }
  }
}
