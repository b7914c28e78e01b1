/**
 * RTM_NEWNEIGH: permanent neighbours, and forwarding entries of VXLAN devices.
 *
 * ```
 * ndmsg  u8 family | 3 pad | i32 index | u16 state | u8 flags | u8 type        12 bytes
 * ```
 */

import { addressBytes, macBytes } from "./ip.ts";
import type { NetlinkSocket } from "./netlink.ts";
import { NetlinkBuilder, NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST } from "./netlink-message.ts";
import { linkIndex } from "./rtnetlink-link.ts";
import { AF_INET, AF_INET6 } from "./socket-address.ts";

const RTM_NEWNEIGH = 28;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;
const NTF_SELF = 0x02;
const AF_BRIDGE = 7;

export function replaceNeighbour(socket: NetlinkSocket, device: string, address: string, mac: string): void {
  const bytes = addressBytes(address);
  const request = entry(socket, bytes.length === 4 ? AF_INET : AF_INET6, device, 0);
  request.attribute(NDA_DST, bytes).attribute(NDA_LLADDR, macBytes(mac));
  socket.request(request, `neighbour ${address} on ${device}: replace`);
}

export function replaceForwarding(socket: NetlinkSocket, device: string, mac: string, address: string): void {
  const request = entry(socket, AF_BRIDGE, device, NTF_SELF);
  request.attribute(NDA_DST, addressBytes(address)).attribute(NDA_LLADDR, macBytes(mac));
  socket.request(request, `forwarding entry ${mac} on ${device}: replace`);
}

function entry(socket: NetlinkSocket, family: number, device: string, flags: number): NetlinkBuilder {
  const index = linkIndex(socket, device);
  const request = new NetlinkBuilder();
  const replace = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
  request.message(RTM_NEWNEIGH, replace, socket.nextSequence());
  return request.u32(family).u32(index).u16(NUD_PERMANENT).u8(flags).u8(0);
}
