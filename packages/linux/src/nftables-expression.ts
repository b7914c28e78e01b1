/**
 * Expressions of an nftables rule, each a list element `{ name, data }`: they load registers and compare them, and the
 * rule ends at the first comparison that does not hold. Registers are words (NFT_REG32_00 and on); what is longer takes
 * those that follow, too.
 */

import { type Cidr, maskOf } from "@podwire/wire/cidr";
import type { NetlinkBuilder } from "./netlink-message.ts";

const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_META_DREG = 1;
const NFTA_META_KEY = 2;
const NFTA_META_SREG = 3;
const NFTA_CMP_SREG = 1;
const NFTA_CMP_OP = 2;
const NFTA_CMP_DATA = 3;
const NFTA_PAYLOAD_DREG = 1;
const NFTA_PAYLOAD_BASE = 2;
const NFTA_PAYLOAD_OFFSET = 3;
const NFTA_PAYLOAD_LEN = 4;
const NFTA_BITWISE_SREG = 1;
const NFTA_BITWISE_DREG = 2;
const NFTA_BITWISE_LEN = 3;
const NFTA_BITWISE_MASK = 4;
const NFTA_BITWISE_XOR = 5;
const NFTA_LOOKUP_SET = 1;
const NFTA_LOOKUP_SREG = 2;
const NFTA_CT_DREG = 1;
const NFTA_CT_KEY = 2;
const NFTA_CT_SREG = 4;
const NFTA_IMMEDIATE_DREG = 1;
const NFTA_IMMEDIATE_DATA = 2;

const VERDICT_REGISTER = 0;
const FIRST_REGISTER = 8;
const META_MARK = 3;
const META_IIFNAME = 6;
const META_OIFNAME = 7;
const META_NFPROTO = 15;
const META_L4PROTO = 16;
const CT_STATE = 0;
const CT_DIRECTION = 1;
const CT_MARK = 3;
const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
const IFNAMSIZ = 16;
const NF_ACCEPT = 1;
/** NF_CT_STATE_BIT(IP_CT_NEW). */
const STATE_NEW = 8;

export const EQUAL = 0;
export const NOT_EQUAL = 1;
export const NFPROTO = { 4: Uint8Array.of(2), 6: Uint8Array.of(10) } as const;
/** What `loadDirection` loads for packets of the side that spoke first. */
export const DIRECTION_ORIGINAL = Uint8Array.of(0);

const ADDRESS_AT = {
  source: { 4: 12, 6: 8 },
  destination: { 4: 16, 6: 24 },
} as const;
const ADDRESS_BYTES = { 4: 4, 6: 16 } as const;

export function loadFamily(builder: NetlinkBuilder): void {
  meta(builder, META_NFPROTO);
}

export function loadInputName(builder: NetlinkBuilder): void {
  meta(builder, META_IIFNAME);
}

export function loadOutputName(builder: NetlinkBuilder): void {
  meta(builder, META_OIFNAME);
}

export function loadProtocol(builder: NetlinkBuilder): void {
  meta(builder, META_L4PROTO);
}

/** Which side of its connection a packet comes from. */
export function loadDirection(builder: NetlinkBuilder): void {
  ct(builder, CT_DIRECTION);
}

/** A device name as the register holds it: zeros to its end. */
export function interfaceName(device: string): Uint8Array {
  const bytes = new Uint8Array(IFNAMSIZ);
  new TextEncoder().encodeInto(device, bytes.subarray(0, IFNAMSIZ - 1));
  return bytes;
}

/** Loads an address of the packet, cut to the length of `prefix`. */
export function loadAddress(builder: NetlinkBuilder, which: "source" | "destination", prefix: Cidr): void {
  const length = prefix.bytes.length;
  payload(builder, NETWORK_HEADER, ADDRESS_AT[which][prefix.family], length, 0);
  bitwise(builder, maskOf(prefix), new Uint8Array(length));
}

/** Loads the destination as the keys of a set of endpoints are: address, protocol and port, a word or more each. */
export function loadDestination(builder: NetlinkBuilder, family: 4 | 6): void {
  const words = ADDRESS_BYTES[family] / 4;
  payload(builder, NETWORK_HEADER, ADDRESS_AT.destination[family], ADDRESS_BYTES[family], 0);
  meta(builder, META_L4PROTO, words);
  payload(builder, TRANSPORT_HEADER, 2, 2, words + 1);
}

/** Goes on when the set has what was loaded. */
export function lookUp(builder: NetlinkBuilder, set: string): void {
  expression(builder, "lookup", () => {
    builder.attributeText(NFTA_LOOKUP_SET, set);
    builder.attributeBe32(NFTA_LOOKUP_SREG, FIRST_REGISTER);
  });
}

/** Goes on when the packet begins a connection, or nobody has answered yet. */
export function onlyNew(builder: NetlinkBuilder): void {
  ct(builder, CT_STATE);
  onlyBits(builder, STATE_NEW);
}

/** Goes on when the connection has all bits of `mark`, which is one bit. */
export function onlyConnectionMark(builder: NetlinkBuilder, mark: number): void {
  ct(builder, CT_MARK);
  onlyBits(builder, mark);
}

/** Adds the bits of `mark` to those of the connection. */
export function markConnection(builder: NetlinkBuilder, mark: number): void {
  ct(builder, CT_MARK);
  bitwise(builder, word(~mark), word(mark));
  expression(builder, "ct", () => {
    builder.attributeBe32(NFTA_CT_KEY, CT_MARK);
    builder.attributeBe32(NFTA_CT_SREG, FIRST_REGISTER);
  });
}

/** Adds the bits of `mark` to those of the packet. */
export function markPacket(builder: NetlinkBuilder, mark: number): void {
  meta(builder, META_MARK);
  bitwise(builder, word(~mark), word(mark));
  expression(builder, "meta", () => {
    builder.attributeBe32(NFTA_META_KEY, META_MARK);
    builder.attributeBe32(NFTA_META_SREG, FIRST_REGISTER);
  });
}

export function compare(builder: NetlinkBuilder, operation: number, value: Uint8Array): void {
  expression(builder, "cmp", () => {
    builder.attributeBe32(NFTA_CMP_SREG, FIRST_REGISTER);
    builder.attributeBe32(NFTA_CMP_OP, operation);
    builder.nest(NFTA_CMP_DATA, () => builder.attribute(NFTA_DATA_VALUE, value));
  });
}

/** The packet leaves the chain. */
export function accept(builder: NetlinkBuilder): void {
  expression(builder, "immediate", () => {
    builder.attributeBe32(NFTA_IMMEDIATE_DREG, VERDICT_REGISTER);
    builder.nest(NFTA_IMMEDIATE_DATA, () =>
      builder.nest(NFTA_DATA_VERDICT, () => builder.attributeBe32(NFTA_VERDICT_CODE, NF_ACCEPT)),
    );
  });
}

export function masquerade(builder: NetlinkBuilder): void {
  expression(builder, "masq", () => {});
}

function meta(builder: NetlinkBuilder, key: number, register = 0): void {
  expression(builder, "meta", () => {
    builder.attributeBe32(NFTA_META_DREG, FIRST_REGISTER + register);
    builder.attributeBe32(NFTA_META_KEY, key);
  });
}

function ct(builder: NetlinkBuilder, key: number): void {
  expression(builder, "ct", () => {
    builder.attributeBe32(NFTA_CT_DREG, FIRST_REGISTER);
    builder.attributeBe32(NFTA_CT_KEY, key);
  });
}

function payload(
  builder: NetlinkBuilder,
  base: number,
  offset: number,
  length: number,
  register: number,
): void {
  expression(builder, "payload", () => {
    builder.attributeBe32(NFTA_PAYLOAD_DREG, FIRST_REGISTER + register);
    builder.attributeBe32(NFTA_PAYLOAD_BASE, base);
    builder.attributeBe32(NFTA_PAYLOAD_OFFSET, offset);
    builder.attributeBe32(NFTA_PAYLOAD_LEN, length);
  });
}

/** What was loaded, and `mask`, xor `xor`. */
function bitwise(builder: NetlinkBuilder, mask: Uint8Array, xor: Uint8Array): void {
  expression(builder, "bitwise", () => {
    builder.attributeBe32(NFTA_BITWISE_SREG, FIRST_REGISTER);
    builder.attributeBe32(NFTA_BITWISE_DREG, FIRST_REGISTER);
    builder.attributeBe32(NFTA_BITWISE_LEN, mask.length);
    builder.nest(NFTA_BITWISE_MASK, () => builder.attribute(NFTA_DATA_VALUE, mask));
    builder.nest(NFTA_BITWISE_XOR, () => builder.attribute(NFTA_DATA_VALUE, xor));
  });
}

function onlyBits(builder: NetlinkBuilder, bits: number): void {
  bitwise(builder, word(bits), word(0));
  compare(builder, NOT_EQUAL, word(0));
}

/** A word in the kernel's byte order, as marks and states are. */
function word(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
}

function expression(builder: NetlinkBuilder, name: string, fill: () => void): void {
  builder.nest(NFTA_LIST_ELEM, () => {
    builder.attributeText(NFTA_EXPR_NAME, name);
    builder.nest(NFTA_EXPR_DATA, fill);
  });
}
