/**
 * Addresses and CIDRs as the lab needs them: strict parsing, overlap, the n-th host of a range. Control-plane
 * code: BigInt is welcome here and never near a packet.
 */

export type Family = "IPv4" | "IPv6";

export interface Cidr {
  readonly family: Family;
  readonly first: bigint;
  readonly prefixLength: number;
}

const BITS = { IPv4: 32, IPv6: 128 } as const;

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // No leading zeros: some readers take them for octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** RFC 4291 §2.2, without zones and without embedded IPv4. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map(half => (half === "" ? [] : half.split(":")));
  const count = groups.reduce((sum, half) => sum + half.length, 0);
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const zeros = Array.from({ length: 8 - count }, () => "0");
  let value = 0n;
  for (const group of [...groups[0]!, ...zeros, ...(groups[1] ?? [])]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

/** A CIDR whose host bits are zero, or undefined. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return undefined;
  const family: Family = match[1]!.includes(":") ? "IPv6" : "IPv4";
  const first = family === "IPv6" ? parseIpv6(match[1]!) : parseIpv4(match[1]!);
  const prefixLength = Number(match[2]);
  if (first === undefined || prefixLength > BITS[family]) return undefined;
  const size = 1n << BigInt(BITS[family] - prefixLength);
  if (first % size !== 0n) return undefined;
  return { family, first, prefixLength };
}

/** How many addresses a CIDR holds. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(BITS[cidr.family] - cidr.prefixLength);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first < b.first + cidrSize(b) && b.first < a.first + cidrSize(a);
}

/** The address `offset` past the first of `cidr`, as text (RFC 5952 for IPv6). */
export function hostOf(cidr: Cidr, offset: number): string {
  const value = cidr.first + BigInt(offset);
  if (BigInt(offset) >= cidrSize(cidr)) throw new RangeError(`host ${offset} is outside its CIDR`);
  return cidr.family === "IPv4" ? formatIpv4(value) : formatIpv6(value);
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 255n).join(".");
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const text = groups.map(group => group.toString(16)).join(":");
  // RFC 5952 §4.2: the longest run of at least two zero groups, the first among equals, becomes "::".
  const runs = [...text.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = runs.reduce<RegExpMatchArray | undefined>(
    (best, run) => (best && best[0].length >= run[0].length ? best : run),
    undefined,
  );
  if (!longest) return text;
  const before = text.slice(0, longest.index).replace(/:$/, "");
  const after = text.slice(longest.index! + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
}
