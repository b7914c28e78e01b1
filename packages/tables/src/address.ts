/**
 * Addresses as the tables know them: 128 bits in four big-endian words, IPv4 mapped into ::ffff:0:0/96
 * (RFC 4291 §2.5.5.2), each word a signed 32-bit integer, which V8 keeps out of the heap.
 *
 * Text in, words out, and back. Control path only.
 */
import * as wire from "@podwire/wire/address";
import * as cidrs from "@podwire/wire/cidr";

export type Words = readonly [number, number, number, number];

export interface Cidr {
  readonly words: Words;
  /** Prefix length in the 128-bit space: an IPv4 /24 is 120. */
  readonly bits: number;
}

const MAPPED_WORD = 0xffff;

/** Reads an IPv4 or IPv6 address; undefined when the text is neither. */
export function parseAddress(text: string): Words | undefined {
  const bytes = wire.parseAddress(text);
  return bytes && wordsOf(bytes);
}

/** Reads "address/length"; undefined when malformed or when bits beyond the length are set. */
export function parseCidr(text: string): Cidr | undefined {
  const cidr = cidrs.parseCidr(text);
  return cidr && { words: wordsOf(cidr.bytes), bits: cidr.prefixLength + (cidr.family === 4 ? 96 : 0) };
}

function wordsOf(bytes: Uint8Array): Words {
  const view = new DataView(wire.mapped(bytes).buffer);
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
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
  const view = new DataView(new ArrayBuffer(16));
  for (const [index, word] of words.entries()) view.setInt32(index * 4, word);
  const bytes = new Uint8Array(view.buffer);
  return wire.formatAddress(isIpv4(words) ? bytes.subarray(12) : bytes);
}
