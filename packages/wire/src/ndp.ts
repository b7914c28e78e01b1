/**
 * Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4), as whole Ethernet frames. Control path: these
 * allocate.
 *
 *    14               54     55     56         58             62       78     79     80
 *   | IPv6 header   | type | code | checksum | flags or 0   | target | 2    | 1    | link-layer address |
 */
import * as ethernet from "./ethernet.ts";
import { Fit } from "./fit.ts";
import * as icmpv6 from "./icmpv6.ts";
import { Protocol } from "./protocol.ts";

const IPV6_AT = ethernet.HEADER_BYTES;
const ICMPV6_AT = IPV6_AT + 40;
const TARGET_AT = ICMPV6_AT + 8;
const OPTION_AT = TARGET_AT + 16;
const FRAME_BYTES = OPTION_AT + 8;
const NEXT_HEADER = IPV6_AT + 6;
const HOP_LIMIT = IPV6_AT + 7;
const SOURCE = IPV6_AT + 8;
const DESTINATION = IPV6_AT + 24;

const TARGET_LINK_LAYER = 2;
const FLAG_SOLICITED = 0x40000000;
const FLAG_OVERRIDE = 0x20000000;
const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

/** Whether a frame is a neighbour solicitation that came from this link: nobody forwards a hop limit of 255. */
export function isSolicitation(view: DataView, at: number, end: number): Fit {
  if (end - at < OPTION_AT) return Fit.TooShort;
  const isOurs =
    ethernet.etherType(view, at) === ethernet.EtherType.Ipv6 &&
    view.getUint8(at + NEXT_HEADER) === Protocol.Icmpv6 &&
    view.getUint8(at + HOP_LIMIT) === 255 &&
    icmpv6.type(view, at + ICMPV6_AT) === icmpv6.Type.NeighbourSolicitation;
  if (!isOurs) return Fit.BadFlags;
  const icmpEnd = at + ICMPV6_AT + view.getUint16(at + IPV6_AT + 4);
  if (icmpEnd > end || icmpEnd < at + OPTION_AT) return Fit.TooShort;
  return icmpv6.checksumFits(view, at + IPV6_AT, at + ICMPV6_AT, icmpEnd);
}

/** Where the 16 bytes of the address lie that is asked for. */
export function targetAt(at: number): number {
  return at + TARGET_AT;
}

/** Where the 16 bytes of the asker's address lie; all zeros: it asks whether the address is free (RFC 4862 §5.4). */
export function sourceAt(at: number): number {
  return at + SOURCE;
}

/** The answer to who asked for `address`: it is at `mac`. */
export function advertisement(
  mac: Uint8Array,
  address: Uint8Array,
  toMac: Uint8Array,
  toAddress: Uint8Array,
): Uint8Array {
  const isUnspecified = toAddress.every(byte => byte === 0);
  if (isUnspecified) return frame(mac, address, ALL_NODES_MAC, ALL_NODES, FLAG_OVERRIDE);
  return frame(mac, address, toMac, toAddress, FLAG_SOLICITED | FLAG_OVERRIDE);
}

/** Tells everybody that `address` is at `mac` (RFC 4861 §7.2.6). */
export function announcement(mac: Uint8Array, address: Uint8Array): Uint8Array {
  return frame(mac, address, ALL_NODES_MAC, ALL_NODES, FLAG_OVERRIDE);
}

function frame(
  mac: Uint8Array,
  address: Uint8Array,
  toMac: Uint8Array,
  toAddress: Uint8Array,
  flags: number,
): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  ethernet.write(view, 0, toMac, mac, ethernet.EtherType.Ipv6);
  view.setUint8(IPV6_AT, 0x60);
  view.setUint16(IPV6_AT + 4, FRAME_BYTES - ICMPV6_AT);
  view.setUint8(NEXT_HEADER, Protocol.Icmpv6);
  view.setUint8(HOP_LIMIT, 255);
  bytes.set(address, SOURCE);
  bytes.set(toAddress, DESTINATION);
  bytes.set(address, TARGET_AT);
  bytes.set([TARGET_LINK_LAYER, 1, ...mac], OPTION_AT);
  icmpv6.write(view, IPV6_AT, ICMPV6_AT, FRAME_BYTES, icmpv6.Type.NeighbourAdvertisement, 0, flags);
  return bytes;
}
