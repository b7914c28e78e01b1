/** How many endpoints of a Service on a node take new connections: what its health-check port tells load balancers. */
import type { EndpointSlice } from "@podwire/protocol";

/** The pods of the family that has most: an endpoint of two families is one pod. */
export function readyEndpointsOn(node: string, slices: readonly EndpointSlice[]): number {
  const addresses = { IPv4: new Set<string>(), IPv6: new Set<string>() };
  for (const { endpoints } of slices) {
    for (const {
      nodeName,
      ready,
      terminating,
      addresses: [address = ""],
    } of endpoints) {
      if (nodeName !== node || !ready || terminating) continue;
      addresses[address.includes(":") ? "IPv6" : "IPv4"].add(address);
    }
  }
  return Math.max(addresses.IPv4.size, addresses.IPv6.size);
}
