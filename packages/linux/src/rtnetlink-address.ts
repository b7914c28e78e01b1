/**
 * RTM_*ADDR: addresses of devices.
 *
 * ```
 * ifaddrmsg  u8 family | u8 prefix length | u8 flags | u8 scope | u32 index        8 bytes
 * ```
 */

import { formatAddress } from "@podwire/wire/address";
import { parsePrefix } from "./ip.ts";
import type { NetlinkSocket } from "./netlink.ts";
import {
  NetlinkBuilder,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  readAttributes,
} from "./netlink-message.ts";
import { linkIndex } from "./rtnetlink-link.ts";
import { AF_INET, AF_INET6 } from "./socket-address.ts";

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

const IFADDR_BYTES = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;

export interface AddressOptions {
  /** Do not add the route to the prefix that an address brings along. */
  readonly noPrefixRoute?: boolean;
}

export interface LinkAddress {
  /** `ADDRESS/PREFIX` */
  readonly address: string;
  readonly linkIndex: number;
}

export function addAddress(
  socket: NetlinkSocket,
  device: string,
  text: string,
  options: AddressOptions,
): void {
  const request = new NetlinkBuilder();
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
  request.message(RTM_NEWADDR, flags, socket.nextSequence());
  fill(request, linkIndex(socket, device), text);
  request.attributeU32(IFA_FLAGS, IFA_F_NODAD | (options.noPrefixRoute === true ? IFA_F_NOPREFIXROUTE : 0));
  socket.request(request, `address ${text} on ${device}: add`);
}

export function deleteAddress(socket: NetlinkSocket, device: string, text: string): void {
  const request = new NetlinkBuilder();
  request.message(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, socket.nextSequence());
  fill(request, linkIndex(socket, device), text);
  socket.request(request, `address ${text} on ${device}: delete`);
}

export function listAddresses(socket: NetlinkSocket, device: string | undefined): LinkAddress[] {
  const index = device === undefined ? undefined : linkIndex(socket, device);
  const request = new NetlinkBuilder();
  request
    .message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, socket.nextSequence())
    .u32(0)
    .u32(0);
  const found: LinkAddress[] = [];
  for (const { payload } of socket.dump(request, "addresses")) {
    const view = new DataView(payload.buffer, payload.byteOffset);
    const attributes = readAttributes(payload, IFADDR_BYTES);
    const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
    const linkIndex = view.getUint32(4, true);
    if (bytes === undefined || (index !== undefined && linkIndex !== index)) continue;
    found.push({ address: `${formatAddress(bytes)}/${payload[1]!}`, linkIndex });
  }
  return found;
}

function fill(request: NetlinkBuilder, index: number, text: string): void {
  const { family, bytes, prefixLength } = parsePrefix(text);
  request
    .u8(family === 4 ? AF_INET : AF_INET6)
    .u8(prefixLength)
    .u8(0)
    .u8(0)
    .u32(index);
  request.attribute(IFA_LOCAL, bytes).attribute(IFA_ADDRESS, bytes);
}
