/**
 * Heads and records as bytes on disk. Numbers are doubles, which hold every revision exactly.
 *
 *   head     revision f64 | deleted u8
 *   record   deleted u8 | createRevision f64 | previousRevision f64 | key length u16 | key | value
 *   meta     version u8 | revision f64 | compactedRevision f64 | historyBytes f64 | history
 */
import type { Head, LogRecord, Meta } from "./backend.ts";

const FORMAT_VERSION = 1;
const HEAD_BYTES = 9;
const RECORD_HEADER_BYTES = 19;
const META_HEADER_BYTES = 25;

export function encodeHead({ revision, isDeleted }: Head): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes.writeDoubleBE(revision, 0);
  bytes.writeUInt8(isDeleted ? 1 : 0, 8);
  return bytes;
}

export function decodeHead(bytes: Buffer): Head {
  return { revision: bytes.readDoubleBE(0), isDeleted: bytes.readUInt8(8) === 1 };
}

export function encodeRecord({ key, value, createRevision, previousRevision }: LogRecord): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + keyBytes + Buffer.byteLength(value ?? ""));
  bytes.writeUInt8(value === undefined ? 1 : 0, 0);
  bytes.writeDoubleBE(createRevision, 1);
  bytes.writeDoubleBE(previousRevision, 9);
  bytes.writeUInt16BE(keyBytes, 17);
  bytes.write(key, RECORD_HEADER_BYTES);
  bytes.write(value ?? "", RECORD_HEADER_BYTES + keyBytes);
  return bytes;
}

export function decodeRecord(revision: number, bytes: Buffer): LogRecord {
  const valueAt = RECORD_HEADER_BYTES + bytes.readUInt16BE(17);
  return {
    revision,
    key: bytes.toString("utf8", RECORD_HEADER_BYTES, valueAt),
    value: bytes.readUInt8(0) === 1 ? undefined : bytes.toString("utf8", valueAt),
    createRevision: bytes.readDoubleBE(1),
    previousRevision: bytes.readDoubleBE(9),
  };
}

export function encodeMeta({ history, revision, compactedRevision, historyBytes }: Meta): Buffer {
  const bytes = Buffer.allocUnsafe(META_HEADER_BYTES + Buffer.byteLength(history));
  bytes.writeUInt8(FORMAT_VERSION, 0);
  bytes.writeDoubleBE(revision, 1);
  bytes.writeDoubleBE(compactedRevision, 9);
  bytes.writeDoubleBE(historyBytes, 17);
  bytes.write(history, META_HEADER_BYTES);
  return bytes;
}

/** Throws on a format that this program does not know. */
export function decodeMeta(bytes: Buffer): Meta {
  const version = bytes.readUInt8(0);
  if (version !== FORMAT_VERSION) {
    throw new Error(
      `the store has format ${version}, this program reads ${FORMAT_VERSION}: use the program that wrote it, or remove the store's directory to start afresh`,
    );
  }
  return {
    history: bytes.toString("utf8", META_HEADER_BYTES),
    revision: bytes.readDoubleBE(1),
    compactedRevision: bytes.readDoubleBE(9),
    historyBytes: bytes.readDoubleBE(17),
  };
}
