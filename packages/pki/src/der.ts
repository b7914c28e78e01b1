/** Writes DER (X.690): what a certificate is made of, each function one value, tag and length included. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

/** Content of at most 65,535 bytes: certificates are far below. */
export function tagged(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer =>
  tagged(TAG.sequence, Buffer.concat(items));

export const set = (...items: readonly Uint8Array[]): Buffer => tagged(TAG.set, Buffer.concat(items));

/** `[number] EXPLICIT`. */
export const explicit = (number: number, item: Uint8Array): Buffer =>
  tagged(CONTEXT | CONSTRUCTED | number, item);

/** `[number] IMPLICIT` of a value that is not constructed. */
export const implicit = (number: number, content: Uint8Array): Buffer => tagged(CONTEXT | number, content);

export const boolean = (value: boolean): Buffer => tagged(TAG.boolean, Buffer.of(value ? 0xff : 0));

/** A number that is not negative, big-endian, as short as it can be (X.690 §8.3.2). */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  const isNegative = (shortest[0]! & 0x80) !== 0;
  return tagged(TAG.integer, isNegative ? Buffer.concat([Buffer.of(0), shortest]) : shortest);
}

export const octetString = (content: Uint8Array): Buffer => tagged(TAG.octetString, content);

/** Of whole bytes. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  tagged(TAG.bitString, Buffer.concat([Buffer.of(unusedBits), content]));

export const utf8String = (text: string): Buffer => tagged(TAG.utf8String, Buffer.from(text, "utf8"));

/** `2.5.4.3`. The first two numbers share a byte, the others have seven bits a byte (X.690 §8.19). */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5); whole seconds. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "")}`;
  return date.getUTCFullYear() < 2050
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2)))
    : tagged(TAG.generalizedTime, Buffer.from(digits));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest & 0x7f) | 0x80);
  }
  return bytes;
}

function lengthOf({ length }: Uint8Array): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}
