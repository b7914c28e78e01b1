/**
 * Packets that a node's kernel must hand to the data plane although their destination is the node's own, or lies
 * elsewhere: node ports, host ports, addresses that Services have outside of the service CIDR. They get a mark, for
 * which a rule of policy routing leads to the data plane's device:
 *
 * ```
 * table inet podwire-entry {
 *   set entry4 { type ipv4_addr . inet_proto . inet_service }
 *   set entry6 { type ipv6_addr . inet_proto . inet_service }
 *   chain prerouting {                                  # what comes from the underlay
 *     type filter hook prerouting priority mangle
 *     iifname "pw0" accept                              # the data plane has seen it
 *     ct direction != original accept
 *     meta l4proto udp ip daddr . meta l4proto . th dport @entry4 meta mark set meta mark or 0x100000 accept
 *     meta l4proto udp ip6 daddr …                        @entry6 …
 *     meta l4proto udp accept
 *     ct state new ip daddr . meta l4proto . th dport @entry4 ct mark set ct mark or 0x100000
 *     ct state new ip6 daddr …                        @entry6 …
 *     ct mark and 0x100000 != 0 meta mark set meta mark or 0x100000
 *   }
 *   chain output { type route hook output priority mangle; the same }      # what processes of the node send
 * }
 * ```
 *
 * The mark is the connection's: one that was open when its port was taken stays with the node, one that came in by a
 * port that was given back stays with the data plane. Only UDP, which does not end, follows the set at once.
 */
import { addressBytes } from "./ip.ts";
import type { NetlinkBuilder } from "./netlink-message.ts";
import {
  accept,
  compare,
  DIRECTION_ORIGINAL,
  EQUAL,
  interfaceName,
  loadDestination,
  loadDirection,
  loadFamily,
  loadInputName,
  loadProtocol,
  lookUp,
  markConnection,
  markPacket,
  NFPROTO,
  NOT_EQUAL,
  onlyConnectionMark,
  onlyNew,
} from "./nftables-expression.ts";
import { HOOK, PRIORITY, type Transaction, transact } from "./nftables-transaction.ts";

/** Neither kube-proxy's marks (0x4000, 0x8000) nor those of other networks that are in use. */
export const ENTRY_MARK = 0x100000;

const TABLE = "podwire-entry";
const FAMILIES = [4, 6] as const;
const SET = { 4: "entry4", 6: "entry6" } as const;
const KEY_BYTES = { 4: 12, 6: 24 } as const;
/** ipv4_addr or ipv6_addr . inet_proto . inet_service, six bits each. */
const KEY_TYPE = { 4: (7 << 12) | (12 << 6) | 13, 6: (8 << 12) | (12 << 6) | 13 } as const;
const IPPROTO_UDP = Uint8Array.of(17);

export interface Entry {
  readonly address: string;
  /** IANA number: 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number;
  readonly port: number;
}

/** Marks exactly what goes to `entries`, and does not come from `hostDevice`. */
export function replaceEntries(
  namespace: number | undefined,
  hostDevice: string,
  entries: readonly Entry[],
): void {
  transact(namespace, transaction => {
    transaction.emptyTable(TABLE);
    for (const family of FAMILIES) transaction.set(TABLE, SET[family], KEY_TYPE[family], KEY_BYTES[family]);
    const { mangle: priority } = PRIORITY;
    transaction.chain(TABLE, { name: "prerouting", type: "filter", hook: HOOK.prerouting, priority });
    transaction.rule(TABLE, "prerouting", "what the data plane sends", builder => {
      loadInputName(builder);
      compare(builder, EQUAL, interfaceName(hostDevice));
      accept(builder);
    });
    markingRules(transaction, "prerouting");
    transaction.chain(TABLE, { name: "output", type: "route", hook: HOOK.output, priority });
    markingRules(transaction, "output");
    for (const family of FAMILIES) transaction.addElements(TABLE, SET[family], keysOf(family, entries));
  });
}

/** Brings what `replaceEntries` made from one state to another. */
export function changeEntries(
  namespace: number | undefined,
  added: readonly Entry[],
  removed: readonly Entry[],
): void {
  transact(namespace, transaction => {
    for (const family of FAMILIES) {
      transaction.deleteElements(TABLE, SET[family], keysOf(family, removed));
      transaction.addElements(TABLE, SET[family], keysOf(family, added));
    }
  });
}

function markingRules(transaction: Transaction, chain: string): void {
  const rule = (what: string, expressions: (builder: NetlinkBuilder) => void) =>
    transaction.rule(TABLE, chain, what, expressions);
  rule("answers", builder => {
    loadDirection(builder);
    compare(builder, NOT_EQUAL, DIRECTION_ORIGINAL);
    accept(builder);
  });
  for (const family of FAMILIES) {
    rule(`UDP over IPv${family}`, builder => {
      onlyFamily(builder, family);
      onlyUdp(builder);
      loadDestination(builder, family);
      lookUp(builder, SET[family]);
      markPacket(builder, ENTRY_MARK);
      accept(builder);
    });
  }
  rule("other UDP", builder => {
    onlyUdp(builder);
    accept(builder);
  });
  for (const family of FAMILIES) {
    rule(`new connections over IPv${family}`, builder => {
      onlyFamily(builder, family);
      onlyNew(builder);
      loadDestination(builder, family);
      lookUp(builder, SET[family]);
      markConnection(builder, ENTRY_MARK);
    });
  }
  rule("packets of marked connections", builder => {
    onlyConnectionMark(builder, ENTRY_MARK);
    markPacket(builder, ENTRY_MARK);
  });
}

function onlyFamily(builder: NetlinkBuilder, family: 4 | 6): void {
  loadFamily(builder);
  compare(builder, EQUAL, NFPROTO[family]);
}

function onlyUdp(builder: NetlinkBuilder): void {
  loadProtocol(builder);
  compare(builder, EQUAL, IPPROTO_UDP);
}

/** `address | protocol, padded to a word | port, padded to a word` */
function keysOf(family: 4 | 6, entries: readonly Entry[]): Uint8Array[] {
  return entries
    .filter(({ address }) => address.includes(":") === (family === 6))
    .map(({ address, protocol, port }) => {
      const key = new Uint8Array(KEY_BYTES[family]);
      const bytes = addressBytes(address);
      key.set(bytes);
      key.set([protocol, 0, 0, 0, port >> 8, port & 0xff], bytes.length);
      return key;
    });
}
