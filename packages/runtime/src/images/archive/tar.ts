/**
 * Entries of a tar stream, byte for byte: POSIX ustar and pax (IEEE Std 1003.1, pax), GNU long names and binary
 * numbers (tar(5) of libarchive describes all of them). No library on npm keeps the bytes of pax values, which
 * file capabilities are made of. Whatever is not understood is an ImageError that names the entry.
 *
 *   header block (512 bytes) -> pending pax and long-name entries applied -> entry -> its data, then padding
 */

import { LIMITS } from "../../limits.ts";
import { ImageError } from "../image-error.ts";
import type { ByteReader } from "./byte-reader.ts";

export type TarType =
  | "file"
  | "link"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

export interface TarEntry {
  type: TarType;
  /** As written in the archive. */
  name: string;
  linkName: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSeconds: number;
  xattrs: ReadonlyMap<string, Buffer>;
}

const BLOCK_BYTES = 512;

const TYPES: Record<string, TarType> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};

/** Entries that say something about the next one, or about nothing on disk. */
const PAX_NEXT = "x";
const PAX_ALL = "g";
const LONG_NAME = "L";
const LONG_LINK = "K";

const XATTR_PREFIX = "SCHILY.xattr.";

/** Reads to the end marker, or to the end of the stream. The data of an entry is to be read before the next one. */
export async function* readTar(
  reader: ByteReader,
  what: string,
): AsyncGenerator<{ entry: TarEntry; data: AsyncGenerator<Buffer> }> {
  let pending: Pending = { pax: new Map() };
  for (;;) {
    const header = await reader.take(BLOCK_BYTES);
    if (!header || isZero(header)) return;
    checkSum(header, `${what}: at byte ${reader.offset - BLOCK_BYTES}`);
    const type = String.fromCharCode(header[156]!);
    const size = number(header, 124, 12, `${what}: size`);
    const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
    if ([PAX_NEXT, PAX_ALL, LONG_NAME, LONG_LINK].includes(type)) {
      const text = await smallData(reader, size, what);
      await reader.skip(padding);
      note(pending, type, text, what);
      continue;
    }
    const entry = finish(header, type, pending, what);
    pending = { pax: new Map() };
    const start = reader.offset;
    yield { entry, data: reader.pieces(entry.size) };
    const rounded = Math.ceil(entry.size / BLOCK_BYTES) * BLOCK_BYTES;
    await reader.skip(start + rounded - reader.offset);
  }
}

interface Pending {
  pax: Map<string, Buffer>;
  name?: string;
  linkName?: string;
}

async function smallData(reader: ByteReader, size: number, what: string): Promise<Buffer> {
  if (size > LIMITS.tarHeaderBytes) {
    throw new ImageError(
      `${what}: an extended header of ${size} bytes; at most ${LIMITS.tarHeaderBytes} are allowed`,
    );
  }
  const data = size === 0 ? Buffer.alloc(0) : await reader.take(size);
  if (!data) throw new ImageError(`${what}: ends after an extended header: it is truncated`);
  return data;
}

function note(pending: Pending, type: string, data: Buffer, what: string): void {
  if (type === LONG_NAME) pending.name = cString(data, what);
  else if (type === LONG_LINK) pending.linkName = cString(data, what);
  else if (type === PAX_NEXT) for (const [key, value] of paxRecords(data, what)) pending.pax.set(key, value);
  // Records for all entries hold comments (git archive) in practice; attributes of files would be lost silently.
  else checkGlobal(paxRecords(data, what), what);
}

function checkGlobal(records: Map<string, Buffer>, what: string): void {
  const key = [...records.keys()].find(each => each !== "comment");
  if (key) throw new ImageError(`${what}: a global pax header sets ${key}: not supported`);
}

/** Records "LENGTH KEY=VALUE\n"; LENGTH counts all of its record. */
function paxRecords(data: Buffer, what: string): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = data.toString("latin1", at, space);
    const end = at + Number(digits);
    const equals = data.indexOf(0x3d, space);
    const sound =
      space > at && /^\d{1,10}$/.test(digits) && end <= data.length && equals > space && equals < end;
    if (!sound || data[end - 1] !== 0x0a) throw new ImageError(`${what}: a pax header is malformed`);
    records.set(data.toString("utf8", space + 1, equals), data.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function finish(header: Buffer, type: string, { pax, ...long }: Pending, what: string): TarEntry {
  const isGnu = header.toString("latin1", 257, 265) === "ustar  \0";
  const isUstar = header.toString("latin1", 257, 262) === "ustar" && !isGnu;
  const prefix = isUstar && header[345] ? `${cString(header.subarray(345, 500), what)}/` : "";
  const named = pax.get("path");
  const linked = pax.get("linkpath");
  const name = named ? utf8(named, what) : (long.name ?? prefix + cString(header.subarray(0, 100), what));
  const where = `${what}: ${JSON.stringify(name)}`;
  const kind = TYPES[type];
  if (!kind || [...pax.keys()].some(key => key.startsWith("GNU.sparse."))) {
    const found = kind ? "a sparse file" : `an entry of type ${JSON.stringify(type)}`;
    throw new ImageError(`${where}: ${found}: not supported in an image`);
  }
  const of = (key: string, at: number, length: number): number =>
    paxNumber(pax.get(key), where, key) ?? number(header, at, length, `${where}: ${key}`);
  const hasData = kind === "file";
  return {
    // Before POSIX, a directory was a file whose name ends with a slash.
    type: kind === "file" && name.endsWith("/") ? "directory" : kind,
    name,
    linkName: linked ? utf8(linked, what) : (long.linkName ?? cString(header.subarray(157, 257), where)),
    mode: number(header, 100, 8, `${where}: mode`) & 0o7777,
    uid: Math.trunc(of("uid", 108, 8)),
    gid: Math.trunc(of("gid", 116, 8)),
    size: hasData ? Math.trunc(of("size", 124, 12)) : 0,
    mtimeSeconds: of("mtime", 136, 12),
    xattrs: xattrsOf(pax),
  };
}

function xattrsOf(pax: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const found = [...pax].filter(([key]) => key.startsWith(XATTR_PREFIX));
  return new Map(found.map(([key, value]) => [key.slice(XATTR_PREFIX.length), value]));
}

function paxNumber(value: Buffer | undefined, where: string, key: string): number | undefined {
  if (!value) return undefined;
  const result = Number(value.toString("latin1"));
  const isTime = key === "mtime";
  const isSound = Number.isFinite(result) && (isTime || (Number.isSafeInteger(result) && result >= 0));
  if (!isSound || value.length === 0)
    throw new ImageError(`${where}: ${key} ${JSON.stringify(value.toString())}`);
  return result;
}

/** Octal digits, or a big-endian number after a byte with its highest bit set. */
function number(header: Buffer, at: number, length: number, where: string): number {
  const field = header.subarray(at, at + length);
  if (field[0]! & 0x80) {
    const isNegative = field[0] === 0xff;
    let value = isNegative ? -1n : BigInt(field[0]! & 0x7f);
    for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
    const result = Number(BigInt.asIntN(64, value));
    const allowed = Number.isSafeInteger(result) && (result >= 0 || where.endsWith("mtime"));
    if (!allowed) throw new ImageError(`${where}: ${value} is out of range`);
    return result;
  }
  const text = field.toString("latin1").replace(/\0.*$/s, "").trim();
  if (!/^[0-7]*$/.test(text)) throw new ImageError(`${where}: ${JSON.stringify(text)} is no octal number`);
  return Number.parseInt(text || "0", 8);
}

function checkSum(header: Buffer, where: string): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  const stored = header.toString("latin1", 148, 156).replace(/\0.*$/s, "").trim();
  if (!/^[0-7]+$/.test(stored) || Number.parseInt(stored, 8) !== sum) {
    throw new ImageError(`${where}: this is no tar header, or a damaged one (its checksum is wrong)`);
  }
}

function cString(bytes: Buffer, what: string): string {
  const end = bytes.indexOf(0);
  return utf8(end < 0 ? bytes : bytes.subarray(0, end), what);
}

function utf8(bytes: Buffer, what: string): string {
  const text = bytes.toString("utf8");
  if (text.includes("\0") || !Buffer.from(text).equals(bytes)) {
    throw new ImageError(`${what}: the name ${JSON.stringify(bytes.toString("latin1"))} is not UTF-8`);
  }
  return text;
}

function isZero(block: Buffer): boolean {
  return block.every(byte => byte === 0);
}
