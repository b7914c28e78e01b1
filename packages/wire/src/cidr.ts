/**
 * CIDRs: how many leading bits of an address are the network's. Control path: these allocate.
 *
 *     parseCidr("10.244.0.0/16") -> contains, overlaps -> nthSubnet(range, 24, 7) -> nthAddress(subnet, 1)
 *
 * Own arithmetic because ip-num costs a process 35 ms and 16 MB to load; it is the oracle of the tests.
 */
import { familyOf, formatAddress, type IpFamily, parseAddress } from "./address.ts";

export interface Cidr {
  readonly family: IpFamily;
  /** 4 or 16. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/** A network: `10.244.0.0/16`. Undefined when the text is malformed or has bits set beyond its length. */
export function parseCidr(text: string): Cidr | undefined {
  const cidr = parseInterfaceAddress(text);
  return cidr && networkOf(cidr).bytes.every((byte, i) => byte === cidr.bytes[i]) ? cidr : undefined;
}

/** An address with the length of its network, as an interface has one: `10.244.1.7/16`. Undefined when malformed. */
export function parseInterfaceAddress(text: string): Cidr | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefixLength = Number(length);
  return prefixLength <= bytes.length * 8 ? { family: familyOf(bytes), bytes, prefixLength } : undefined;
}

export function formatCidr({ bytes, prefixLength }: Cidr): string {
  return `${formatAddress(bytes)}/${prefixLength}`;
}

/** The same with every bit beyond the length cleared. */
export function networkOf(cidr: Cidr): Cidr {
  const mask = maskOf(cidr);
  return { ...cidr, bytes: cidr.bytes.map((byte, i) => byte & mask[i]!) };
}

/** As many ones as the prefix has bits, and then zeros. */
export function maskOf({ bytes, prefixLength }: Cidr): Uint8Array {
  return bytes.map((_, i) => 0xff00 >> Math.min(8, Math.max(0, prefixLength - i * 8)));
}

export function contains(cidr: Cidr, address: Uint8Array): boolean {
  if (familyOf(address) !== cidr.family) return false;
  const mask = maskOf(cidr);
  return mask.every((ones, i) => ((address[i]! ^ cidr.bytes[i]!) & ones) === 0);
}

/** Holds an address that a host may have: not that of the network itself nor, of IPv4, that of broadcast. */
export function containsHost(cidr: Cidr, address: Uint8Array): boolean {
  if (!contains(cidr, address)) return false;
  const number = addressNumber(cidr, address);
  return number > 0 && (cidr.family === 6 || number < addressCount(cidr) - 1);
}

export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.prefixLength <= other.prefixLength ? contains(one, other.bytes) : contains(other, one.bytes);
}

/** How many addresses a CIDR has; exact, as a power of two. */
export function addressCount(cidr: Cidr): number {
  return subnetCount(cidr, addressBits(cidr.family));
}

/** The address `n` past the first. Throws RangeError beyond the last. */
export function nthAddress(cidr: Cidr, n: number): Uint8Array {
  // Who looks for a free address tries many.
  if (cidr.family === 4 && n < addressCount(cidr)) return nthIpv4(cidr.bytes, n);
  return nthSubnet(cidr, addressBits(cidr.family), n).bytes;
}

function nthIpv4([a, b, c, d]: Uint8Array, n: number): Uint8Array {
  const value = a! * 2 ** 24 + b! * 2 ** 16 + c! * 2 ** 8 + d! + n;
  return Uint8Array.of(value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value);
}

/** Which address of the CIDR one of its addresses is: what `nthAddress` takes. */
export function addressNumber(cidr: Cidr, address: Uint8Array): number {
  return subnetNumber(cidr, addressBits(cidr.family), address);
}

/** How many subnets of a prefix length a range has; exact, as a power of two. */
export function subnetCount(range: Cidr, prefixLength: number): number {
  return 2 ** (prefixLength - range.prefixLength);
}

/** Subnet `n` of those that a range has of a prefix length. Throws RangeError beyond the last. */
export function nthSubnet(range: Cidr, prefixLength: number, n: number): Cidr {
  if (n >= subnetCount(range, prefixLength)) {
    throw new RangeError(`${formatCidr(range)} has no /${prefixLength} number ${n}`);
  }
  const { family } = range;
  const first = integerOf(range.bytes) + (BigInt(n) << hostBits(family, prefixLength));
  return { family, bytes: bytesOf(first, family), prefixLength };
}

/** Which subnet of a prefix length one of the range's addresses lies in: what `nthSubnet` takes. */
export function subnetNumber(range: Cidr, prefixLength: number, address: Uint8Array): number {
  const distance = integerOf(address) - integerOf(range.bytes);
  return Number(distance >> hostBits(range.family, prefixLength));
}

export function addressBits(family: IpFamily): number {
  return family === 4 ? 32 : 128;
}

function hostBits(family: IpFamily, prefixLength: number): bigint {
  return BigInt(addressBits(family) - prefixLength);
}

function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function bytesOf(value: bigint, family: IpFamily): Uint8Array {
  const bits = addressBits(family);
  return Uint8Array.from({ length: bits / 8 }, (_, i) => Number((value >> BigInt(bits - 8 - 8 * i)) & 255n));
}
