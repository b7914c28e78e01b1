/**
 * The oracle of the splitter: what each datagram of a super-packet must be, built from nothing, one segment at a time,
 * with arrays and byte-wise sums. Slow and obvious; it shares no code with split.ts.
 */
import { sumBytes } from "./checksum-twin.ts";

/** `packet`: an IP packet without extension headers. Returns each datagram: template, headers, payload. */
export function splitOracle(
  packet: Uint8Array,
  gsoSize: number,
  template: Uint8Array,
  remoteChecksum: boolean,
): Uint8Array[] {
  const isIpv4 = packet[0]! >> 4 === 4;
  const ipBytes = isIpv4 ? (packet[0]! & 15) * 4 : 40;
  const isTcp = packet[isIpv4 ? 9 : 6] === 6;
  const headerBytes = ipBytes + (isTcp ? (packet[ipBytes + 12]! >> 4) * 4 : 8);
  const payload = packet.slice(headerBytes);
  const count = Math.ceil(payload.length / gsoSize);
  return Array.from({ length: count }, (_, i) => {
    const part = payload.slice(i * gsoSize, (i + 1) * gsoSize);
    const segment = concat(packet.slice(0, headerBytes), part);
    const transport = segment.subarray(ipBytes);
    if (isTcp) {
      put32(transport, 4, (get32(transport, 4) + i * gsoSize) % 2 ** 32);
      if (i > 0) transport[13]! &= 0x7f;
      if (i < count - 1) transport[13]! &= 0xf6;
    } else {
      put16(transport, 4, transport.length);
    }
    const fieldAt = isTcp ? 16 : 6;
    put16(transport, fieldAt, 0);
    const pseudo = pseudoHeader(segment, isIpv4, isTcp ? 6 : 17, transport.length);
    const whole = 0xffff - sumBytes(concat(pseudo, transport), 0, pseudo.length + transport.length);
    const partial = sumBytes(pseudo, 0, pseudo.length);
    put16(transport, fieldAt, remoteChecksum ? partial : !isTcp && whole === 0 ? 0xffff : whole);
    if (isIpv4) {
      put16(segment, 2, segment.length);
      put16(segment, 4, (get16(packet, 4) + i) % 65536);
      put16(segment, 10, 0);
      put16(segment, 10, 0xffff - sumBytes(segment, 0, ipBytes));
    } else {
      put16(segment, 4, segment.length - 40);
    }
    const encapsulation = template.slice();
    if (remoteChecksum) {
      encapsulation[1]! |= 0x20;
      encapsulation[7] = (14 + ipBytes) / 2 + (isTcp ? 0 : 128);
    }
    return concat(encapsulation, segment);
  });
}

/** The pseudo-header of RFC 9293 §3.1 or RFC 8200 §8.1, as bytes. */
export function pseudoHeader(
  packet: Uint8Array,
  isIpv4: boolean,
  protocol: number,
  length: number,
): Uint8Array {
  const addresses = isIpv4 ? packet.slice(12, 20) : packet.slice(8, 40);
  return concat(addresses, Uint8Array.of(0, protocol, length >> 8, length & 255));
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => Array.from(part)));
}

export function get16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

export function get32(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 65536 + get16(bytes, at + 2);
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, Math.floor(value / 65536));
  put16(bytes, at + 2, value % 65536);
}
