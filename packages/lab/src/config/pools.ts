/**
 * The pools of load balancers' addresses: those of lab.yaml, or one on the underlay, at numbers that no host gets. None
 * may share addresses with Pods, Services, hosts or another pool, or a packet would have two ways to go.
 */

import { formatAddress } from "@podwire/wire/address";
import { type AddressRange, parseRange, rangesOverlap } from "@podwire/wire/address-range";
import { addressCount, nthAddress } from "@podwire/wire/cidr";
import { DEFAULT_POOL_ADDRESSES, DEFAULT_POOL_END, FIRST_NODE_HOST } from "../limits.ts";
import { type Checking, type NamedCidr, problem } from "./checking.ts";

export interface PoolConfig {
  readonly name: string;
  /** CIDRs and ranges. */
  readonly addresses: readonly string[];
  /** The loadBalancerClass that it is for; undefined: none. */
  readonly class: string | undefined;
  readonly ipMode: "VIP" | "Proxy";
}

interface Surroundings {
  readonly podCidrs: readonly NamedCidr[];
  readonly services: readonly NamedCidr[];
  readonly underlay: readonly NamedCidr[];
  /** How many. */
  readonly nodes: number;
}

interface NamedRange {
  /** What the range is, for messages. */
  readonly what: string;
  readonly range: AddressRange;
}

export function resolvePools(checking: Checking, around: Surroundings): PoolConfig[] {
  const pools = checking.file.loadBalancer?.pools;
  if (pools === undefined) return defaultPools(around);
  const taken = takenBy(around);
  const names = new Set<string>();
  pools.forEach((pool, index) => {
    const field = `loadBalancer.pools[${index}]`;
    if (names.has(pool.name)) {
      problem(checking, `${field}.name`, `"${pool.name}" is already the name of a pool, names must differ`);
    }
    names.add(pool.name);
    pool.addresses.forEach((text, at) => {
      const range = parseRange(text)!;
      const other = taken.find(each => rangesOverlap(each.range, range));
      if (other !== undefined) {
        problem(
          checking,
          `${field}.addresses[${at}]`,
          `${text} overlaps ${other.what}, a pool must have addresses of its own`,
        );
      }
      taken.push({ what: `${text} (pool ${pool.name})`, range });
    });
  });
  return pools.map(({ name, addresses, class: loadBalancerClass, ipMode = "VIP" }) => ({
    name,
    addresses,
    class: loadBalancerClass,
    ipMode,
  }));
}

function takenBy({ podCidrs, services, underlay, nodes }: Surroundings): NamedRange[] {
  const named = (field: string) => (cidr: NamedCidr) => ({
    what: `${cidr.text} (${field})`,
    range: parseRange(cidr.text)!,
  });
  return [
    ...podCidrs.map(named("networking.podCIDRs")),
    ...services.map(named("networking.serviceCIDRs")),
    ...underlay.map(({ cidr }) => {
      const [first, last] = [nthAddress(cidr, 0), lastHost(cidr, nodes)].map(formatAddress);
      return { what: `the hosts of the lab (${first}-${last})`, range: parseRange(`${first}-${last}`)! };
    }),
  ];
}

/** The last address that a node has. */
function lastHost(cidr: NamedCidr["cidr"], nodes: number): Uint8Array {
  return nthAddress(cidr, Math.min(FIRST_NODE_HOST + nodes, addressCount(cidr)) - 1);
}

/** None when the nodes leave no address. The last one of an IPv4 network is its broadcast. */
function defaultPools({ underlay, nodes }: Surroundings): PoolConfig[] {
  const addresses = underlay.flatMap(({ cidr }) => {
    const last = Math.min(DEFAULT_POOL_END, addressCount(cidr) - 2);
    const first = Math.max(FIRST_NODE_HOST + nodes, last - DEFAULT_POOL_ADDRESSES + 1);
    if (first > last) return [];
    return [[first, last].map(number => formatAddress(nthAddress(cidr, number))).join("-")];
  });
  return addresses.length === 0 ? [] : [{ name: "default", addresses, class: undefined, ipMode: "VIP" }];
}
