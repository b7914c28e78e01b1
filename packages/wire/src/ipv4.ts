/**
 * IPv4 headers (RFC 791, RFC 6864 on the identification, RFC 2474 and 3168 on the TOS byte).
 *
 *    0        1        2        4        6        8        9         10         12       16            20
 *   | ver ihl | tos    | length | id     | fragm. | ttl    | protocol | checksum | source | destination | options
 */
import { finish, fold, sum, update16 } from "./checksum.ts";
import { Fit } from "./fit.ts";

export const MIN_HEADER_BYTES = 20;
export const MAX_HEADER_BYTES = 60;

/** Bits of the fragment word, as `fragment()` returns it. */
export const DONT_FRAGMENT = 0x4000;
export const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

/** Bounds only; `checksumFits` is the other half. Bytes after the total length are padding and allowed. */
export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < MIN_HEADER_BYTES) return Fit.TooShort;
  const first = view.getUint8(at);
  if (first >> 4 !== 4) return Fit.BadVersion;
  const header = (first & 15) << 2;
  if (header < MIN_HEADER_BYTES || header > end - at) return Fit.BadHeaderLength;
  const total = view.getUint16(at + TOTAL_LENGTH);
  if (total < header || total > end - at) return Fit.BadTotalLength;
  return Fit.Ok;
}

export function checksumFits(view: DataView, at: number): Fit {
  return fold(sum(view, at, at + headerBytes(view, at), 0)) === 0xffff ? Fit.Ok : Fit.BadChecksum;
}

export function headerBytes(view: DataView, at: number): number {
  return (view.getUint8(at) & 15) << 2;
}

export function tos(view: DataView, at: number): number {
  return view.getUint8(at + TOS);
}

/** Does not touch the checksum. */
export function setTos(view: DataView, at: number, tos: number): void {
  view.setUint8(at + TOS, tos);
}

/** Header and payload, in bytes. */
export function totalLength(view: DataView, at: number): number {
  return view.getUint16(at + TOTAL_LENGTH);
}

export function setTotalLength(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + TOTAL_LENGTH, bytes);
}

export function identification(view: DataView, at: number): number {
  return view.getUint16(at + IDENTIFICATION);
}

export function setIdentification(view: DataView, at: number, identification: number): void {
  view.setUint16(at + IDENTIFICATION, identification);
}

/** The whole word: reserved bit, DF, MF and the offset in units of 8 bytes. */
export function fragment(view: DataView, at: number): number {
  return view.getUint16(at + FRAGMENT);
}

export function setFragment(view: DataView, at: number, word: number): void {
  view.setUint16(at + FRAGMENT, word);
}

/** A first, middle or last fragment: anything but a whole datagram. */
export function isFragment(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0;
}

/** In bytes; the transport header is in the fragment whose offset is 0. */
export function fragmentOffset(view: DataView, at: number): number {
  return (view.getUint16(at + FRAGMENT) & FRAGMENT_OFFSET) << 3;
}

export function dontFragment(view: DataView, at: number): boolean {
  return (view.getUint16(at + FRAGMENT) & DONT_FRAGMENT) !== 0;
}

export function ttl(view: DataView, at: number): number {
  return view.getUint8(at + TTL);
}

export function setTtl(view: DataView, at: number, ttl: number): void {
  view.setUint8(at + TTL, ttl);
}

/** Counts the TTL down by one and keeps the header checksum right; the caller has seen that it is above 1. */
export function decrementTtl(view: DataView, at: number): void {
  const before = view.getUint16(at + TTL);
  view.setUint16(at + TTL, before - 0x100);
  view.setUint16(at + CHECKSUM, update16(view.getUint16(at + CHECKSUM), before, before - 0x100));
}

export function protocol(view: DataView, at: number): number {
  return view.getUint8(at + PROTOCOL);
}

export function setProtocol(view: DataView, at: number, protocol: number): void {
  view.setUint8(at + PROTOCOL, protocol);
}

export function checksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

export function setChecksum(view: DataView, at: number, checksum: number): void {
  view.setUint16(at + CHECKSUM, checksum);
}

/** Computes the header checksum anew and stores it. */
export function complete(view: DataView, at: number): void {
  view.setUint16(at + CHECKSUM, 0);
  view.setUint16(at + CHECKSUM, finish(sum(view, at, at + headerBytes(view, at), 0)));
}

export function source(view: DataView, at: number): number {
  return view.getUint32(at + SOURCE);
}

export function setSource(view: DataView, at: number, address: number): void {
  view.setUint32(at + SOURCE, address);
}

export function destination(view: DataView, at: number): number {
  return view.getUint32(at + DESTINATION);
}

export function setDestination(view: DataView, at: number, address: number): void {
  view.setUint32(at + DESTINATION, address);
}

/** Writes a header without options, checksum included. The view's 20 bytes need not be zero. */
export function write(
  view: DataView,
  at: number,
  totalBytes: number,
  identification: number,
  fragmentWord: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
): void {
  view.setUint16(at, 0x4500);
  view.setUint16(at + TOTAL_LENGTH, totalBytes);
  view.setUint16(at + IDENTIFICATION, identification);
  view.setUint16(at + FRAGMENT, fragmentWord);
  view.setUint8(at + TTL, ttl);
  view.setUint8(at + PROTOCOL, protocol);
  view.setUint32(at + SOURCE, source);
  view.setUint32(at + DESTINATION, destination);
  complete(view, at);
}
