/** What endpoints say of a Pod (upstream: k8s.io/endpointslice, util/controller_utils.go and utils.go). */
import type { EndpointSlice, Pod, Service, ServicePort } from "@podwire/api";
import { familyOf, parseAddress } from "@podwire/wire/address";

export type AddressFamily = Exclude<EndpointSlice["addressType"], "FQDN">;

/**
 * The families of a Service, the first one first. The server gives every Service its families; one that was stored without
 * counts by its address, or as of both.
 */
export function familiesOf({ spec: { ipFamilies = [], clusterIP } }: Service): readonly AddressFamily[] {
  if (ipFamilies.length > 0) return ipFamilies;
  const address = parseAddress(clusterIP ?? "");
  return address === undefined ? ["IPv4", "IPv6"] : [`IPv${familyOf(address)}`];
}

/** The name that the Pod has in the domain of the Service. */
export function hostnameIn({ metadata }: Service, { spec }: Pod): string | undefined {
  return spec.hostname && spec.subdomain === metadata.name ? spec.hostname : undefined;
}

/** The Pod's port that a port of a Service leads to; undefined: it has none of that name and protocol. */
export function targetPortOf(
  pod: Pod,
  { targetPort, port, protocol = "TCP" }: ServicePort,
): number | undefined {
  if (typeof targetPort !== "string") return targetPort ?? port;
  const { containers, initContainers = [] } = pod.spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const { ports = [] } of [...containers, ...sidecars]) {
    const named = ports.find(each => each.name === targetPort && (each.protocol ?? "TCP") === protocol);
    if (named !== undefined) return named.containerPort;
  }
  return undefined;
}

export function isHeadless({ spec: { clusterIP } }: Service): boolean {
  return clusterIP === undefined || clusterIP === "" || clusterIP === "None";
}
