/** What is left out of Endpoints of too many addresses (upstream: pkg/controller/endpoint, truncateEndpoints). */
import type { EndpointSubset } from "@podwire/api";
import { LIMITS } from "../limits.ts";

/**
 * At most `most` addresses: of each subset a share by its size, rounded up, so that the last may get less. Addresses that
 * are not ready go first. Undefined: there are not too many.
 */
export function truncated(
  subsets: readonly EndpointSubset[],
  most: number = LIMITS.addressesOfEndpoints,
): EndpointSubset[] | undefined {
  const count = (list: "addresses" | "notReadyAddresses") =>
    subsets.reduce((sum, subset) => sum + (subset[list]?.length ?? 0), 0);
  const [ready, notReady] = [count("addresses"), count("notReadyAddresses")];
  if (ready + notReady <= most) return undefined;
  if (ready > most) {
    const kept = shares(subsets, "addresses", ready, most);
    return kept.map(({ notReadyAddresses: _, ...subset }) => subset).filter(isOfAny);
  }
  return shares(subsets, "notReadyAddresses", notReady, most - ready).filter(isOfAny);
}

function shares(
  subsets: readonly EndpointSubset[],
  list: "addresses" | "notReadyAddresses",
  total: number,
  most: number,
): EndpointSubset[] {
  let left = most;
  return subsets.map(subset => {
    const { [list]: all = [], ...rest } = subset;
    const kept = all.slice(0, Math.min(Math.ceil((all.length / total) * most), left));
    left -= kept.length;
    return kept.length > 0 ? { ...rest, [list]: kept } : rest;
  });
}

/** One without addresses is refused by validation. */
function isOfAny({ addresses = [], notReadyAddresses = [] }: EndpointSubset): boolean {
  return addresses.length + notReadyAddresses.length > 0;
}
