/**
 * UDP headers (RFC 768).
 *
 *    0        2             4        6          8
 *   | source | destination | length | checksum | payload
 */
import { Fit } from "./fit.ts";

export const HEADER_BYTES = 8;

/** Where the checksum field lies in the header: virtio's and VXLAN's `csum_offset` for UDP. */
export const CHECKSUM_OFFSET = 6;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;

/** Bounds, the UDP length among them: it may be less than there is, never more. */
export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < HEADER_BYTES) return Fit.TooShort;
  const bytes = view.getUint16(at + LENGTH);
  return bytes < HEADER_BYTES || bytes > end - at ? Fit.BadTotalLength : Fit.Ok;
}

/** For first fragments, whose UDP length tells of the whole datagram. */
export function headerFits(_view: DataView, at: number, end: number): Fit {
  return end - at < HEADER_BYTES ? Fit.TooShort : Fit.Ok;
}

export function sourcePort(view: DataView, at: number): number {
  return view.getUint16(at + SOURCE_PORT);
}

export function setSourcePort(view: DataView, at: number, port: number): void {
  view.setUint16(at + SOURCE_PORT, port);
}

export function destinationPort(view: DataView, at: number): number {
  return view.getUint16(at + DESTINATION_PORT);
}

export function setDestinationPort(view: DataView, at: number, port: number): void {
  view.setUint16(at + DESTINATION_PORT, port);
}

/** Source port in the upper half, destination port in the lower: the same word in TCP, UDP and SCTP. */
export function ports(view: DataView, at: number): number {
  return view.getUint32(at + SOURCE_PORT);
}

/** Header and payload, in bytes. */
export function length(view: DataView, at: number): number {
  return view.getUint16(at + LENGTH);
}

export function setLength(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + LENGTH, bytes);
}

/** 0: the sender computed none (IPv4 only, RFC 768; RFC 6935 for tunnels). */
export function checksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

export function setChecksum(view: DataView, at: number, checksum: number): void {
  view.setUint16(at + CHECKSUM, checksum);
}
