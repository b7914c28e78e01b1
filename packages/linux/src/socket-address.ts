/**
 * struct sockaddr_in and sockaddr_in6.
 *
 * ```
 * sockaddr_in   u16 family | be16 port | 4 address | 8 zero                       16 bytes
 * sockaddr_in6  u16 family | be16 port | be32 flow | 16 address | u32 scope       28 bytes
 * ```
 */

import { formatAddress, mapped } from "@podwire/wire/address";
import { addressBytes } from "./ip.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCKET_ADDRESS_BYTES = 28;

const PORT = 2;
const IPV4_ADDRESS = 4;
const IPV4_BYTES = 16;
const IPV6_ADDRESS = 8;
const IPV6_BYTES = 28;

/** Writes the address at `at`; returns its length. `asMapped` writes IPv4 as ::ffff:a.b.c.d. */
export function writeSocketAddress(
  u8: Uint8Array,
  at: number,
  address: string,
  port: number,
  asMapped = false,
): number {
  const bytes = asMapped ? mapped(addressBytes(address)) : addressBytes(address);
  const asIPv4 = bytes.length === 4;
  const length = asIPv4 ? IPV4_BYTES : IPV6_BYTES;
  u8.fill(0, at, at + length);
  u8[at] = asIPv4 ? AF_INET : AF_INET6;
  u8[at + PORT] = port >> 8;
  u8[at + PORT + 1] = port;
  u8.set(bytes, at + (asIPv4 ? IPV4_ADDRESS : IPV6_ADDRESS));
  return length;
}

export function readSocketAddress(u8: Uint8Array, at: number): { address: string; port: number } {
  const port = (u8[at + PORT]! << 8) | u8[at + PORT + 1]!;
  const isIPv4 = u8[at] === AF_INET;
  const start = at + (isIPv4 ? IPV4_ADDRESS : IPV6_ADDRESS);
  return { address: formatAddress(u8.subarray(start, start + (isIPv4 ? 4 : 16))), port };
}
