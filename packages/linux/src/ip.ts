/** Text of an address or CIDR to the bytes that the kernel takes, and back. Control path only. */

import { isIPv4, isIPv6 } from "node:net";

export interface IpPrefix {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/** 4 or 16 bytes; throws on anything that is not an address. */
export function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (isIPv6(address)) return ipv6Bytes(address);
  throw new TypeError(`address ${JSON.stringify(address)}: not an IPv4 or IPv6 address`);
}

/** `10.0.0.0/8`, or a bare address as /32 or /128. */
export function parsePrefix(text: string): IpPrefix {
  const slash = text.indexOf("/");
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  const widest = bytes.length * 8;
  const prefixLength = slash < 0 ? widest : Number(text.slice(slash + 1));
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > widest || text.endsWith("/")) {
    throw new TypeError(`CIDR ${JSON.stringify(text)}: prefix length must be 0 to ${widest}`);
  }
  return { family: bytes.length === 4 ? 4 : 6, bytes, prefixLength };
}

/** Canonical text (RFC 5952) of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return compress(groups);
}

/** The longest run of at least two zero groups, the first of equals, becomes `::`. */
function compress(groups: readonly string[]): string {
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < groups.length; i++) {
    let run = 0;
    while (groups[i + run] === "0") run++;
    if (run > bestLength) {
      bestStart = i;
      bestLength = run;
    }
    i += run;
  }
  if (bestStart < 0) return groups.join(":");
  const head = groups.slice(0, bestStart).join(":");
  return `${head}::${groups.slice(bestStart + bestLength).join(":")}`;
}

function ipv6Bytes(address: string): Uint8Array {
  const text = address.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${((+a << 8) | +b).toString(16)}:${((+c << 8) | +d).toString(16)}`;
  });
  const [head = "", tail] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    bytes[i * 2] = value >> 8;
    bytes[i * 2 + 1] = value;
  });
  return bytes;
}
