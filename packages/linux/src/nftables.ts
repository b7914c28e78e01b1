/**
 * Masquerade for pods that talk to the outside, as one nftables table of Podwire's own:
 *
 * ```
 * table inet podwire {
 *   chain postrouting {
 *     type nat hook postrouting priority srcnat;
 *     ip saddr 10.244.1.0/24 ip daddr != 10.244.0.0/16 oifname != "pw0" masquerade
 *     ip6 saddr fd00:10:244:1::/64 ip6 daddr != fd00:10:244::/56 oifname != "pw0" masquerade
 *   }
 * }
 * ```
 *
 * One transaction adds the table (so that it surely exists), deletes it, and makes it anew: the packets of another CPU
 * see the old table or the new one, and doing it twice is the same as doing it once.
 */

import { type Cidr, networkOf } from "@podwire/wire/cidr";
import { parsePrefix } from "./ip.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "./netlink.ts";
import { NetlinkBuilder, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST } from "./netlink-message.ts";
import {
  compare,
  EQUAL,
  interfaceName,
  loadAddress,
  loadOutputName,
  loadProtocol,
  masquerade,
  NOT_EQUAL,
} from "./nftables-expression.ts";

const NFPROTO_INET = 1;
const NFPROTO_IPV4 = 2;
const NFPROTO_IPV6 = 10;
const SUBSYSTEM = 10;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
const NEW_TABLE = (SUBSYSTEM << 8) | 0;
const DELETE_TABLE = (SUBSYSTEM << 8) | 2;
const NEW_CHAIN = (SUBSYSTEM << 8) | 3;
const NEW_RULE = (SUBSYSTEM << 8) | 6;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const POSTROUTING = 4;
const PRIORITY_SOURCE_NAT = 100;

const TABLE = "podwire";
const CHAIN = "postrouting";

export interface Masquerade {
  /** Sources that are masqueraded: the node's pod CIDRs. */
  readonly podCIDRs: readonly string[];
  /** Destinations that are not: the cluster's CIDRs. */
  readonly clusterCIDRs: readonly string[];
  /** The node's own TUN device, towards which nothing is masqueraded. */
  readonly hostDevice: string;
}

/** Puts the masquerade of `namespace` into exactly this state. */
export function replaceMasquerade(namespace: number | undefined, wanted: Masquerade): void {
  const clusterPrefixes = wanted.clusterCIDRs.map(parsePrefix);
  transact(namespace, transaction => {
    transaction.table(NEW_TABLE).table(DELETE_TABLE).table(NEW_TABLE).chain();
    for (const podCIDR of wanted.podCIDRs) {
      const pod = parsePrefix(podCIDR);
      const inside = clusterPrefixes.filter(prefix => prefix.family === pod.family);
      transaction.rule(podCIDR, pod, inside, wanted.hostDevice);
    }
  });
}

/** Removes the table, if there is one. */
export function removeMasquerade(namespace: number | undefined): void {
  transact(namespace, transaction => transaction.table(NEW_TABLE).table(DELETE_TABLE));
}

function transact(namespace: number | undefined, fill: (transaction: Transaction) => void): void {
  const socket = new NetlinkSocket(NETLINK_NETFILTER, namespace);
  try {
    const transaction = new Transaction(socket);
    fill(transaction);
    transaction.commit();
  } finally {
    socket.close();
  }
}

/** Messages between a batch's begin and end: the kernel takes all of them or none. */
class Transaction {
  readonly #socket: NetlinkSocket;
  readonly #builder = new NetlinkBuilder();
  readonly #objects: string[] = [];

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
    this.#builder.message(BATCH_BEGIN, NLM_F_REQUEST, socket.nextSequence());
    this.#generic(0, SUBSYSTEM);
  }

  table(type: number): this {
    this.#begin(type, NLM_F_CREATE, `nftables table inet ${TABLE}`);
    this.#builder.attributeText(NFTA_TABLE_NAME, TABLE);
    return this;
  }

  chain(): this {
    this.#begin(NEW_CHAIN, NLM_F_CREATE, `nftables chain inet ${TABLE} ${CHAIN}`);
    const builder = this.#builder;
    builder.attributeText(NFTA_CHAIN_TABLE, TABLE).attributeText(NFTA_CHAIN_NAME, CHAIN);
    builder.nest(NFTA_CHAIN_HOOK, () => {
      builder.attributeBe32(NFTA_HOOK_HOOKNUM, POSTROUTING);
      builder.attributeBe32(NFTA_HOOK_PRIORITY, PRIORITY_SOURCE_NAT);
    });
    builder.attributeText(NFTA_CHAIN_TYPE, "nat");
    return this;
  }

  rule(name: string, pod: Cidr, clusterPrefixes: readonly Cidr[], device: string): this {
    this.#begin(NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, `nftables rule: masquerade ${name}`);
    const builder = this.#builder;
    builder.attributeText(NFTA_RULE_TABLE, TABLE).attributeText(NFTA_RULE_CHAIN, CHAIN);
    builder.nest(NFTA_RULE_EXPRESSIONS, () => {
      loadProtocol(builder);
      compare(builder, EQUAL, Uint8Array.of(pod.family === 4 ? NFPROTO_IPV4 : NFPROTO_IPV6));
      loadAddress(builder, "source", pod);
      compare(builder, EQUAL, networkOf(pod).bytes);
      for (const prefix of clusterPrefixes) {
        loadAddress(builder, "destination", prefix);
        compare(builder, NOT_EQUAL, networkOf(prefix).bytes);
      }
      loadOutputName(builder);
      compare(builder, NOT_EQUAL, interfaceName(device));
      masquerade(builder);
    });
    return this;
  }

  commit(): void {
    this.#builder.message(BATCH_END, NLM_F_REQUEST, this.#socket.nextSequence());
    this.#generic(0, SUBSYSTEM);
    this.#socket.transaction(this.#builder, this.#objects);
  }

  #begin(type: number, flags: number, object: string): void {
    this.#builder.message(type, NLM_F_REQUEST | NLM_F_ACK | flags, this.#socket.nextSequence());
    this.#generic(NFPROTO_INET, 0);
    this.#objects.push(object);
  }

  /** `nfgenmsg: u8 family | u8 version | be16 resource` */
  #generic(family: number, resource: number): void {
    this.#builder
      .u8(family)
      .u8(0)
      .u8(resource >> 8)
      .u8(resource);
  }
}
