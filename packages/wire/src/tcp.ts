/**
 * TCP headers (RFC 9293 §3.1).
 *
 *    0        2             4          8                 12            13     14       16         18       20
 *   | source | destination | sequence | acknowledgement | data offset | flags | window | checksum | urgent | options
 */
import { Fit } from "./fit.ts";

export const MIN_HEADER_BYTES = 20;
export const MAX_HEADER_BYTES = 60;

/** Where the checksum field lies in the header: virtio's and VXLAN's `csum_offset` for TCP. */
export const CHECKSUM_OFFSET = 16;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGEMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;

export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < MIN_HEADER_BYTES) return Fit.TooShort;
  const header = (view.getUint8(at + DATA_OFFSET) >> 4) << 2;
  return header < MIN_HEADER_BYTES || header > end - at ? Fit.BadHeaderLength : Fit.Ok;
}

export function sourcePort(view: DataView, at: number): number {
  return view.getUint16(at + SOURCE_PORT);
}

export function setSourcePort(view: DataView, at: number, port: number): void {
  view.setUint16(at + SOURCE_PORT, port);
}

export function destinationPort(view: DataView, at: number): number {
  return view.getUint16(at + DESTINATION_PORT);
}

export function setDestinationPort(view: DataView, at: number, port: number): void {
  view.setUint16(at + DESTINATION_PORT, port);
}

/** Source port in the upper half, destination port in the lower: the same word in TCP, UDP and SCTP. */
export function ports(view: DataView, at: number): number {
  return view.getUint32(at + SOURCE_PORT);
}

export function sequence(view: DataView, at: number): number {
  return view.getUint32(at + SEQUENCE);
}

export function setSequence(view: DataView, at: number, sequence: number): void {
  view.setUint32(at + SEQUENCE, sequence);
}

export function acknowledgement(view: DataView, at: number): number {
  return view.getUint32(at + ACKNOWLEDGEMENT);
}

export function setAcknowledgement(view: DataView, at: number, acknowledgement: number): void {
  view.setUint32(at + ACKNOWLEDGEMENT, acknowledgement);
}

export function headerBytes(view: DataView, at: number): number {
  return (view.getUint8(at + DATA_OFFSET) >> 4) << 2;
}

/** `bytes`: a multiple of 4 from 20 to 60. */
export function setHeaderBytes(view: DataView, at: number, bytes: number): void {
  view.setUint8(at + DATA_OFFSET, (bytes >> 2) << 4);
}

export function flags(view: DataView, at: number): number {
  return view.getUint8(at + FLAGS);
}

export function setFlags(view: DataView, at: number, flags: number): void {
  view.setUint8(at + FLAGS, flags);
}

export function window(view: DataView, at: number): number {
  return view.getUint16(at + WINDOW);
}

export function setWindow(view: DataView, at: number, window: number): void {
  view.setUint16(at + WINDOW, window);
}

export function checksum(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

export function setChecksum(view: DataView, at: number, checksum: number): void {
  view.setUint16(at + CHECKSUM, checksum);
}

export function urgent(view: DataView, at: number): number {
  return view.getUint16(at + URGENT);
}

export function setUrgent(view: DataView, at: number, urgent: number): void {
  view.setUint16(at + URGENT, urgent);
}
