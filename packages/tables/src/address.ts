/**
 * Addresses as the tables know them: 128 bits in four big-endian words, IPv4 mapped into ::ffff:0:0/96
 * (RFC 4291 §2.5.5.2), each word a signed 32-bit integer, which V8 keeps out of the heap.
 *
 * Text in, words out, and back. Control path only.
 */
import { address } from "@podwire/wire";

export type Words = readonly [number, number, number, number];

export interface Cidr {
  readonly words: Words;
  /** Prefix length in the 128-bit space: an IPv4 /24 is 120. */
  readonly bits: number;
}

const MAPPED_WORD = 0xffff;

/** Reads an IPv4 or IPv6 address; undefined when the text is neither. */
export function parseAddress(text: string): Words | undefined {
  const bytes = new Uint8Array(address.ADDRESS_BYTES);
  if (!address.parseAddress(text, bytes, 0)) return undefined;
  const view = new DataView(bytes.buffer);
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
}

/** Reads "address/length"; undefined when malformed or when bits beyond the length are set. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const words = match ? parseAddress(match[1]!) : undefined;
  if (match === null || words === undefined) return undefined;
  const length = Number(match[2]);
  if (length > (isIpv4(words) ? 32 : 128)) return undefined;
  const bits = isIpv4(words) ? 96 + length : length;
  return words.every((word, index) => word === (word & maskWord(bits, index))) ? { words, bits } : undefined;
}

export function isIpv4(words: Words): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD;
}

export function contains(cidr: Cidr, words: Words): boolean {
  return words.every((word, index) => (word & maskWord(cidr.bits, index)) === cidr.words[index]);
}

/** The mask of word `index` (0–3) for a prefix of `bits`. */
export function maskWord(bits: number, index: number): number {
  const inWord = bits - 32 * index;
  return inWord <= 0 ? 0 : inWord >= 32 ? -1 : -1 << (32 - inWord);
}

/** The text of RFC 5952; a mapped address as plain IPv4. */
export function formatAddress(words: Words): string {
  const view = new DataView(new ArrayBuffer(address.ADDRESS_BYTES));
  for (const [index, word] of words.entries()) view.setInt32(index * 4, word);
  return address.formatAddress(new Uint8Array(view.buffer), 0);
}
