/**
 * CRC32c (Castagnoli), the checksum of SCTP: RFC 9260 appendix A, reflected polynomial 0x82f63b78.
 *
 * One table of 256 words, byte by byte: SCTP is rare on the path, and its checksum covers no address, so
 * that translating one leaves it right. Only what Podwire itself writes and tests checks it.
 */

const POLYNOMIAL = 0x82f63b78;
const TABLE = buildTable();

/** Feeds [at, end) into a running register; begin with `CRC_START` and end with `finishCrc32c`. */
export function updateCrc32c(register: number, bytes: Uint8Array, at: number, end: number): number {
  let crc = register;
  for (let i = at; i < end; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}

export const CRC_START = -1;

export function finishCrc32c(register: number): number {
  return ~register >>> 0;
}

/** The CRC32c of [at, end), as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, at: number, end: number): number {
  return finishCrc32c(updateCrc32c(CRC_START, bytes, at, end));
}

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}
