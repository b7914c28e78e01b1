/**
 * ICMPv6 (RFC 4443; types of neighbour discovery from RFC 4861). Its checksum covers the IPv6 pseudo-header.
 *
 *    0      1      2          4                                8
 *   | type | code | checksum | identifier, sequence | or MTU  | data, or the packet that an error quotes
 */
import { finish, pseudoIpv6, sum } from "./checksum.ts";
import { Fit } from "./fit.ts";
import { Protocol } from "./protocol.ts";

export const HEADER_BYTES = 8;

export const Type = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
  MulticastListenerReport: 131,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighbourSolicitation: 135,
  NeighbourAdvertisement: 136,
  Redirect: 137,
  MulticastListenerReportV2: 143,
} as const;

/** Codes of `DestinationUnreachable`. */
export const Unreachable = {
  NoRoute: 0,
  AdministrativelyProhibited: 1,
  Address: 3,
  Port: 4,
} as const;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const IDENTIFIER = 4;
const SEQUENCE = 6;
const MTU = 4;

export function fits(_view: DataView, at: number, end: number): Fit {
  return end - at < HEADER_BYTES ? Fit.TooShort : Fit.Ok;
}

/** `ipAt`: the IPv6 header whose addresses the pseudo-header takes. */
export function checksumFits(view: DataView, ipAt: number, at: number, end: number): Fit {
  const pseudo = pseudoIpv6(view, ipAt, Protocol.Icmpv6, end - at);
  return finish(sum(view, at, end, pseudo)) === 0 ? Fit.Ok : Fit.BadChecksum;
}

export function type(view: DataView, at: number): number {
  return view.getUint8(at + TYPE);
}

export function code(view: DataView, at: number): number {
  return view.getUint8(at + CODE);
}

export function checksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

export function setChecksum(view: DataView, at: number, checksum: number): void {
  view.setUint16(at + CHECKSUM, checksum);
}

/** Of an echo request or reply. */
export function identifier(view: DataView, at: number): number {
  return view.getUint16(at + IDENTIFIER);
}

export function setIdentifier(view: DataView, at: number, identifier: number): void {
  view.setUint16(at + IDENTIFIER, identifier);
}

export function sequence(view: DataView, at: number): number {
  return view.getUint16(at + SEQUENCE);
}

/** Of `PacketTooBig`. */
export function mtu(view: DataView, at: number): number {
  return view.getUint32(at + MTU);
}

export function isEcho(view: DataView, at: number): boolean {
  const value = view.getUint8(at + TYPE);
  return value === Type.EchoRequest || value === Type.EchoReply;
}

/** Types below 128 are errors: they quote a packet, and are never answered by another error. */
export function isError(view: DataView, at: number): boolean {
  return view.getUint8(at + TYPE) < 128;
}

/** Where the quoted IP packet of an error begins. */
export function quotedAt(at: number): number {
  return at + HEADER_BYTES;
}

/** Writes the header; addresses at `ipAt` and data in [at + 8, end) must be there already. */
export function write(
  view: DataView,
  ipAt: number,
  at: number,
  end: number,
  type: number,
  code: number,
  restOfHeader: number,
): void {
  view.setUint8(at + TYPE, type);
  view.setUint8(at + CODE, code);
  view.setUint16(at + CHECKSUM, 0);
  view.setUint32(at + IDENTIFIER, restOfHeader);
  const pseudo = pseudoIpv6(view, ipAt, Protocol.Icmpv6, end - at);
  view.setUint16(at + CHECKSUM, finish(sum(view, at, end, pseudo)));
}
