/**
 * RTM_*LINK: devices.
 *
 * ```
 * ifinfomsg  u8 family | u8 pad | u16 type | i32 index | u32 flags | u32 change        16 bytes
 * ```
 */

import { formatMac } from "@podwire/wire/address";
import { ERRNO } from "./errno.ts";
import { LinuxError } from "./errors.ts";
import { addressBytes, macBytes } from "./ip.ts";
import type { NetlinkSocket } from "./netlink.ts";
import {
  attributeNumber,
  attributeString,
  NetlinkBuilder,
  type NetlinkReply,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  readAttributes,
} from "./netlink-message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;

const IFINFO_BYTES = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_TXQLEN = 13;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFLA_VXLAN_LOCAL6 = 17;
const IFF_UP = 1;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly mac: string | undefined;
  /** `veth`, `tun`, `vxlan`, `bridge`; undefined for devices without a kind (lo, hardware). */
  readonly kind: string | undefined;
  readonly txQueueLength: number;
}

export interface LinkChange {
  readonly up?: boolean;
  readonly mtu?: number;
  /** New name; the device must be down. */
  readonly name?: string;
  readonly mac?: string;
  readonly txQueueLength?: number;
  /** Name of the bridge to join; null leaves it. */
  readonly master?: string | null;
  /** Descriptor of the network namespace to move it to. */
  readonly namespace?: number;
}

export interface VethOptions {
  readonly name: string;
  readonly peerName: string;
  /** Namespace in which the peer is made; the same one when absent. */
  readonly peerNamespace?: number;
  readonly mtu?: number;
}

export interface VxlanOptions {
  readonly name: string;
  readonly vni: number;
  readonly udpPort: number;
  /** Own underlay address. */
  readonly local: string;
  readonly mac?: string;
  readonly mtu?: number;
}

export function listLinks(socket: NetlinkSocket): Link[] {
  const request = new NetlinkBuilder().message(
    RTM_GETLINK,
    NLM_F_REQUEST | NLM_F_DUMP,
    socket.nextSequence(),
  );
  return socket.dump(interfaceInfo(request, 0, 0, 0), "links").map(readLink);
}

export function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  const request = new NetlinkBuilder().message(RTM_GETLINK, NLM_F_REQUEST, socket.nextSequence());
  interfaceInfo(request, 0, 0, 0).attributeText(IFLA_IFNAME, name);
  try {
    return readLink(socket.query(request, `device ${name}`));
  } catch (error) {
    if (error instanceof LinuxError && error.errno === ERRNO.ENODEV) return undefined;
    throw error;
  }
}

/** Index of a device that must exist. */
export function linkIndex(socket: NetlinkSocket, name: string): number {
  const link = findLink(socket, name);
  if (link === undefined) throw new LinuxError("netlink", `device ${name}`, ERRNO.ENODEV);
  return link.index;
}

export function setLink(socket: NetlinkSocket, name: string, change: LinkChange): void {
  const index = linkIndex(socket, name);
  const flags = change.up === true ? IFF_UP : 0;
  const request = new NetlinkBuilder().message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, socket.nextSequence());
  interfaceInfo(request, index, flags, change.up === undefined ? 0 : IFF_UP);
  if (change.mtu !== undefined) request.attributeU32(IFLA_MTU, change.mtu);
  if (change.name !== undefined) request.attributeText(IFLA_IFNAME, change.name);
  if (change.mac !== undefined) request.attribute(IFLA_ADDRESS, macBytes(change.mac));
  if (change.txQueueLength !== undefined) request.attributeU32(IFLA_TXQLEN, change.txQueueLength);
  if (change.master !== undefined) {
    request.attributeU32(IFLA_MASTER, change.master === null ? 0 : linkIndex(socket, change.master));
  }
  if (change.namespace !== undefined) request.attributeU32(IFLA_NET_NS_FD, change.namespace);
  const fields = Object.entries(change).map(([field, value]) => `${field}=${String(value)}`);
  socket.request(request, `device ${name}: set ${fields.join(", ")}`);
}

export function deleteLink(socket: NetlinkSocket, name: string): void {
  const index = linkIndex(socket, name);
  const request = new NetlinkBuilder().message(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, socket.nextSequence());
  socket.request(interfaceInfo(request, index, 0, 0), `device ${name}: delete`);
}

export function createVeth(socket: NetlinkSocket, options: VethOptions): void {
  const { name, peerName, peerNamespace, mtu } = options;
  create(socket, name, "veth", mtu, undefined, request => {
    request.nest(VETH_INFO_PEER, () => {
      interfaceInfo(request, 0, 0, 0).attributeText(IFLA_IFNAME, peerName);
      if (mtu !== undefined) request.attributeU32(IFLA_MTU, mtu);
      if (peerNamespace !== undefined) request.attributeU32(IFLA_NET_NS_FD, peerNamespace);
    });
  });
}

export function createBridge(socket: NetlinkSocket, name: string): void {
  create(socket, name, "bridge", undefined, undefined, () => {});
}

/** A VXLAN device of the kernel without learning or flooding: what it reaches comes from `replaceForwarding`. */
export function createVxlan(socket: NetlinkSocket, options: VxlanOptions): void {
  create(socket, options.name, "vxlan", options.mtu, options.mac, request => {
    const local = addressBytes(options.local);
    request.attributeU32(IFLA_VXLAN_ID, options.vni);
    request.attributeBe16(IFLA_VXLAN_PORT, options.udpPort);
    request.attribute(local.length === 4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local);
    request.attributeU8(IFLA_VXLAN_LEARNING, 0);
  });
}

function create(
  socket: NetlinkSocket,
  name: string,
  kind: string,
  mtu: number | undefined,
  mac: string | undefined,
  fill: (request: NetlinkBuilder) => void,
): void {
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  const request = new NetlinkBuilder().message(RTM_NEWLINK, flags, socket.nextSequence());
  interfaceInfo(request, 0, 0, 0).attributeText(IFLA_IFNAME, name);
  if (mtu !== undefined) request.attributeU32(IFLA_MTU, mtu);
  if (mac !== undefined) request.attribute(IFLA_ADDRESS, macBytes(mac));
  request.nest(IFLA_LINKINFO, () => {
    request.attributeText(IFLA_INFO_KIND, kind);
    request.nest(IFLA_INFO_DATA, () => fill(request));
  });
  socket.request(request, `${kind} device ${name}: create`);
}

function interfaceInfo(
  request: NetlinkBuilder,
  index: number,
  flags: number,
  change: number,
): NetlinkBuilder {
  return request.u16(0).u16(0).u32(index).u32(flags).u32(change);
}

function readLink(reply: NetlinkReply): Link {
  const view = new DataView(reply.payload.buffer, reply.payload.byteOffset);
  const attributes = readAttributes(reply.payload, IFINFO_BYTES);
  const info = attributes.get(IFLA_LINKINFO);
  const mac = attributes.get(IFLA_ADDRESS);
  return {
    index: view.getInt32(4, true),
    name: attributeString(attributes.get(IFLA_IFNAME)) ?? "",
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    mtu: attributeNumber(attributes.get(IFLA_MTU)) ?? 0,
    mac: mac?.length === 6 ? formatMac(mac) : undefined,
    kind: info === undefined ? undefined : attributeString(readAttributes(info, 0).get(IFLA_INFO_KIND)),
    txQueueLength: attributeNumber(attributes.get(IFLA_TXQLEN)) ?? 0,
  };
}
