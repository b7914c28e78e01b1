/**
 * The walk over IPv6 extension headers (RFC 8200 §4) to the transport header, bounded by limits.ts.
 *
 * `walk` is called once a packet, after `ipv6.fits`. Its result is one number, so that nothing is allocated:
 *
 *    29             19               8         0
 *   | fragment / 8 | transport / 8  | protocol |     both offsets count from the IPv6 header
 *
 * Below zero it is `-Fit`. ESP and AH end the walk: what they protect is not ours to read.
 * In a fragment other than the first the walk ends behind the fragment header: `protocol` is then what
 * the fragment header names, and at `transport` lies payload, not a header.
 */
import { Fit } from "./fit.ts";
import { HEADER_BYTES, nextHeader, totalLength } from "./ipv6.ts";
import { MAX_IPV6_EXTENSION_HEADERS, MAX_IPV6_TRANSPORT_OFFSET } from "./limits.ts";
import { Protocol } from "./protocol.ts";

export const FRAGMENT_HEADER_BYTES = 8;

const FRAGMENT_WORD = 2;
const FRAGMENT_IDENTIFICATION = 4;

export function walk(view: DataView, at: number): number {
  const next = nextHeader(view, at);
  if (next === Protocol.Tcp || next === Protocol.Udp || next === Protocol.Icmpv6)
    return pack(next, HEADER_BYTES, 0);
  return walkExtensions(view, at, next);
}

export function walkedProtocol(walked: number): number {
  return walked & 0xff;
}

/** Bytes from the IPv6 header to the transport header. */
export function walkedTransport(walked: number): number {
  return ((walked >> 8) & 0x7ff) << 3;
}

/** Bytes from the IPv6 header to the fragment header; 0 when the packet is no fragment. */
export function walkedFragment(walked: number): number {
  return (walked >> 19) << 3;
}

/** In bytes; `at` is the fragment header's own offset here and below. */
export function fragmentOffset(view: DataView, at: number): number {
  return view.getUint16(at + FRAGMENT_WORD) & 0xfff8;
}

export function moreFragments(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT_WORD) & 1) !== 0;
}

export function fragmentIdentification(view: DataView, at: number): number {
  return view.getUint32(at + FRAGMENT_IDENTIFICATION);
}

function walkExtensions(view: DataView, at: number, first: number): number {
  const bytes = totalLength(view, at);
  let next = first;
  let offset = HEADER_BYTES;
  let fragment = 0;
  for (let headers = 0; headers <= MAX_IPV6_EXTENSION_HEADERS; headers++) {
    if (!isWalked(next)) return pack(next, offset, fragment);
    if (headers === MAX_IPV6_EXTENSION_HEADERS) break;
    if (next === Protocol.HopByHop && headers > 0) return -Fit.BadExtension;
    if (offset + 8 > bytes) return -Fit.TooShort;
    const isFragment = next === Protocol.Fragment;
    if (isFragment && fragment !== 0) return -Fit.BadExtension;
    const length = isFragment ? FRAGMENT_HEADER_BYTES : (view.getUint8(at + offset + 1) + 1) << 3;
    if (offset + length > bytes) return -Fit.BadHeaderLength;
    if (offset + length > MAX_IPV6_TRANSPORT_OFFSET) break;
    next = view.getUint8(at + offset);
    if (isFragment) fragment = offset;
    offset += length;
    if (isFragment && fragmentOffset(view, at + fragment) !== 0) return pack(next, offset, fragment);
  }
  return -Fit.TooManyExtensions;
}

function isWalked(protocol: number): boolean {
  return (
    protocol === Protocol.HopByHop ||
    protocol === Protocol.Routing ||
    protocol === Protocol.Fragment ||
    protocol === Protocol.DestinationOptions
  );
}

function pack(protocol: number, transport: number, fragment: number): number {
  return protocol | ((transport >> 3) << 8) | ((fragment >> 3) << 19);
}
