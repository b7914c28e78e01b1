/**
 * Header blocks of SPDY/3.1: name/value pairs, compressed with zlib (SPDY Protocol, Draft 3, §2.6.10).
 *
 * One compression context lasts as long as its connection and each block ends in a sync flush, so all that one block
 * hands to the next is the window: the last 32 KiB of what went before. That window is kept here and given to a raw
 * deflate as its dictionary, so that a block is one synchronous call whose output is bounded.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { SPDY_HEADER_BLOCK_MAX_BYTES } from "../../../limits.ts";
import { SPDY_DICTIONARY } from "./dictionary.ts";
import { SpdyError } from "./frames.ts";

const WINDOW_BYTES = 32 * 1024;
/** RFC 1950 §2.2: CMF, FLG with FDICT, and the Adler-32 of the dictionary. */
const ZLIB_HEADER = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
const FLUSH = { finishFlush: constants.Z_SYNC_FLUSH };

export type Headers = ReadonlyMap<string, string>;

class Window {
  bytes = SPDY_DICTIONARY;
  isFirst = true;

  add(text: Buffer): void {
    this.isFirst = false;
    this.bytes = Buffer.concat([this.bytes, text]);
    if (this.bytes.length > WINDOW_BYTES) this.bytes = this.bytes.subarray(-WINDOW_BYTES);
  }
}

export class HeaderWriter {
  readonly #window = new Window();

  write(headers: Headers): Buffer {
    const text = encode(headers);
    const block = deflateRawSync(text, { ...FLUSH, dictionary: this.#window.bytes });
    const before = this.#window.isFirst ? [ZLIB_HEADER] : [];
    this.#window.add(text);
    return Buffer.concat([...before, block]);
  }
}

export class HeaderReader {
  readonly #window = new Window();

  /** Throws SpdyError: a block that cannot be read ends the connection, as its context is lost. */
  read(block: Buffer): Headers {
    const text = this.#inflate(this.#window.isFirst ? withoutZlibHeader(block) : block);
    this.#window.add(text);
    return decode(text);
  }

  #inflate(block: Buffer): Buffer {
    const maxOutputLength = SPDY_HEADER_BLOCK_MAX_BYTES;
    try {
      return inflateRawSync(block, { ...FLUSH, dictionary: this.#window.bytes, maxOutputLength });
    } catch (error) {
      throw new SpdyError(`header block: ${(error as Error).message}`);
    }
  }
}

function withoutZlibHeader(block: Buffer): Buffer {
  const isZlib = block.length >= 2 && (block[0]! & 0x0f) === 8 && block.readUInt16BE(0) % 31 === 0;
  if (!isZlib) throw new SpdyError("header block: not zlib");
  const hasDictionary = (block[1]! & 0x20) !== 0;
  if (hasDictionary && block.compare(ZLIB_HEADER, 2, 6, 2, 6) !== 0) {
    throw new SpdyError("header block: compressed with an unknown dictionary");
  }
  return block.subarray(hasDictionary ? 6 : 2);
}

function encode(headers: Headers): Buffer {
  const parts: Buffer[] = [word32(headers.size)];
  for (const pair of headers) {
    for (const text of pair) {
      const bytes = Buffer.from(text);
      parts.push(word32(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** Names in lower case; several values of one name are separated by NUL, and joined here as HTTP does. */
function decode(text: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const length = () => {
    if (at + 4 > text.length) throw new SpdyError("header block: cut short");
    at += 4;
    return text.readUInt32BE(at - 4);
  };
  const next = () => {
    const bytes = length();
    if (bytes > text.length - at) throw new SpdyError("header block: cut short");
    at += bytes;
    return text.toString("utf8", at - bytes, at);
  };
  for (let left = length(); left > 0; left--) {
    const name = next().toLowerCase();
    headers.set(name, next().replaceAll("\0", ", "));
  }
  return headers;
}

function word32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
