/**
 * CIDRs as numbers: parse, print (IPv6 by RFC 5952), overlap, and the n-th subnet of a range.
 *
 * Own arithmetic because ip-num costs a process 35 ms and 16 MB to load; it is the oracle of the tests.
 */
import { isIPv4, isIPv6 } from "node:net";

export interface Cidr {
  family: 4 | 6;
  /** The network address; no bit beyond the prefix is set. */
  first: bigint;
  prefixLength: number;
}

/** Throws an Error that says what is wrong with the text. */
export function parseCidr(text: string): Cidr {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes("%") ? 6 : undefined;
  const prefixLength = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === undefined || rest.length > 0 || !(prefixLength <= bitsOf(family))) {
    throw new Error(`"${text}" is not a CIDR; write it like 10.244.0.0/16 or fd00:10:244::/56`);
  }
  const value = family === 4 ? parseIpv4(address) : parseIpv6(address);
  const first = (value >> hostBits(family, prefixLength)) << hostBits(family, prefixLength);
  const cidr = { family, first, prefixLength } as const;
  if (first !== value) {
    throw new Error(`"${text}" has bits set beyond its prefix; the range it lies in is ${formatCidr(cidr)}`);
  }
  return cidr;
}

export function formatCidr(cidr: Cidr): string {
  const address = cidr.family === 4 ? formatIpv4(cidr.first) : formatIpv6(cidr.first);
  return `${address}/${cidr.prefixLength}`;
}

export function overlap(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const shift = hostBits(a.family, Math.min(a.prefixLength, b.prefixLength));
  return a.first >> shift === b.first >> shift;
}

/** How many subnets of a prefix length the range has. */
export function subnetCount(range: Cidr, prefixLength: number): number {
  return 2 ** (prefixLength - range.prefixLength);
}

export function subnet(range: Cidr, prefixLength: number, index: number): Cidr {
  const first = range.first + (BigInt(index) << hostBits(range.family, prefixLength));
  return { family: range.family, first, prefixLength };
}

/** The subnets [from, to) of the range that `other`, which overlaps it, covers at least in part. */
export function subnetsCovered(range: Cidr, prefixLength: number, other: Cidr): { from: number; to: number } {
  if (other.prefixLength <= range.prefixLength) return { from: 0, to: subnetCount(range, prefixLength) };
  const from = Number((other.first - range.first) >> hostBits(range.family, prefixLength));
  return { from, to: from + 2 ** Math.max(prefixLength - other.prefixLength, 0) };
}

export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function hostBits(family: 4 | 6, prefixLength: number): bigint {
  return BigInt(bitsOf(family) - prefixLength);
}

function parseIpv4(address: string): bigint {
  return address.split(".").reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

function parseIpv6(address: string): bigint {
  // A dotted tail (::ffff:10.0.0.1) is two groups.
  const groups = address.replace(/[\d.]+\.[\d.]+$/, tail => {
    const value = parseIpv4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head, tail] = groups.split("::").map(part => (part === "" ? [] : part.split(":")));
  const missing = tail === undefined ? 0 : 8 - head!.length - tail.length;
  const all = [...head!, ...new Array<string>(missing).fill("0"), ...(tail ?? [])];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 0xffn).join(".");
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  const text = groups.map(group => group.toString(16)).join(":");
  // The longest run of zero groups, the first of equal ones, of at least two, is left out.
  const runs = text.match(/(^|:)0(:0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (groupsIn(run) > groupsIn(best) ? run : best), "");
  if (longest === "") return text;
  const at = text.indexOf(longest);
  return `${text.slice(0, at)}::${text.slice(at + longest.length).replace(/^:/, "")}`;
}

function groupsIn(run: string): number {
  return run.split("0").length - 1;
}
