/**
 * SCTP common headers and the first chunk (RFC 9260 §3).
 *
 *    0        2             4                  8          12     13      14       16
 *   | source | destination | verification tag | checksum | type | flags | length | value … more chunks
 *
 * The checksum is a CRC32c over the whole packet with its own field as zero, stored in little-endian order.
 */
import { CRC_START, finishCrc32c, updateCrc32c } from "./crc32c.ts";
import { Fit } from "./fit.ts";

export const HEADER_BYTES = 12;

export const Chunk = {
  Data: 0,
  Init: 1,
  InitAck: 2,
  Sack: 3,
  Heartbeat: 4,
  HeartbeatAck: 5,
  Abort: 6,
  Shutdown: 7,
  ShutdownAck: 8,
  Error: 9,
  CookieEcho: 10,
  CookieAck: 11,
  ShutdownComplete: 14,
} as const;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const VERIFICATION_TAG = 4;
const CHECKSUM = 8;
const FIRST_CHUNK = 12;
const CHUNK_HEADER_BYTES = 4;
const ZEROS = new Uint8Array(4);

/** The common header and the header of the first chunk, without which a packet means nothing. */
export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < HEADER_BYTES + CHUNK_HEADER_BYTES) return Fit.TooShort;
  const length = view.getUint16(at + FIRST_CHUNK + 2);
  return length < CHUNK_HEADER_BYTES || length > end - at - HEADER_BYTES ? Fit.BadTotalLength : Fit.Ok;
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

export function verificationTag(view: DataView, at: number): number {
  return view.getUint32(at + VERIFICATION_TAG);
}

/** The type of the first chunk: what connection tracking goes by. */
export function firstChunk(view: DataView, at: number): number {
  return view.getUint8(at + FIRST_CHUNK);
}

export function firstChunkFlags(view: DataView, at: number): number {
  return view.getUint8(at + FIRST_CHUNK + 1);
}

/** A number whose four bytes stand in the packet least significant first. */
export function checksum(view: DataView, at: number): number {
  return view.getUint32(at + CHECKSUM, true);
}

/** The CRC32c that belongs into the packet in [at, end). */
export function computeChecksum(bytes: Uint8Array, at: number, end: number): number {
  let crc = updateCrc32c(CRC_START, bytes, at, at + CHECKSUM);
  crc = updateCrc32c(crc, ZEROS, 0, 4);
  return finishCrc32c(updateCrc32c(crc, bytes, at + HEADER_BYTES, end));
}

export function checksumFits(view: DataView, bytes: Uint8Array, at: number, end: number): Fit {
  return computeChecksum(bytes, at, end) === checksum(view, at) ? Fit.Ok : Fit.BadChecksum;
}

/** Computes the checksum anew (after a port was translated, say) and stores it. */
export function complete(view: DataView, bytes: Uint8Array, at: number, end: number): void {
  view.setUint32(at + CHECKSUM, computeChecksum(bytes, at, end), true);
}
