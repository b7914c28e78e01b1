/**
 * What is read off a Pod whenever the endpoints of one of its Services are: worked out once for each state of it. Objects
 * of the cache are never changed, so a new state is a new object.
 */
import { type Pod, parseTime } from "@podwire/api";
import { familyOf, formatAddress, parseAddress } from "@podwire/wire/address";
import { hasEnded, readyCondition } from "../workloads/pod-state.ts";

export interface PodFacts {
  /** In their canonical form. */
  readonly addresses: { readonly IPv4: readonly string[]; readonly IPv6: readonly string[] };
  /** What has ended or has no address yet is behind no Service. */
  readonly hasEndpoint: boolean;
  readonly isReady: boolean;
  /** When it became ready or unready; undefined: it does not say. */
  readonly readinessMs: number | undefined;
}

const known = new WeakMap<Pod, PodFacts>();

export function factsOf(pod: Pod): PodFacts {
  let facts = known.get(pod);
  if (facts === undefined) {
    facts = read(pod);
    known.set(pod, facts);
  }
  return facts;
}

function read(pod: Pod): PodFacts {
  const addresses = { IPv4: [] as string[], IPv6: [] as string[] };
  const { podIP, podIPs = podIP ? [{ ip: podIP }] : [] } = pod.status;
  for (const { ip } of podIPs) {
    const address = parseAddress(ip);
    if (address !== undefined) addresses[`IPv${familyOf(address)}`].push(formatAddress(address));
  }
  const ready = readyCondition(pod);
  return {
    addresses,
    hasEndpoint: !hasEnded(pod) && podIPs.some(({ ip }) => ip),
    isReady: ready?.status === "True",
    readinessMs: parseTime(ready?.lastTransitionTime ?? ""),
  };
}
