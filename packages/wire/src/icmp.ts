/**
 * ICMP for IPv4 (RFC 792, RFC 1191 for the next-hop MTU).
 *
 *    0      1      2          4                                8
 *   | type | code | checksum | identifier, sequence | or MTU  | data, or the packet that an error quotes
 */
import { finish, sum } from "./checksum.ts";
import { Fit } from "./fit.ts";

export const HEADER_BYTES = 8;

export const Type = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  SourceQuench: 4,
  Redirect: 5,
  EchoRequest: 8,
  TimeExceeded: 11,
  ParameterProblem: 12,
} as const;

/** Codes of `DestinationUnreachable`. */
export const Unreachable = {
  Net: 0,
  Host: 1,
  Protocol: 2,
  Port: 3,
  FragmentationNeeded: 4,
  AdministrativelyProhibited: 13,
} as const;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const IDENTIFIER = 4;
const SEQUENCE = 6;
const NEXT_HOP_MTU = 6;

export function fits(_view: DataView, at: number, end: number): Fit {
  return end - at < HEADER_BYTES ? Fit.TooShort : Fit.Ok;
}

export function checksumFits(view: DataView, at: number, end: number): Fit {
  return finish(sum(view, at, end, 0)) === 0 ? Fit.Ok : Fit.BadChecksum;
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

/** Of `FragmentationNeeded`; 0 from routers older than RFC 1191. */
export function nextHopMtu(view: DataView, at: number): number {
  return view.getUint16(at + NEXT_HOP_MTU);
}

export function isEcho(view: DataView, at: number): boolean {
  const value = view.getUint8(at + TYPE);
  return value === Type.EchoRequest || value === Type.EchoReply;
}

/** Errors quote the packet they are about, and must never be answered by another error (RFC 1122 §3.2.2). */
export function isError(view: DataView, at: number): boolean {
  const value = view.getUint8(at + TYPE);
  return (
    (value >= Type.DestinationUnreachable && value <= Type.Redirect) ||
    value === Type.TimeExceeded ||
    value === Type.ParameterProblem
  );
}

/** Where the quoted IP packet of an error begins. */
export function quotedAt(at: number): number {
  return at + HEADER_BYTES;
}

/** Writes the header; the data in [at + 8, end) must be there already, for it is part of the checksum. */
export function write(
  view: DataView,
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
  view.setUint16(at + CHECKSUM, finish(sum(view, at, end, 0)));
}
