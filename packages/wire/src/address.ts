/**
 * IP and Ethernet addresses as text and as bytes. Control path: these allocate.
 *
 * An IP address is its bytes in network order, and how many there are says the family: 4 of IPv4, 16 of IPv6. An
 * IPv4-mapped IPv6 address (::ffff:10.0.0.1, RFC 4291 §2.5.5.2) is an IPv6 address. Text is written as RFC 5952
 * asks: lower case, no leading zeros, the longest run of zeros as `::`, a mapped address with a dotted tail.
 */

export type IpFamily = 4 | 6;

export const MAC_BYTES = 6;

/** 4 or 16 bytes, or undefined. Zones (`fe80::1%eth0`) name an interface, not an address, and are refused. */
export function parseAddress(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return ipv4;
  const groups = parseIpv6Groups(text);
  return groups && Uint8Array.from(groups.flatMap(group => [group >> 8, group & 255]));
}

/** The text of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join(".")}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map(group => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

export function familyOf(bytes: Uint8Array): IpFamily {
  return bytes.length === 4 ? 4 : 6;
}

/** The 16 bytes of an address of either family, IPv4 as ::ffff:a.b.c.d. Always a copy. */
export function mapped(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 ? bytes.slice() : Uint8Array.from([...MAPPED_PREFIX, ...bytes]);
}

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function isMapped(bytes: Uint8Array): boolean {
  return MAPPED_PREFIX.every((byte, i) => bytes[i] === byte);
}

/** Six bytes from `02:00:5e:00:53:01`, or undefined. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), part => Number.parseInt(part, 16));
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(":");
}

/** Four bytes. No leading zeros: some readers take them for octal. */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const isIpv4 =
    parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isIpv4 ? Uint8Array.from(parts, Number) : undefined;
}

/** Where the longest run of zero groups begins, the first of equals, and how many it has. */
function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best[1]) best = [start, length];
  }
  return best;
}

/** Eight 16-bit numbers, or undefined. */
function parseIpv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The groups on one side of `::`; the last may be dotted IPv4 where it ends the address. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = i === parts.length - 1 && endsAddress ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!);
  }
  return groups;
}
