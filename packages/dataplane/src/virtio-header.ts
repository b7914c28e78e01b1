/**
 * The virtio-net header of a packet from a TUN device, held against the packet itself. The kernel wrote it, but it
 * goes back to a kernel on another device, which refuses contradictions, and into offsets for checksums.
 *
 *   a super-packet     offload's own check decides: type, size, where the checksum is
 *   one segment only   a super-packet whose payload is not larger than `gso_size` is a plain packet: kernels from
 *                      6.12 on refuse such headers, so the segmentation fields are cleared
 *   NEEDS_CSUM         the checksum field lies inside the packet
 */
import { Drop } from "@podwire/tables";
import { ipv4, Protocol, tcp, virtio } from "@podwire/wire";
import { OffloadReject } from "./offload/index.ts";
import type { SuperPacket } from "./offload/super-packet.ts";
import { type Packet, PacketKind } from "./packet.ts";

/** Reads the header in front of a packet that was parsed; `Drop.virtioHeaderBad` on contradictions. */
export function readVirtioHeader(view: DataView, packet: Packet, superPacket: SuperPacket): number {
  const headerAt = packet.at - virtio.HEADER_BYTES;
  packet.needsChecksum = virtio.flags(view, headerAt) & virtio.FLAG_NEEDS_CSUM;
  packet.gsoType = virtio.gsoType(view, headerAt);
  packet.gsoSize = 0;
  packet.segmentBytes = packet.length;
  if (packet.needsChecksum === 0) {
    return packet.gsoType === virtio.Gso.None ? Drop.none : Drop.virtioHeaderBad;
  }
  packet.checksumStart = virtio.checksumStart(view, headerAt);
  packet.checksumOffset = virtio.checksumOffset(view, headerAt);
  const fieldEnd = packet.checksumStart + packet.checksumOffset + 2;
  if (packet.checksumStart < ipv4.MIN_HEADER_BYTES || fieldEnd > packet.length) return Drop.virtioHeaderBad;
  if (packet.gsoType === virtio.Gso.None) return Drop.none;
  const reject = superPacket.read(packet.at, packet.at + packet.length);
  if (reject === OffloadReject.GsoPayload) {
    clearSegmentation(view, packet, headerAt);
    return Drop.none;
  }
  if (reject !== OffloadReject.None || packet.kind !== PacketKind.flow) return Drop.virtioHeaderBad;
  packet.gsoSize = superPacket.gsoSize;
  packet.segmentBytes = superPacket.headerBytes + superPacket.gsoSize;
  return Drop.none;
}

/** Makes segments of a super-packet so small that they fit `mtu`; true when that was possible. */
export function shrinkSegments(view: DataView, packet: Packet, mtu: number): boolean {
  const gsoSize = packet.gsoSize - (packet.segmentBytes - mtu);
  if (gsoSize <= 0) return false;
  virtio.setGsoSize(view, packet.at - virtio.HEADER_BYTES, gsoSize);
  packet.gsoSize = gsoSize;
  packet.segmentBytes = mtu;
  return true;
}

/** A packet that came from a peer has no such header; `partial` is `start | offset << 8`, 0 for none. */
export function withoutVirtioHeader(packet: Packet, partial: number): void {
  packet.gsoType = virtio.Gso.None;
  packet.gsoSize = 0;
  packet.needsChecksum = partial === 0 ? 0 : 1;
  packet.checksumStart = partial & 0xff;
  packet.checksumOffset = partial >> 8;
  packet.segmentBytes = packet.length;
}

/** What a peer's kernel left unsplit, for another peer: segments of the size that is known, or as large as `mtu` allows. */
export function asSuperPacket(view: DataView, packet: Packet, mtu: number): void {
  if (packet.protocol !== Protocol.Tcp) return;
  const headerBytes = packet.headerBytes + tcp.headerBytes(view, packet.at + packet.headerBytes);
  packet.gsoType = packet.version === 4 ? virtio.Gso.Tcpv4 : virtio.Gso.Tcpv6;
  if (packet.gsoSize === 0) packet.gsoSize = mtu - headerBytes;
  packet.segmentBytes = headerBytes + packet.gsoSize;
}

/** Writes the header of a packet that has none, over what was its encapsulation. */
export function writeVirtioHeader(view: DataView, packet: Packet): void {
  const { needsChecksum, gsoType, gsoSize, checksumStart, checksumOffset } = packet;
  const headerAt = packet.at - virtio.HEADER_BYTES;
  const flags = needsChecksum === 1 ? virtio.FLAG_NEEDS_CSUM : 0;
  virtio.write(view, headerAt, flags, gsoType, 0, gsoSize, checksumStart, checksumOffset);
}

function clearSegmentation(view: DataView, packet: Packet, headerAt: number): void {
  packet.gsoType = virtio.Gso.None;
  virtio.write(
    view,
    headerAt,
    virtio.FLAG_NEEDS_CSUM,
    virtio.Gso.None,
    0,
    0,
    packet.checksumStart,
    packet.checksumOffset,
  );
}
