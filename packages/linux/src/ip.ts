/** Texts that must be addresses, as the bytes that the kernel takes. A wrong one is a TypeError that quotes it. */
import { parseAddress, parseMac } from "@podwire/wire/address";
import { type Cidr, parseInterfaceAddress } from "@podwire/wire/cidr";

/** 4 or 16 bytes. */
export function addressBytes(address: string): Uint8Array {
  const bytes = parseAddress(address);
  if (bytes === undefined) {
    throw new TypeError(`address ${JSON.stringify(address)}: not an IPv4 or IPv6 address`);
  }
  return bytes;
}

/** `10.0.0.0/8`, or a bare address as /32 or /128. Bits beyond the length may be set. */
export function parsePrefix(text: string): Cidr {
  const widest = addressBytes(text.replace(/\/.*/, "")).length * 8;
  const prefix = parseInterfaceAddress(text.includes("/") ? text : `${text}/${widest}`);
  if (prefix === undefined) {
    throw new TypeError(`CIDR ${JSON.stringify(text)}: prefix length must be 0 to ${widest}`);
  }
  return prefix;
}

export function macBytes(mac: string): Uint8Array {
  const bytes = parseMac(mac);
  if (bytes === undefined) {
    throw new TypeError(`MAC address ${JSON.stringify(mac)}: must be six hexadecimal bytes joined by colons`);
  }
  return bytes;
}
