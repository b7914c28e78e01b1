/**
 * Pools of addresses, and which addresses of them are taken: told by whoever reads the Services, of which an address
 * is taken as long as a status names it. The oldest holder of an address is its owner.
 */
import { parseAddress } from "@podwire/wire/address";
import { type AddressRange, addressesOf, parseRange, rangeContains } from "@podwire/wire/address-range";

export type Family = "IPv4" | "IPv6";

/** As lab.yaml has it. */
export interface PoolOptions {
  readonly name: string;
  /** CIDRs and ranges. */
  readonly addresses: readonly string[];
  /** The loadBalancerClass that it is for. */
  readonly class?: string | undefined;
  readonly ipMode: "VIP" | "Proxy";
}

export interface Pool extends PoolOptions {
  readonly ranges: readonly AddressRange[];
}

/** Throws on addresses that are none. */
export function readPools(options: readonly PoolOptions[]): Pool[] {
  return options.map(pool => {
    const ranges = pool.addresses.map(text => {
      const range = parseRange(text);
      if (range) return range;
      throw new Error(
        `pool ${pool.name}: "${text}" is neither a CIDR nor a range such as 172.30.255.1-172.30.255.9`,
      );
    });
    return { ...pool, ranges };
  });
}

export function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}

export function poolOf(pools: readonly Pool[], address: string): Pool | undefined {
  const bytes = parseAddress(address);
  return bytes && pools.find(({ ranges }) => ranges.some(range => rangeContains(range, bytes)));
}

export class TakenAddresses {
  /** By address, who has it. */
  readonly #holders = new Map<string, Map<string, Holder>>();

  /** Replaces what a Service has. Returns whether it let go of any. */
  set(holder: Holder, before: readonly string[], after: readonly string[]): boolean {
    for (const address of after) {
      const holders = this.#holders.get(address) ?? new Map();
      this.#holders.set(address, holders.set(holder.key, holder));
    }
    const freed = before.filter(address => !after.includes(address));
    for (const address of freed) {
      const holders = this.#holders.get(address);
      holders?.delete(holder.key);
      if (holders?.size === 0) this.#holders.delete(address);
    }
    return freed.length > 0;
  }

  /** Another Service than this one that has the address, and comes first. */
  ownerBefore(address: string, holder: Holder, isHeld: boolean): string | undefined {
    const others = [...(this.#holders.get(address)?.values() ?? [])].filter(({ key }) => key !== holder.key);
    const first = others.find(other => !isHeld || isOlder(other, holder));
    return first?.key;
  }

  /** The first address of a family that nobody has, of the first pool with one. */
  free(pools: readonly Pool[], family: Family): string | undefined {
    for (const { ranges } of pools) {
      for (const range of ranges.filter(each => `IPv${each.family}` === family)) {
        for (const address of addressesOf(range)) if (!this.#holders.has(address)) return address;
      }
    }
    return undefined;
  }
}

export interface Holder {
  /** "namespace/name". */
  readonly key: string;
  readonly createdAt: string;
}

function isOlder(one: Holder, other: Holder): boolean {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt;
  return one.key < other.key;
}
