/**
 * IPv6 fixed headers (RFC 8200 §3). Extension headers are walked in ipv6-extensions.ts.
 *
 *    0                                4                6             7           8        24            40
 *   | version, traffic class, flow    | payload length | next header | hop limit | source | destination |
 */
import { Fit } from "./fit.ts";

export const HEADER_BYTES = 40;
/** Every link carries packets of this size whole (RFC 8200 §5). */
export const MIN_MTU = 1280;

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/** Bounds only. A payload length of 0 is an empty packet: jumbograms (RFC 2675) are not carried. */
export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < HEADER_BYTES) return Fit.TooShort;
  if (view.getUint8(at) >> 4 !== 6) return Fit.BadVersion;
  if (view.getUint16(at + PAYLOAD_LENGTH) > end - at - HEADER_BYTES) return Fit.BadTotalLength;
  return Fit.Ok;
}

export function trafficClass(view: DataView, at: number): number {
  return (view.getUint16(at) >> 4) & 0xff;
}

export function setTrafficClass(view: DataView, at: number, trafficClass: number): void {
  view.setUint16(at, (view.getUint16(at) & 0xf00f) | (trafficClass << 4));
}

export function flowLabel(view: DataView, at: number): number {
  return view.getUint32(at) & 0xfffff;
}

/** Bytes after the fixed header, extension headers included. */
export function payloadLength(view: DataView, at: number): number {
  return view.getUint16(at + PAYLOAD_LENGTH);
}

export function setPayloadLength(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + PAYLOAD_LENGTH, bytes);
}

/** Fixed header and payload, in bytes: the twin of `ipv4.totalLength`. */
export function totalLength(view: DataView, at: number): number {
  return HEADER_BYTES + view.getUint16(at + PAYLOAD_LENGTH);
}

export function nextHeader(view: DataView, at: number): number {
  return view.getUint8(at + NEXT_HEADER);
}

export function setNextHeader(view: DataView, at: number, protocol: number): void {
  view.setUint8(at + NEXT_HEADER, protocol);
}

export function hopLimit(view: DataView, at: number): number {
  return view.getUint8(at + HOP_LIMIT);
}

export function setHopLimit(view: DataView, at: number, hopLimit: number): void {
  view.setUint8(at + HOP_LIMIT, hopLimit);
}

/** Where the 16 bytes of the source address lie. */
export function sourceAt(at: number): number {
  return at + SOURCE;
}

/** Where the 16 bytes of the destination address lie. */
export function destinationAt(at: number): number {
  return at + DESTINATION;
}

/** fe80::/10: valid on one link only, and a pod's TUN is a link of its own. */
export function sourceIsLinkLocal(view: DataView, at: number): boolean {
  return (view.getUint16(at + SOURCE) & 0xffc0) === 0xfe80;
}

/** ff00::/8. */
export function destinationIsMulticast(view: DataView, at: number): boolean {
  return view.getUint8(at + DESTINATION) === 0xff;
}

/** Writes all but the addresses. */
export function writeFixed(
  view: DataView,
  at: number,
  payloadBytes: number,
  nextHeader: number,
  hopLimit: number,
): void {
  view.setUint32(at, 0x60000000);
  view.setUint16(at + PAYLOAD_LENGTH, payloadBytes);
  view.setUint8(at + NEXT_HEADER, nextHeader);
  view.setUint8(at + HOP_LIMIT, hopLimit);
}
