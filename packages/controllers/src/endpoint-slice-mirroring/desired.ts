/** The slices that custom Endpoints should have, one for each family and list of ports (upstream: reconciler_helpers.go). */
import type { Endpoint, EndpointAddress, EndpointSlicePort, Endpoints } from "@podwire/api";
import { familyOf, formatAddress, parseAddress } from "@podwire/wire/address";
import { LIMITS } from "../limits.ts";
import { endpointKey } from "../service-endpoints/endpoint-key.ts";
import { LEADER, SKIP_MIRROR } from "../service-endpoints/names.ts";
import type { AddressFamily } from "../service-endpoints/pod-endpoint.ts";
import { portKey } from "../service-endpoints/port-key.ts";
import { repack } from "../service-endpoints/subsets.ts";

export interface MirroredGroup {
  readonly family: AddressFamily;
  readonly ports: EndpointSlicePort[];
  /** By endpointKey. */
  readonly endpoints: Map<string, Endpoint>;
}

export interface Mirrored {
  /** By family and portKey. */
  readonly groups: Map<string, MirroredGroup>;
  /** Addresses that are left out: they are none, or there are too many. */
  readonly invalid: number;
  readonly tooMany: number;
}

export function groupKey(family: string, ports: readonly EndpointSlicePort[] | undefined): string {
  return `${family} ${portKey(ports)}`;
}

/** Unless their user says otherwise, or they are the lock of a leader. */
export function isToBeMirrored({ metadata: { labels, annotations } }: Endpoints): boolean {
  return labels?.[SKIP_MIRROR] !== "true" && annotations?.[LEADER] === undefined;
}

export function mirrored({ subsets = [] }: Endpoints): Mirrored {
  const groups = new Map<string, MirroredGroup>();
  let [invalid, tooMany] = [0, 0];
  for (const { addresses = [], notReadyAddresses = [], ports: subsetPorts = [] } of repack(subsets)) {
    const ports = subsetPorts.map(({ name = "", protocol, port, appProtocol }) => ({
      ...{ name, protocol, port },
      ...(appProtocol && { appProtocol }),
    }));
    let added = 0;
    for (const [list, ready] of [
      [addresses, true],
      [notReadyAddresses, false],
    ] as const) {
      for (const address of list) {
        const bytes = parseAddress(address.ip);
        if (added >= LIMITS.mirroredAddresses) tooMany++;
        else if (bytes === undefined) invalid++;
        else {
          const family = `IPv${familyOf(bytes)}` as const;
          const key = groupKey(family, ports);
          const group = groups.get(key) ?? { family, ports, endpoints: new Map() };
          const endpoint = endpointOf(address, formatAddress(bytes), ready);
          groups.set(key, group);
          group.endpoints.set(endpointKey(endpoint), endpoint);
          added++;
        }
      }
    }
  }
  return { groups, invalid, tooMany };
}

function endpointOf(
  { targetRef, nodeName, hostname }: EndpointAddress,
  ip: string,
  ready: boolean,
): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName && { nodeName }),
  };
}
