/**
 * Frames of SPDY/3.1 (SPDY Protocol, Draft 3, §2.2), to and from bytes.
 *
 *   control   1 | version (15 bits) | type (16)      data   0 | stream (31 bits)
 *             flags (8) | length (24)                       flags (8) | length (24)
 *             length bytes                                  length bytes
 *
 * Data is handed on as it arrives, a piece at a time, so that nothing has to hold a whole frame; control frames are
 * small and held until they are whole.
 */
import { SPDY_CONTROL_FRAME_MAX_BYTES } from "../../../limits.ts";

/** What ends a connection: the peer does not speak SPDY/3.1. */
export class SpdyError extends Error {
  override name = "SpdyError";
}

export const Type = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** Of SYN_STREAM, SYN_REPLY, HEADERS and data: the sender's half of the stream is closed. */
export const FLAG_FIN = 1;

/** Why a stream is reset (§2.6.3). */
export const Reset = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  flowControlError: 7,
} as const;

/** SETTINGS: bytes of a stream that may be under way before the receiver has said that it took some. */
export const SETTINGS_INITIAL_WINDOW_SIZE = 7;

const VERSION = 3;
const HEADER_BYTES = 8;

export type Incoming =
  /** A piece of a data frame; `fin` on its last one only. */
  | { readonly kind: "data"; readonly stream: number; readonly bytes: Buffer; readonly fin: boolean }
  | { readonly kind: "control"; readonly type: number; readonly flags: number; readonly body: Buffer };

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);
  /** The data frame that is being handed on. */
  #data: { stream: number; fin: boolean; left: number } | undefined;

  /** Throws SpdyError on what is no frame. */
  *read(bytes: Buffer): Generator<Incoming> {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) yield frame;
  }

  #next(): Incoming | undefined {
    if (this.#data !== undefined) return this.#dataPiece(this.#data);
    if (this.#held.length < HEADER_BYTES) return undefined;
    const first = this.#held.readUInt32BE(0);
    const flags = this.#held[4]!;
    const length = this.#held.readUIntBE(5, 3);
    if (first >>> 31 === 0) {
      this.#take(HEADER_BYTES);
      this.#data = { stream: first, fin: (flags & FLAG_FIN) !== 0, left: length };
      return this.#dataPiece(this.#data);
    }
    const version = (first >>> 16) & 0x7fff;
    if (version !== VERSION) throw new SpdyError(`version ${version} of SPDY is not ${VERSION}`);
    if (length > SPDY_CONTROL_FRAME_MAX_BYTES) throw new SpdyError(`a control frame of ${length} bytes`);
    if (this.#held.length < HEADER_BYTES + length) return undefined;
    const body = this.#take(HEADER_BYTES + length).subarray(HEADER_BYTES);
    return { kind: "control", type: first & 0xffff, flags, body };
  }

  #dataPiece(data: { stream: number; fin: boolean; left: number }): Incoming | undefined {
    if (this.#held.length === 0 && data.left > 0) return undefined;
    const bytes = this.#take(Math.min(data.left, this.#held.length));
    data.left -= bytes.length;
    if (data.left === 0) this.#data = undefined;
    return { kind: "data", stream: data.stream, bytes, fin: data.left === 0 && data.fin };
  }

  #take(length: number): Buffer {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}

/** What precedes the bytes of a data frame. */
export function dataHeader(stream: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(stream, 0);
  header.writeUInt32BE(((fin ? FLAG_FIN : 0) << 24) | length, 4);
  return header;
}

export function controlFrame(type: number, flags: number, ...body: readonly (number | Buffer)[]): Buffer {
  const length = body.reduce<number>((sum, part) => sum + (typeof part === "number" ? 4 : part.length), 0);
  const frame = Buffer.alloc(HEADER_BYTES + length);
  frame.writeUInt32BE(((0x8000 | VERSION) * 0x10000 + type) >>> 0, 0);
  frame.writeUInt32BE(flags * 0x1000000 + length, 4);
  let at = HEADER_BYTES;
  for (const part of body) {
    if (typeof part === "number") at = frame.writeUInt32BE(part >>> 0, at);
    else at += part.copy(frame, at);
  }
  return frame;
}
