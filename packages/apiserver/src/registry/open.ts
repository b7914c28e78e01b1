/** Opens a registry: what every cluster has, such as its first namespaces, is there when it resolves. */
import { formatTime } from "@podwire/api";
import type { Store } from "@podwire/store";
import { parseCidr } from "@podwire/wire/cidr";
import type { PortRange } from "@podwire/wire/port-range";
import type { Registry } from "./registry.ts";
import { AllocatingStore } from "./service-addresses/allocating-store.ts";
import { ServiceAllocation } from "./service-addresses/allocation.ts";
import { ClusterIps } from "./service-addresses/cluster-ips.ts";
import { ensureDefaultServiceCidr } from "./service-addresses/default-service-cidr.ts";
import type { Family } from "./service-addresses/families.ts";
import { DEFAULT_NODE_PORTS, NodePorts } from "./service-addresses/node-ports.ts";
import { ServiceRanges } from "./service-addresses/ranges.ts";
import { StoreRegistry } from "./store-registry.ts";
import { realSurroundings, type Surroundings } from "./surroundings.ts";
import { createSystemNamespaces } from "./system-namespaces.ts";

export interface RegistryOptions {
  /** Where Services get their addresses, at most one range a family; none: they are given none. */
  readonly serviceCidrs?: readonly string[];
  /** Where they get their ports on the nodes. */
  readonly nodePortRange?: PortRange | undefined;
}

/** Throws an Error that names a service CIDR which is none. */
export async function openRegistry(
  store: Store,
  surroundings: Surroundings = realSurroundings,
  { serviceCidrs = [], nodePortRange = DEFAULT_NODE_PORTS }: RegistryOptions = {},
): Promise<Registry> {
  const families = serviceCidrs.map(familyOfRange);
  const random = (bound: number) => surroundings.random(bound);
  const ranges = new ServiceRanges();
  const ips = new ClusterIps(ranges, random);
  const ports = new NodePorts(nodePortRange, random);
  const givesAddresses = families.length > 0;
  const allocating = new AllocatingStore(store, surroundings, { ranges, ips, ports, givesAddresses });
  await allocating.load();
  const services = new ServiceAllocation(families, ips, ports);
  const registry = new StoreRegistry(allocating, { ...surroundings, services });
  await createSystemNamespaces(registry);
  if (givesAddresses) {
    await ensureDefaultServiceCidr(registry, serviceCidrs, formatTime(surroundings.nowMs()));
  }
  return registry;
}

function familyOfRange(text: string): Family {
  const range = parseCidr(text);
  if (range === undefined) throw new Error(`serviceCidrs: "${text}" is no CIDR, such as 10.96.0.0/12`);
  return `IPv${range.family}`;
}
