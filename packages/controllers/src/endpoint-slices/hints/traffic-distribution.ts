/**
 * Hints by `trafficDistribution` (KEP-4444, KEP-3015; upstream: k8s.io/endpointslice, trafficdist): each endpoint is for the
 * clients of its own zone, with PreferSameNode for those of its node before. How many clients there are does not count.
 */
import type { Service } from "@podwire/api";
import { type HintsOf, isReadyEndpoint } from "./apply.ts";

/** Undefined: the Service asks for nothing of the kind. */
export function trafficDistributionHints({ spec: { trafficDistribution } }: Service): HintsOf | undefined {
  switch (trafficDistribution) {
    case "PreferClose":
    case "PreferSameZone":
      return zoneHints;
    case "PreferSameNode":
      return zoneAndNodeHints;
    default:
      return undefined;
  }
}

const zoneHints: HintsOf = endpoint => {
  if (!isReadyEndpoint(endpoint) || !endpoint.zone) return undefined;
  return { forZones: [{ name: endpoint.zone }] };
};

const zoneAndNodeHints: HintsOf = endpoint => {
  if (!isReadyEndpoint(endpoint) || !endpoint.nodeName) return zoneHints(endpoint);
  return { ...zoneHints(endpoint), forNodes: [{ name: endpoint.nodeName }] };
};
