/**
 * Expressions of an nftables rule, each a list element `{ name, data }`: they load register 1 and compare it, and the
 * rule ends at the first comparison that does not hold.
 */

import { type Cidr, maskOf } from "@podwire/wire/cidr";
import type { NetlinkBuilder } from "./netlink-message.ts";

const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_META_DREG = 1;
const NFTA_META_KEY = 2;
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

const REGISTER = 1;
const META_OIFNAME = 7;
const META_NFPROTO = 15;
const NETWORK_HEADER = 1;
const IFNAMSIZ = 16;

export const EQUAL = 0;
export const NOT_EQUAL = 1;

const ADDRESS_AT = {
  source: { 4: 12, 6: 8 },
  destination: { 4: 16, 6: 24 },
} as const;

export function loadProtocol(builder: NetlinkBuilder): void {
  meta(builder, META_NFPROTO);
}

export function loadOutputName(builder: NetlinkBuilder): void {
  meta(builder, META_OIFNAME);
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
  expression(builder, "payload", () => {
    builder.attributeBe32(NFTA_PAYLOAD_DREG, REGISTER);
    builder.attributeBe32(NFTA_PAYLOAD_BASE, NETWORK_HEADER);
    builder.attributeBe32(NFTA_PAYLOAD_OFFSET, ADDRESS_AT[which][prefix.family]);
    builder.attributeBe32(NFTA_PAYLOAD_LEN, length);
  });
  expression(builder, "bitwise", () => {
    builder.attributeBe32(NFTA_BITWISE_SREG, REGISTER);
    builder.attributeBe32(NFTA_BITWISE_DREG, REGISTER);
    builder.attributeBe32(NFTA_BITWISE_LEN, length);
    builder.nest(NFTA_BITWISE_MASK, () => builder.attribute(NFTA_DATA_VALUE, maskOf(prefix)));
    builder.nest(NFTA_BITWISE_XOR, () => builder.attribute(NFTA_DATA_VALUE, new Uint8Array(length)));
  });
}

export function compare(builder: NetlinkBuilder, operation: number, value: Uint8Array): void {
  expression(builder, "cmp", () => {
    builder.attributeBe32(NFTA_CMP_SREG, REGISTER);
    builder.attributeBe32(NFTA_CMP_OP, operation);
    builder.nest(NFTA_CMP_DATA, () => builder.attribute(NFTA_DATA_VALUE, value));
  });
}

export function masquerade(builder: NetlinkBuilder): void {
  expression(builder, "masq", () => {});
}

function meta(builder: NetlinkBuilder, key: number): void {
  expression(builder, "meta", () => {
    builder.attributeBe32(NFTA_META_DREG, REGISTER);
    builder.attributeBe32(NFTA_META_KEY, key);
  });
}

function expression(builder: NetlinkBuilder, name: string, fill: () => void): void {
  builder.nest(NFTA_LIST_ELEM, () => {
    builder.attributeText(NFTA_EXPR_NAME, name);
    builder.nest(NFTA_EXPR_DATA, fill);
  });
}
