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
 * Doing it twice is the same as doing it once.
 */

import { type Cidr, networkOf } from "@podwire/wire/cidr";
import { parsePrefix } from "./ip.ts";
import type { NetlinkBuilder } from "./netlink-message.ts";
import {
  compare,
  EQUAL,
  interfaceName,
  loadAddress,
  loadFamily,
  loadOutputName,
  masquerade,
  NFPROTO,
  NOT_EQUAL,
} from "./nftables-expression.ts";
import { HOOK, PRIORITY, transact } from "./nftables-transaction.ts";

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
    transaction.emptyTable(TABLE);
    transaction.chain(TABLE, {
      name: CHAIN,
      type: "nat",
      hook: HOOK.postrouting,
      priority: PRIORITY.sourceNat,
    });
    for (const podCIDR of wanted.podCIDRs) {
      const pod = parsePrefix(podCIDR);
      const inside = clusterPrefixes.filter(prefix => prefix.family === pod.family);
      transaction.rule(TABLE, CHAIN, `masquerade ${podCIDR}`, builder =>
        masqueradeFrom(builder, pod, inside, wanted.hostDevice),
      );
    }
  });
}

/** Removes the table, if there is one. */
export function removeMasquerade(namespace: number | undefined): void {
  transact(namespace, transaction => transaction.deleteTable(TABLE));
}

function masqueradeFrom(
  builder: NetlinkBuilder,
  pod: Cidr,
  clusterPrefixes: readonly Cidr[],
  device: string,
): void {
  loadFamily(builder);
  compare(builder, EQUAL, NFPROTO[pod.family]);
  loadAddress(builder, "source", pod);
  compare(builder, EQUAL, networkOf(pod).bytes);
  for (const prefix of clusterPrefixes) {
    loadAddress(builder, "destination", prefix);
    compare(builder, NOT_EQUAL, networkOf(prefix).bytes);
  }
  loadOutputName(builder);
  compare(builder, NOT_EQUAL, interfaceName(device));
  masquerade(builder);
}
