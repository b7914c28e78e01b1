/**
 * Netlink messages as bytes: a builder for requests and a reader for attributes.
 *
 * ```
 * nlmsghdr   u32 length | u16 type | u16 flags | u32 sequence | u32 port      16 bytes, host order
 * family header (ifinfomsg, rtmsg, nfgenmsg, …)
 * attributes u16 length | u16 type | payload, padded to 4                     nested ones inside payloads
 * ```
 */

import { LIMITS } from "./limits.ts";

export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

export const NLMSG_HEADER_BYTES = 16;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

/** Builds one netlink message after another in one growing buffer. Control path. */
export class NetlinkBuilder {
  #u8 = new Uint8Array(1024);
  #view = new DataView(this.#u8.buffer);
  #length = 0;
  #messageAt = 0;

  /** Starts a message; the previous one ends here. */
  message(type: number, flags: number, sequence: number): this {
    this.#messageAt = this.#length;
    return this.u32(0).u16(type).u16(flags).u32(sequence).u32(0);
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#u8[this.#length++] = value;
    return this.#sealed();
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
    return this.#sealed();
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this.#sealed();
  }

  attribute(type: number, payload: Uint8Array): this {
    this.u16(payload.length + 4).u16(type);
    this.#reserve(payload.length + 3);
    this.#u8.set(payload, this.#length);
    this.#length += (payload.length + 3) & ~3;
    return this.#sealed();
  }

  attributeU8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  attributeU16(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value, value >> 8));
  }

  attributeBe16(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value >> 8, value));
  }

  attributeU32(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value, value >> 8, value >> 16, value >> 24));
  }

  attributeBe32(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value >> 24, value >> 16, value >> 8, value));
  }

  /** A NUL-terminated string. */
  attributeText(type: number, text: string): this {
    return this.attribute(type, new TextEncoder().encode(`${text}\0`));
  }

  /** An attribute that holds what `fill` appends. */
  nest(type: number, fill: () => void): this {
    const at = this.#length;
    this.u16(0).u16(type | NLA_F_NESTED);
    fill();
    this.#view.setUint16(at, this.#length - at, true);
    return this;
  }

  bytes(): Uint8Array {
    return this.#u8.subarray(0, this.#length);
  }

  /** Keeps the length of the current message true. */
  #sealed(): this {
    this.#view.setUint32(this.#messageAt, this.#length - this.#messageAt, true);
    return this;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#u8.length) return;
    if (needed > LIMITS.netlinkRequestBytes) {
      throw new RangeError(
        `netlink request: larger than ${LIMITS.netlinkRequestBytes} bytes; send it in parts`,
      );
    }
    const grown = new Uint8Array(Math.max(needed, this.#u8.length * 2));
    grown.set(this.#u8);
    this.#u8 = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** One message of an answer: its type and what follows the netlink header. */
export interface NetlinkReply {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** Attributes of a payload from `at` on, by type; the last of a type wins. */
export function readAttributes(payload: Uint8Array, at: number): Map<number, Uint8Array> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = new Map<number, Uint8Array>();
  while (at + 4 <= payload.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > payload.length) break;
    attributes.set(view.getUint16(at + 2, true) & NLA_TYPE_MASK, payload.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
}

export function attributeNumber(payload: Uint8Array | undefined): number | undefined {
  if (payload === undefined || payload.length < 4) return undefined;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
}

export function attributeString(payload: Uint8Array | undefined): string | undefined {
  if (payload === undefined) return undefined;
  return new TextDecoder().decode(payload).replace(/\0+$/, "");
}
