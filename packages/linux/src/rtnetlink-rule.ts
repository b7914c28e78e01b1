/**
 * RTM_*RULE: which routing table is looked up for which packets, in the order of priorities.
 *
 * ```
 * fib_rule_hdr  u8 family | u8 dst length | u8 src length | u8 tos | u8 table | 2 pad | u8 action | u32 flags   12 bytes
 * ```
 */
import type { NetlinkSocket } from "./netlink.ts";
import {
  attributeNumber,
  NetlinkBuilder,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  readAttributes,
} from "./netlink-message.ts";
import { AF_INET, AF_INET6 } from "./socket-address.ts";

const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_GETRULE = 34;
const RULE_BYTES = 12;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FR_ACT_TO_TBL = 1;

export interface Rule {
  readonly family: 4 | 6;
  /** Lower ones come first. */
  readonly priority: number;
  readonly table: number;
  /** Packets with this mark only; all, when absent. */
  readonly mark?: number;
}

export function addRule(socket: NetlinkSocket, rule: Rule): void {
  change(socket, RTM_NEWRULE, NLM_F_CREATE, rule);
}

export function deleteRule(socket: NetlinkSocket, rule: Rule): void {
  change(socket, RTM_DELRULE, 0, rule);
}

export function listRules(socket: NetlinkSocket, family: 4 | 6): Rule[] {
  const request = new NetlinkBuilder();
  request.message(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, socket.nextSequence());
  header(request, family, 0);
  return socket.dump(request, "routing rules").map(({ payload }) => {
    const attributes = readAttributes(payload, RULE_BYTES);
    const mark = attributeNumber(attributes.get(FRA_FWMARK));
    return {
      family,
      // The rule of priority 0 has no attribute that says so.
      priority: attributeNumber(attributes.get(FRA_PRIORITY)) ?? 0,
      table: attributeNumber(attributes.get(FRA_TABLE)) ?? payload[4]!,
      ...(mark !== undefined && { mark }),
    };
  });
}

function change(socket: NetlinkSocket, type: number, flags: number, rule: Rule): void {
  const { family, priority, table, mark } = rule;
  const request = new NetlinkBuilder();
  request.message(type, NLM_F_REQUEST | NLM_F_ACK | flags, socket.nextSequence());
  header(request, family, table);
  request.attributeU32(FRA_PRIORITY, priority);
  if (mark !== undefined) request.attributeU32(FRA_FWMARK, mark).attributeU32(FRA_FWMASK, mark);
  const what = type === RTM_NEWRULE ? "add" : "delete";
  socket.request(request, `rule ${priority} of IPv${family} to table ${table}: ${what}`);
}

function header(request: NetlinkBuilder, family: 4 | 6, table: number): void {
  request.u8(family === 4 ? AF_INET : AF_INET6).u8(0);
  request.u8(0).u8(0);
  request.u8(table).u8(0).u8(0).u8(FR_ACT_TO_TBL).u32(0);
}
