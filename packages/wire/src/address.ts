/**
 * Addresses as text and as bytes. Control path: these allocate.
 *
 * One form serves both families: 16 bytes, an IPv4 address as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). Text is
 * written as RFC 5952 asks: lower case, no leading zeros, the longest run of zeros as `::`.
 */

export const ADDRESS_BYTES = 16;
export const MAC_BYTES = 6;

/** The address as an unsigned 32-bit number, or undefined when `text` is not four decimal numbers. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Writes the 16 bytes of an IPv4 (mapped) or IPv6 address; false, and nothing written, when `text` is neither. */
export function parseAddress(text: string, into: Uint8Array, at: number): boolean {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) {
    writeMapped(into, at, ipv4);
    return true;
  }
  const groups = parseIpv6Groups(text);
  if (groups === undefined) return false;
  for (const [i, group] of groups.entries()) {
    into[at + 2 * i] = group >> 8;
    into[at + 2 * i + 1] = group & 255;
  }
  return true;
}

/** Writes an IPv4 address as ::ffff:a.b.c.d. */
export function writeMapped(into: Uint8Array, at: number, ipv4: number): void {
  into.fill(0, at, at + 10);
  into[at + 10] = 0xff;
  into[at + 11] = 0xff;
  for (let i = 0; i < 4; i++) into[at + 12 + i] = (ipv4 >>> (24 - 8 * i)) & 255;
}

export function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/** The IPv4 address inside a mapped one. */
export function mappedIpv4(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 12]! << 24) | (bytes[at + 13]! << 16) | (bytes[at + 14]! << 8) | bytes[at + 15]!) >>> 0;
}

/** The text of 16 bytes: a mapped address as plain IPv4, everything else as IPv6. */
export function formatAddress(bytes: Uint8Array, at: number): string {
  return isMapped(bytes, at) ? formatIpv4(mappedIpv4(bytes, at)) : formatIpv6(bytes, at);
}

/** RFC 5952 text of 16 bytes; a mapped address keeps its prefix: ::ffff:10.0.0.1 (§5). */
export function formatIpv6(bytes: Uint8Array, at: number): string {
  if (isMapped(bytes, at)) return `::ffff:${formatIpv4(mappedIpv4(bytes, at))}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map(group => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** Six bytes from `02:00:5e:00:53:01`, or undefined. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), part => Number.parseInt(part, 16));
}

export function formatMac(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.slice(at, at + MAC_BYTES), byte => byte.toString(16).padStart(2, "0")).join(":");
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

/** Eight 16-bit numbers, or undefined. Zones (`%eth0`) name an interface, not an address, and are refused. */
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
    groups.push(ipv4 >>> 16, ipv4 & 0xffff);
  }
  return groups;
}
