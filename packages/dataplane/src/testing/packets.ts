/**
 * Packets for tests, built from a description: correct in every field unless a test says otherwise.
 */
import { parseAddress, type Words } from "@podwire/tables";
import { checksum, icmp, icmpv6, ipv4, ipv6, Protocol, tcp, udp, virtio } from "@podwire/wire";

export interface PacketSpec {
  readonly source: string;
  readonly destination: string;
  /** IANA number. */
  readonly protocol: number;
  /** Transport header and payload, checksums not filled in. */
  readonly transport: Uint8Array;
  readonly ttl?: number;
  readonly tos?: number;
  readonly dontFragment?: boolean;
  readonly identification?: number;
}

/** An IP packet with its transport checksum complete. */
export function ipPacket(spec: PacketSpec): Uint8Array {
  const bytes = spec.source.includes(":") ? ipv6Packet(spec) : ipv4Packet(spec);
  completeTransport(bytes, spec.protocol);
  return bytes;
}

function ipv4Packet(spec: PacketSpec): Uint8Array {
  const bytes = new Uint8Array(20 + spec.transport.length);
  const view = new DataView(bytes.buffer);
  const fragment = spec.dontFragment === false ? 0 : ipv4.DONT_FRAGMENT;
  const source = words(spec.source)[3];
  const destination = words(spec.destination)[3];
  const id = spec.identification ?? 0;
  ipv4.write(view, 0, bytes.length, id, fragment, spec.ttl ?? 64, spec.protocol, source, destination);
  ipv4.setTos(view, 0, spec.tos ?? 0);
  ipv4.complete(view, 0);
  bytes.set(spec.transport, 20);
  return bytes;
}

function ipv6Packet(spec: PacketSpec): Uint8Array {
  const bytes = new Uint8Array(40 + spec.transport.length);
  const view = new DataView(bytes.buffer);
  ipv6.writeFixed(view, 0, spec.transport.length, spec.protocol, spec.ttl ?? 64);
  ipv6.setTrafficClass(view, 0, spec.tos ?? 0);
  for (const [index, word] of words(spec.source).entries()) view.setInt32(8 + index * 4, word);
  for (const [index, word] of words(spec.destination).entries()) view.setInt32(24 + index * 4, word);
  bytes.set(spec.transport, 40);
  return bytes;
}

/** Fills in the checksum of TCP, UDP, ICMP or ICMPv6 right behind the fixed IP header. */
export function completeTransport(bytes: Uint8Array, protocol: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = bytes[0]! >> 4 === 4 ? 20 : 40;
  const offsets = new Map<number, number>([
    [Protocol.Tcp, 16],
    [Protocol.Udp, 6],
    [Protocol.Icmp, 2],
    [Protocol.Icmpv6, 2],
  ]);
  const offset = offsets.get(protocol);
  if (offset === undefined || at + offset + 2 > bytes.length) return;
  view.setUint16(at + offset, 0);
  const pseudo = checksum.pseudoFor(view, 0, protocol, bytes.length - at);
  view.setUint16(at + offset, checksum.finishUdp(checksum.sum(view, at, bytes.length, pseudo)));
}

/** Whether the transport checksum verifies; true for protocols without one. */
export function transportIsValid(bytes: Uint8Array): boolean {
  const copy = bytes.slice();
  const protocol = copy[0]! >> 4 === 4 ? copy[9]! : copy[6]!;
  completeTransport(copy, protocol);
  return copy.every((byte, index) => byte === bytes[index]);
}

export function tcpSegment(
  sourcePort: number,
  destinationPort: number,
  flags: number,
  payload: number | Uint8Array = 0,
  sequence = 1,
): Uint8Array {
  const data = typeof payload === "number" ? pattern(payload) : payload;
  const bytes = new Uint8Array(20 + data.length);
  const view = new DataView(bytes.buffer);
  tcp.setSourcePort(view, 0, sourcePort);
  tcp.setDestinationPort(view, 0, destinationPort);
  tcp.setSequence(view, 0, sequence);
  tcp.setAcknowledgement(view, 0, 1);
  tcp.setHeaderBytes(view, 0, 20);
  tcp.setFlags(view, 0, flags);
  tcp.setWindow(view, 0, 0xffff);
  bytes.set(data, 20);
  return bytes;
}

export function udpDatagram(sourcePort: number, destinationPort: number, payload: number): Uint8Array {
  const bytes = new Uint8Array(8 + payload);
  const view = new DataView(bytes.buffer);
  udp.setSourcePort(view, 0, sourcePort);
  udp.setDestinationPort(view, 0, destinationPort);
  udp.setLength(view, 0, bytes.length);
  bytes.set(pattern(payload), 8);
  return bytes;
}

/** An ICMP or ICMPv6 message of any type. */
export function icmpMessage(
  type: number,
  code: number,
  restOfHeader: number,
  data: Uint8Array = pattern(8),
): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  bytes[0] = type;
  bytes[1] = code;
  new DataView(bytes.buffer).setUint32(4, restOfHeader);
  bytes.set(data, 8);
  return bytes;
}

export function echo(isIpv6: boolean, isReply: boolean, identifier: number, payload = 8): Uint8Array {
  const types = isIpv6 ? icmpv6.Type : icmp.Type;
  const type = isReply ? types.EchoReply : types.EchoRequest;
  return icmpMessage(type, 0, (identifier << 16) >>> 0, pattern(payload));
}

export function sctpPacket(sourcePort: number, destinationPort: number, chunk: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  bytes[12] = chunk;
  view.setUint16(14, 4);
  return bytes;
}

/** As a TUN device gives a packet whose checksum is complete. */
export function plain(packet: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(virtio.HEADER_BYTES + packet.length);
  bytes.set(packet, virtio.HEADER_BYTES);
  return bytes;
}

/** As a TUN device gives a packet that leaves its checksum, and with `gsoSize` its segmentation, to us. */
export function offloaded(packet: Uint8Array, gsoSize = 0): Uint8Array {
  const bytes = plain(packet);
  const view = new DataView(bytes.buffer);
  const at = virtio.HEADER_BYTES;
  const isIpv4 = packet[0]! >> 4 === 4;
  const start = isIpv4 ? 20 : 40;
  const protocol = isIpv4 ? packet[9]! : packet[6]!;
  const offset = protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET;
  const partial = checksum.pseudoFor(view, at, protocol, packet.length - start);
  view.setUint16(at + start + offset, checksum.fold(partial));
  const tcpType = isIpv4 ? virtio.Gso.Tcpv4 : virtio.Gso.Tcpv6;
  const type = protocol === Protocol.Tcp ? tcpType : virtio.Gso.UdpL4;
  virtio.write(
    view,
    0,
    virtio.FLAG_NEEDS_CSUM,
    gsoSize === 0 ? virtio.Gso.None : type,
    0,
    gsoSize,
    start,
    offset,
  );
  return bytes;
}

/** The IP packet of what a TUN device was given. */
export function unwrap(written: Uint8Array): Uint8Array {
  return written.slice(virtio.HEADER_BYTES);
}

export function words(address: string): Words {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`"${address}" is no address`);
  return parsed;
}

/** Bytes that differ from their neighbours, so that anything out of place shows. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);
}
