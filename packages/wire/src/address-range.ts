/**
 * Ranges of addresses, as pools of load balancers have them: `172.30.255.0/24`, or `172.30.255.10-172.30.255.20`, both
 * ends included. Control path: these allocate.
 */
import { familyOf, formatAddress, type IpFamily, parseAddress } from "./address.ts";
import { addressBits, parseCidr } from "./cidr.ts";

export interface AddressRange {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/** Undefined when the text is neither a CIDR nor two addresses of one family in their order. */
export function parseRange(text: string): AddressRange | undefined {
  const cidr = parseCidr(text);
  if (cidr !== undefined) {
    const first = integerOf(cidr.bytes);
    const size = 1n << BigInt(addressBits(cidr.family) - cidr.prefixLength);
    return { family: cidr.family, first, last: first + size - 1n };
  }
  const [from, to, ...rest] = text.split("-").map(part => parseAddress(part.trim()));
  if (from === undefined || to === undefined || rest.length > 0 || from.length !== to.length)
    return undefined;
  const range = { family: familyOf(from), first: integerOf(from), last: integerOf(to) };
  return range.first <= range.last ? range : undefined;
}

export function rangeContains({ family, first, last }: AddressRange, address: Uint8Array): boolean {
  if (familyOf(address) !== family) return false;
  const value = integerOf(address);
  return first <= value && value <= last;
}

/** Whether an address, as text, is in one of the ranges. */
export function isInRanges(ranges: readonly AddressRange[], text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && ranges.some(range => rangeContains(range, address));
}

export function rangesOverlap(one: AddressRange, other: AddressRange): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** The addresses of a range as text, first to last. */
export function* addressesOf({ family, first, last }: AddressRange): Generator<string> {
  const bytes = addressBits(family) / 8;
  for (let value = first; value <= last; value++) {
    const address = Uint8Array.from({ length: bytes }, (_, i) =>
      Number((value >> BigInt(8 * (bytes - 1 - i))) & 255n),
    );
    yield formatAddress(address);
  }
}

function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
