/**
 * ARP for IPv4 over Ethernet (RFC 826, announcements RFC 5227), as whole frames. Control path: these allocate.
 *
 *    14               16       18     19     20        22           28          32           38
 *   | hardware (1)  | 0x0800 | 6    | 4    | operation | sender MAC | sender IP | target MAC | target IP |
 */
import * as ethernet from "./ethernet.ts";
import { Fit } from "./fit.ts";

export const FRAME_BYTES = ethernet.HEADER_BYTES + 28;
export const BROADCAST = new Uint8Array(6).fill(0xff);

export const Operation = { Request: 1, Reply: 2 } as const;

const HARDWARE_ETHERNET = 1;
const HARDWARE = 14;
const PROTOCOL = 16;
const LENGTHS = 18;
const OPERATION = 20;
const SENDER_MAC = 22;
const SENDER_IP = 28;
const TARGET_MAC = 32;
const TARGET_IP = 38;

/** Whether a frame is one of IPv4 over Ethernet. */
export function fits(view: DataView, at: number, end: number): Fit {
  if (end - at < FRAME_BYTES) return Fit.TooShort;
  const isOurs =
    ethernet.etherType(view, at) === ethernet.EtherType.Arp &&
    view.getUint16(at + HARDWARE) === HARDWARE_ETHERNET &&
    view.getUint16(at + PROTOCOL) === ethernet.EtherType.Ipv4 &&
    view.getUint16(at + LENGTHS) === 0x0604;
  return isOurs ? Fit.Ok : Fit.BadFlags;
}

export function operation(view: DataView, at: number): number {
  return view.getUint16(at + OPERATION);
}

/** Where the six bytes of the sender's MAC lie. */
export function senderMacAt(at: number): number {
  return at + SENDER_MAC;
}

/** Where the four bytes of the sender's address lie. */
export function senderAddressAt(at: number): number {
  return at + SENDER_IP;
}

/** Where the four bytes of the target's address lie. */
export function targetAddressAt(at: number): number {
  return at + TARGET_IP;
}

/** The answer to who asked for `address`: it is at `mac`. */
export function reply(
  mac: Uint8Array,
  address: Uint8Array,
  toMac: Uint8Array,
  toAddress: Uint8Array,
): Uint8Array {
  return frame(Operation.Reply, { mac, address }, { mac: toMac, address: toAddress }, toMac);
}

/** Tells everybody that `address` is at `mac` (a gratuitous ARP, RFC 5227 §3). */
export function announcement(mac: Uint8Array, address: Uint8Array): Uint8Array {
  return frame(Operation.Request, { mac, address }, { mac: new Uint8Array(6), address }, BROADCAST);
}

interface End {
  readonly mac: Uint8Array;
  readonly address: Uint8Array;
}

function frame(operation: number, sender: End, target: End, destination: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  ethernet.write(view, 0, destination, sender.mac, ethernet.EtherType.Arp);
  view.setUint16(HARDWARE, HARDWARE_ETHERNET);
  view.setUint16(PROTOCOL, ethernet.EtherType.Ipv4);
  view.setUint16(LENGTHS, 0x0604);
  view.setUint16(OPERATION, operation);
  bytes.set(sender.mac, SENDER_MAC);
  bytes.set(sender.address, SENDER_IP);
  bytes.set(target.mac, TARGET_MAC);
  bytes.set(target.address, TARGET_IP);
  return bytes;
}
