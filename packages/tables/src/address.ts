/**
 * Addresses as the tables know them: 128 bits in four big-endian words, IPv4 mapped into ::ffff:0:0/96
 * (RFC 4291 §2.5.5.2), each word a signed 32-bit integer, which V8 keeps out of the heap.
 *
 * Text in, words out, and back (RFC 5952). Control path only.
 */
export type Words = readonly [number, number, number, number];

export interface Cidr {
  readonly words: Words;
  /** Prefix length in the 128-bit space: an IPv4 /24 is 120. */
  readonly bits: number;
}

export const MAPPED_WORD = 0xffff;

/** Reads an IPv4 or IPv6 address; undefined when the text is neither. Zones and embedded IPv4 are refused. */
export function parseAddress(text: string): Words | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Words | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    word = (word << 8) | Number(part);
  }
  return [0, 0, MAPPED_WORD, word];
}

function parseIpv6(text: string): Words | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (at: number) => (all[at]! << 16) | all[at + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  if (!parts.every(part => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  return parts.map(part => Number.parseInt(part, 16));
}

/** Reads "address/length"; undefined when malformed or when bits beyond the length are set. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const words = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (words === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = Number(length) + (isIpv4(words) ? 96 : 0);
  if (bits > 128) return undefined;
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

export function formatAddress(words: Words): string {
  if (isIpv4(words)) return [24, 16, 8, 0].map(shift => (words[3] >>> shift) & 255).join(".");
  const parts = words.flatMap(word => [(word >>> 16) & 0xffff, word & 0xffff]);
  const { start, length } = longestZeroRun(parts);
  const text = (from: number, to: number) =>
    parts
      .slice(from, to)
      .map(part => part.toString(16))
      .join(":");
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

function longestZeroRun(parts: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < parts.length; start++) {
    let length = 0;
    while (parts[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
