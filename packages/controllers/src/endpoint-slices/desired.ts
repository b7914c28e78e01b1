/** The endpoints that a Service should have in a family, by the ports that they share: recomputed from what there is. */
import type { Endpoint, EndpointSlicePort, Node, Pod, Service } from "@podwire/api";
import { endpointKey } from "../service-endpoints/endpoint-key.ts";
import { ZONE } from "../service-endpoints/names.ts";
import { type AddressFamily, hostnameIn } from "../service-endpoints/pod-endpoint.ts";
import { factsOf } from "../service-endpoints/pod-facts.ts";
import { portMaps } from "./ports.ts";

export interface DesiredGroup {
  readonly ports: EndpointSlicePort[];
  /** By endpointKey. */
  readonly endpoints: Map<string, Endpoint>;
}

/** By portKey. */
export type Desired = Map<string, DesiredGroup>;

export function desiredEndpoints(
  service: Service,
  pods: readonly Pod[],
  family: AddressFamily,
  nodeOf: (pod: Pod) => Node | undefined,
): Desired {
  const desired: Desired = new Map();
  const portsOf = portMaps(service);
  for (const pod of pods) {
    const { hasEndpoint, addresses } = factsOf(pod);
    if (!hasEndpoint || addresses[family].length === 0) continue;
    const node = nodeOf(pod);
    // It is waited for, and what waits does not hold up the others.
    if (node === undefined && !service.spec.publishNotReadyAddresses) continue;
    const endpoint = endpointOf(service, pod, node, family);
    const { key, ports } = portsOf(pod);
    const group = desired.get(key) ?? { ports, endpoints: new Map() };
    group.endpoints.set(endpointKey(endpoint), endpoint);
    desired.set(key, group);
  }
  return desired;
}

function endpointOf(service: Service, pod: Pod, node: Node | undefined, family: AddressFamily): Endpoint {
  const { namespace, name, uid, deletionTimestamp } = pod.metadata;
  const { addresses, isReady: serving } = factsOf(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata.labels?.[ZONE];
  const hostname = hostnameIn(service, pod);
  return {
    addresses: [...addresses[family]],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  };
}
