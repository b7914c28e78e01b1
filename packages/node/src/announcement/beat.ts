/**
 * Beats as Ethernet frames, to everybody on the link: they need no addresses and no ports, work without either family,
 * and reach exactly as far as the ARP and NDP that they are about.
 *
 *    0          14       18        19      20     21      22     26       27
 *   | Ethernet | "PWLB" | version | flags | part | parts | vni  | length | name | claims: 16 bytes each
 */

import { arp, ethernet } from "@podwire/wire";
import { formatAddress, mapped, parseAddress } from "@podwire/wire/address";
import type { Beat } from "./claims.ts";
import { LIMITS } from "./limits.ts";

/** IEEE 802 local experimental 1 (RFC 9542 §B.1). */
export const BEAT_ETHER_TYPE = 0x88b5;

const MAGIC = 0x50574c42;
const VERSION = 1;
const FLAG_FRESH = 1;
const HEADER_BYTES = 13;
const ADDRESS_BYTES = 16;

/** The frames of one beat; one without claims says that there are none. */
export function beatFrames(
  mac: Uint8Array,
  vni: number,
  node: string,
  isFresh: boolean,
  claims: readonly string[],
): Uint8Array[] {
  const name = new TextEncoder().encode(node);
  const parts = Math.min(LIMITS.framesPerBeat, Math.max(1, Math.ceil(claims.length / LIMITS.claimsPerFrame)));
  return Array.from({ length: parts }, (_, part) => {
    const told = claims.slice(part * LIMITS.claimsPerFrame, (part + 1) * LIMITS.claimsPerFrame);
    const claimsAt = ethernet.HEADER_BYTES + HEADER_BYTES + name.length;
    const bytes = new Uint8Array(claimsAt + told.length * ADDRESS_BYTES);
    const view = new DataView(bytes.buffer);
    const at = ethernet.HEADER_BYTES;
    ethernet.write(view, 0, arp.BROADCAST, mac, BEAT_ETHER_TYPE);
    view.setUint32(at, MAGIC);
    bytes.set([VERSION, isFresh ? FLAG_FRESH : 0, part, parts], at + 4);
    view.setUint32(at + 8, vni);
    view.setUint8(at + 12, name.length);
    bytes.set(name, at + HEADER_BYTES);
    for (const [index, address] of told.entries())
      bytes.set(mapped(parseAddress(address)!), claimsAt + index * ADDRESS_BYTES);
    return bytes;
  });
}

/** Undefined for what is no beat of this overlay. */
export function readBeat(bytes: Uint8Array, vni: number): Beat | undefined {
  const at = ethernet.HEADER_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < at + HEADER_BYTES || view.getUint32(at) !== MAGIC || bytes[at + 4] !== VERSION)
    return undefined;
  if (view.getUint32(at + 8) !== vni) return undefined;
  const [, flags = 0, part = 0, parts = 0] = bytes.subarray(at + 4);
  const claimsAt = at + HEADER_BYTES + bytes[at + 12]!;
  // Short frames are padded by the device.
  if (claimsAt > bytes.length || part >= parts) return undefined;
  const claims: string[] = [];
  for (let from = claimsAt; from + ADDRESS_BYTES <= bytes.length; from += ADDRESS_BYTES) {
    const address = bytes.subarray(from, from + ADDRESS_BYTES);
    if (address.some(byte => byte !== 0)) claims.push(formatAddress(unmapped(address)));
  }
  const node = new TextDecoder().decode(bytes.subarray(at + HEADER_BYTES, claimsAt));
  return { node, isFresh: (flags & FLAG_FRESH) !== 0, part, parts, claims };
}

function unmapped(address: Uint8Array): Uint8Array {
  const isIpv4 =
    address.subarray(0, 10).every(byte => byte === 0) && address[10] === 0xff && address[11] === 0xff;
  return isIpv4 ? address.subarray(12) : address;
}
