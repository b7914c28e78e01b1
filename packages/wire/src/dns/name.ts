/**
 * Names (RFC 1035 §3.1, §4.1.4): labels, each behind a byte with its length, ended by an empty label or by a pointer to
 * an earlier name.
 *
 *     3 w w w 7 e x a m p l e 0        www.example
 *     3 f t p 11aaaaaa aaaaaaaa        ftp and the name at offset a
 *
 * As text: labels between dots, none at the end, the root is "". What is no printable ASCII, a dot inside of a label and a
 * backslash are written \DDD (RFC 4343 §2.1), so that every name has one text and back.
 */
import { HEADER_BYTES } from "./constants.ts";
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, MAX_NAME_POINTERS } from "./limits.ts";

const POINTER = 0xc0;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER = 0x20;

/** Where a text is put together: each byte takes at most four characters. */
const scratch = new Uint8Array(4 * MAX_NAME_BYTES);

/** The name at `at` of a message, as text, and in lower case if need be; undefined when it is malformed. */
export function readName(bytes: Uint8Array, at: number, isLowered = false): string | undefined {
  let to = 0;
  let length = 1;
  let pointers = 0;
  // A pointer leads to before the labels that it stands behind: no loop.
  let earliest = at;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    // One string made at once: one that grows by characters costs several times as much.
    if (byte === 0) return String.fromCharCode.apply(null, scratch.subarray(0, to) as unknown as number[]);
    if (byte >= POINTER) {
      const target = pointerAt(bytes, at);
      // Names begin behind the header; the first one, of a question, has nothing to point at.
      if (target === undefined || target < HEADER_BYTES || target >= earliest) return undefined;
      if (++pointers > MAX_NAME_POINTERS) return undefined;
      at = target;
      earliest = target;
      continue;
    }
    length += byte + 1;
    const end = at + 1 + byte;
    if (byte > MAX_LABEL_BYTES || length > MAX_NAME_BYTES || end > bytes.length) return undefined;
    if (to > 0) scratch[to++] = DOT;
    for (let i = at + 1; i < end; i++) to = putText(to, bytes[i]!, isLowered);
    at = end;
  }
}

function putText(to: number, byte: number, isLowered: boolean): number {
  if (byte > 0x20 && byte < 0x7f && byte !== DOT && byte !== BACKSLASH) {
    scratch[to] = isLowered && byte >= UPPER_A && byte <= UPPER_Z ? byte + LOWER : byte;
    return to + 1;
  }
  scratch[to] = BACKSLASH;
  scratch[to + 1] = ZERO + Math.floor(byte / 100);
  scratch[to + 2] = ZERO + (Math.floor(byte / 10) % 10);
  scratch[to + 3] = ZERO + (byte % 10);
  return to + 4;
}

/** Where the name at `at` ends, without following its pointer; undefined when it does not end in `bytes`. */
export function skipName(bytes: Uint8Array, at: number): number | undefined {
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    if (byte === 0) return at + 1;
    if (byte >= POINTER) return at + 2 <= bytes.length ? at + 2 : undefined;
    if (byte > MAX_LABEL_BYTES) return undefined;
    at += byte + 1;
  }
}

function pointerAt(bytes: Uint8Array, at: number): number | undefined {
  const low = bytes[at + 1];
  return low === undefined ? undefined : ((bytes[at]! & 0x3f) << 8) | low;
}

/** Writes one label of a name's text; returns where it ends, or undefined when it is none or does not fit. */
export function writeLabel(bytes: Uint8Array, at: number, label: string): number | undefined {
  let to = at + 1;
  for (let i = 0; i < label.length; i++) {
    let byte = label.charCodeAt(i);
    if (byte === BACKSLASH) {
      byte = Number(label.slice(i + 1, i + 4));
      i += 3;
    }
    if (!(byte <= 255) || to >= bytes.length) return undefined;
    bytes[to++] = byte;
  }
  const length = to - at - 1;
  if (length === 0 || length > MAX_LABEL_BYTES) return undefined;
  bytes[at] = length;
  return to;
}

/** Whether a text, with or without a dot at its end, is a name that can be written: upstream's validation takes longer ones. */
export function isName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const labels = name.split(".");
  return (
    name.length <= MAX_NAME_BYTES - 2 &&
    labels.every(label => label.length > 0 && label.length <= MAX_LABEL_BYTES)
  );
}

/** Names are compared without regard to the case of ASCII letters (RFC 4343); their text is ASCII alone. */
export function lowerCase(name: string): string {
  return name.toLowerCase();
}

const IPV4_ZONE = ".in-addr.arpa";
const IPV6_ZONE = ".ip6.arpa";

/** The address of `4.3.2.1.in-addr.arpa` or of 32 nibbles under ip6.arpa (RFC 3596 §2.5), lower case; undefined: it has none. */
export function addressOfReverseName(name: string): Uint8Array | undefined {
  if (name.endsWith(IPV4_ZONE)) {
    const parts = name.slice(0, -IPV4_ZONE.length).split(".");
    const isAddress =
      parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256);
    return isAddress ? Uint8Array.from(parts.reverse(), Number) : undefined;
  }
  if (!name.endsWith(IPV6_ZONE)) return undefined;
  const nibbles = name.slice(0, -IPV6_ZONE.length);
  if (!/^[0-9a-f](\.[0-9a-f]){31}$/.test(nibbles)) return undefined;
  const hex = nibbles.split(".").reverse().join("");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
