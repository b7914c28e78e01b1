/**
 * Ethernet II frames, as VXLAN carries them: no preamble, no frame check sequence, no VLAN tag.
 *
 *    0            6            12        14
 *   | destination | source     | type    | payload
 */
import { Fit } from "./fit.ts";

export const HEADER_BYTES = 14;

export const EtherType = { Ipv4: 0x0800, Arp: 0x0806, Ipv6: 0x86dd } as const;

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;

export function fits(_view: DataView, at: number, end: number): Fit {
  return end - at < HEADER_BYTES ? Fit.TooShort : Fit.Ok;
}

export function etherType(view: DataView, at: number): number {
  return view.getUint16(at + TYPE);
}

export function setEtherType(view: DataView, at: number, type: number): void {
  view.setUint16(at + TYPE, type);
}

/** Where the six bytes of the destination MAC lie. */
export function destinationAt(at: number): number {
  return at + DESTINATION;
}

/** Where the six bytes of the source MAC lie. */
export function sourceAt(at: number): number {
  return at + SOURCE;
}

/** Offset of the payload: the address of the IP header. */
export function payloadAt(at: number): number {
  return at + HEADER_BYTES;
}

/** The group bit of the destination: broadcast and multicast frames. */
export function isGroup(view: DataView, at: number): boolean {
  return (view.getUint8(at + DESTINATION) & 1) !== 0;
}

/** Writes a whole header from the bytes of two MACs (see `parseMac`). Control path: allocates nothing, loops. */
export function write(
  view: DataView,
  at: number,
  destination: Uint8Array,
  source: Uint8Array,
  type: number,
): void {
  for (let i = 0; i < 6; i++) {
    view.setUint8(at + DESTINATION + i, destination[i]!);
    view.setUint8(at + SOURCE + i, source[i]!);
  }
  view.setUint16(at + TYPE, type);
}
