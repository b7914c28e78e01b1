/**
 * Packets for the tests and the benchmark of this folder, written field by field into an arena. Not used by the
 * data plane itself.
 */
import { checksum, ipv4, ipv6, Protocol, tcp, udp, virtio, vxlan } from "@podwire/wire";
import type { Arena } from "../ports.ts";

export interface PacketShape {
  readonly version: 4 | 6;
  readonly protocol: "tcp" | "udp";
  readonly payloadBytes: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly trafficClass?: number;
  readonly ttl?: number;
  readonly ports?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly urgent?: number;
  /** TCP options in bytes, a multiple of 4. */
  readonly optionBytes?: number;
}

/** Bytes of IP and transport header. */
export function headerBytes(shape: PacketShape): number {
  const transport = shape.protocol === "tcp" ? 20 + (shape.optionBytes ?? 0) : 8;
  return (shape.version === 4 ? 20 : 40) + transport;
}

/** Writes headers at `at`, before a payload that is there already, with complete checksums; returns the end. */
export function writePacket(arena: Arena, at: number, shape: PacketShape): number {
  const { view } = arena;
  const end = at + headerBytes(shape) + shape.payloadBytes;
  const protocol = shape.protocol === "tcp" ? Protocol.Tcp : Protocol.Udp;
  if (shape.version === 4) {
    const fragment = (shape.dontFragment ?? true) ? ipv4.DONT_FRAGMENT : 0;
    const ttl = shape.ttl ?? 64;
    ipv4.write(
      view,
      at,
      end - at,
      shape.identification ?? 1,
      fragment,
      ttl,
      protocol,
      0x0af40105,
      0x0af40207,
    );
    ipv4.setTos(view, at, shape.trafficClass ?? 0);
    ipv4.complete(view, at);
  } else {
    ipv6.writeFixed(view, at, end - at - 40, protocol, shape.ttl ?? 64);
    ipv6.setTrafficClass(view, at, shape.trafficClass ?? 0);
    for (let i = 0; i < 32; i++) view.setUint8(at + 8 + i, (i * 37 + 11) & 255);
  }
  const transportAt = at + (shape.version === 4 ? 20 : 40);
  view.setUint32(transportAt, shape.ports ?? 0x9c40_1f90);
  if (shape.protocol === "tcp") writeTcp(view, transportAt, shape);
  else udp.setLength(view, transportAt, end - transportAt);
  completeChecksum(view, at, end);
  return end;
}

/** Takes the transport checksum anew, plainly. */
export function completeChecksum(view: DataView, at: number, end: number): void {
  const isIpv4 = view.getUint8(at) >> 4 === 4;
  const protocol = isIpv4 ? ipv4.protocol(view, at) : ipv6.nextHeader(view, at);
  const transportAt = at + (isIpv4 ? 20 : 40);
  const fieldAt = transportAt + (protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET);
  view.setUint16(fieldAt, 0);
  const sum = checksum.sum(view, transportAt, end, checksum.pseudoFor(view, at, protocol, end - transportAt));
  view.setUint16(fieldAt, protocol === Protocol.Udp ? checksum.finishUdp(sum) : checksum.finish(sum));
}

/** Puts the partial where the checksum was, as a kernel with checksum offload does. */
export function makePartial(view: DataView, at: number, end: number): void {
  const isIpv4 = view.getUint8(at) >> 4 === 4;
  const protocol = isIpv4 ? ipv4.protocol(view, at) : ipv6.nextHeader(view, at);
  const transportAt = at + (isIpv4 ? 20 : 40);
  const fieldAt = transportAt + (protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET);
  const pseudo = checksum.pseudoFor(view, at, protocol, end - transportAt);
  view.setUint16(fieldAt, checksum.fold(pseudo));
}

/** What `readRemoteChecksum` says of such a packet when its checksum is partial. */
export function partialOf(shape: PacketShape): number {
  return (shape.version === 4 ? 20 : 40) | ((shape.protocol === "tcp" ? 16 : 6) << 8);
}

/** A super-packet as a TUN device yields it, virtio header in the ten bytes before `at`; returns its end. */
export function writeSuperPacket(arena: Arena, at: number, shape: PacketShape, gsoSize: number): number {
  const { view } = arena;
  const end = writePacket(arena, at, shape);
  makePartial(view, at, end);
  const start = shape.version === 4 ? 20 : 40;
  const tcpType = shape.version === 4 ? virtio.Gso.Tcpv4 : virtio.Gso.Tcpv6;
  const isTcp = shape.protocol === "tcp";
  virtio.write(
    view,
    at - virtio.HEADER_BYTES,
    virtio.FLAG_NEEDS_CSUM,
    isTcp ? tcpType : virtio.Gso.UdpL4,
    headerBytes(shape),
    gsoSize,
    start,
    isTcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET,
  );
  return end;
}

/** The 22 bytes of VXLAN and Ethernet that go before every segment. */
export function writeTemplate(arena: Arena, at: number): void {
  vxlan.write(arena.view, at, 7);
  for (let i = 0; i < 14; i++) arena.u8[at + 8 + i] = 0x20 + i;
}

/** Bytes from a small generator, the same for one seed. */
export function fillRandom(bytes: Uint8Array, at: number, end: number, seed: number): void {
  let state = seed | 1;
  for (let i = at; i < end; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 255;
  }
}

function writeTcp(view: DataView, at: number, shape: PacketShape): void {
  tcp.setSequence(view, at, shape.sequence ?? 1);
  tcp.setAcknowledgement(view, at, shape.acknowledgement ?? 0x1234_5678);
  tcp.setHeaderBytes(view, at, 20 + (shape.optionBytes ?? 0));
  tcp.setFlags(view, at, shape.flags ?? tcp.ACK);
  tcp.setWindow(view, at, shape.window ?? 502);
  tcp.setUrgent(view, at, shape.urgent ?? 0);
  for (let i = 0; i < (shape.optionBytes ?? 0); i++) view.setUint8(at + 20 + i, i < 2 ? 1 : 8 + i);
}
