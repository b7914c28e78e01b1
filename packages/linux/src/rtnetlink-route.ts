/**
 * RTM_*ROUTE: routes of the main table, or of another one.
 *
 * ```
 * rtmsg  u8 family | u8 dst length | u8 src length | u8 tos | u8 table | u8 protocol | u8 scope | u8 type | u32 flags
 * ```
 */

import { formatAddress } from "@podwire/wire/address";
import { addressBytes, parsePrefix } from "./ip.ts";
import type { NetlinkSocket } from "./netlink.ts";
import {
  NetlinkBuilder,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  readAttributes,
} from "./netlink-message.ts";
import { linkIndex } from "./rtnetlink-link.ts";
import { AF_INET, AF_INET6 } from "./socket-address.ts";

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const ROUTE_BYTES = 12;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTAX_MTU = 2;

const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;
const RTNH_F_ONLINK = 4;

export interface Route {
  /** CIDR; `0.0.0.0/0` and `::/0` are the default routes. */
  readonly destination: string;
  readonly device?: string;
  readonly via?: string;
  /** The gateway is reachable on `device` even if no route says so. */
  readonly onLink?: boolean;
  /** Source address of connections that this host opens over the route. */
  readonly source?: string;
  readonly mtu?: number;
  /** 1 to 255; the main table when absent. */
  readonly table?: number;
}

type Change = "add" | "replace" | "delete";

const FLAGS = {
  add: NLM_F_CREATE | NLM_F_EXCL,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  delete: 0,
} as const satisfies Record<Change, number>;

export function changeRoute(socket: NetlinkSocket, change: Change, route: Route): void {
  const { family, bytes, prefixLength } = parsePrefix(route.destination);
  const request = new NetlinkBuilder();
  const type = change === "delete" ? RTM_DELROUTE : RTM_NEWROUTE;
  request.message(type, NLM_F_REQUEST | NLM_F_ACK | FLAGS[change], socket.nextSequence());
  request
    .u8(family === 4 ? AF_INET : AF_INET6)
    .u8(prefixLength)
    .u8(0)
    .u8(0);
  const { table = RT_TABLE_MAIN } = route;
  if (change === "delete") request.u8(table).u8(0).u8(RT_SCOPE_NOWHERE).u8(0);
  else request.u8(table).u8(RTPROT_STATIC).u8(scope(route, family)).u8(RTN_UNICAST);
  request.u32(route.onLink === true ? RTNH_F_ONLINK : 0);
  request.attribute(RTA_DST, bytes);
  if (route.via !== undefined) request.attribute(RTA_GATEWAY, addressBytes(route.via));
  if (route.source !== undefined) request.attribute(RTA_PREFSRC, addressBytes(route.source));
  if (route.device !== undefined) request.attributeU32(RTA_OIF, linkIndex(socket, route.device));
  const { mtu } = route;
  if (mtu !== undefined) request.nest(RTA_METRICS, () => request.attributeU32(RTAX_MTU, mtu));
  socket.request(request, `${describe(route)}: ${change}`);
}

/** Destinations that a table has unicast routes to, of both families. */
export function listDestinations(socket: NetlinkSocket, table: number): string[] {
  const request = new NetlinkBuilder();
  request.message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, socket.nextSequence());
  request.u32(0).u32(0).u32(0);
  const found: string[] = [];
  for (const { payload } of socket.dump(request, "routes")) {
    const [family, length] = payload;
    if (payload[4] !== table || payload[7] !== RTN_UNICAST) continue;
    const bytes = readAttributes(payload, ROUTE_BYTES).get(RTA_DST);
    const destination = bytes ?? new Uint8Array(family === AF_INET ? 4 : 16);
    found.push(`${formatAddress(destination)}/${length}`);
  }
  return found;
}

function scope(route: Route, family: 4 | 6): number {
  return family === 6 || route.via !== undefined ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

function describe(route: Route): string {
  const words = [`route ${route.destination}`];
  if (route.via !== undefined) words.push(`via ${route.via}`);
  if (route.device !== undefined) words.push(`dev ${route.device}`);
  if (route.source !== undefined) words.push(`src ${route.source}`);
  return words.join(" ");
}
