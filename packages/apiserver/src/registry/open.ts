/** Opens a registry: the namespaces that every cluster has are there when it resolves. */
import { kinds } from "@podwire/api";
import type { Store } from "@podwire/store";
import { parseCidr } from "@podwire/wire/cidr";
import { kindPrefix } from "./keys.ts";
import type { Registry } from "./registry.ts";
import { ServiceAddresses } from "./service-addresses/assign.ts";
import { ClusterIps, observed } from "./service-addresses/cluster-ips.ts";
import { StoreRegistry } from "./store-registry.ts";
import { realSurroundings, type Surroundings } from "./surroundings.ts";
import { createSystemNamespaces } from "./system-namespaces.ts";

export interface RegistryOptions {
  /** Where Services get their addresses, at most one range a family; none: they are given none. */
  readonly serviceCidrs?: readonly string[];
}

/** Throws an Error that names a service CIDR which is none. */
export async function openRegistry(
  store: Store,
  surroundings: Surroundings = realSurroundings,
  { serviceCidrs = [] }: RegistryOptions = {},
): Promise<Registry> {
  const registry =
    serviceCidrs.length === 0
      ? new StoreRegistry(store, surroundings)
      : await withServiceAddresses(store, surroundings, serviceCidrs);
  await createSystemNamespaces(registry);
  return registry;
}

async function withServiceAddresses(
  store: Store,
  surroundings: Surroundings,
  serviceCidrs: readonly string[],
): Promise<StoreRegistry> {
  const ranges = serviceCidrs.map(text => {
    const range = parseCidr(text);
    if (range === undefined) throw new Error(`serviceCidrs: "${text}" is no CIDR, such as 10.96.0.0/12`);
    return range;
  });
  const ips = new ClusterIps(kindPrefix(kinds.services), bound => surroundings.random(bound));
  await ips.load(store);
  const serviceAddresses = new ServiceAddresses(ranges, ips);
  return new StoreRegistry(observed(store, ips), { ...surroundings, serviceAddresses });
}
