/** What endpoints say of a Pod (upstream: k8s.io/endpointslice, util/controller_utils.go and utils.go). */
import type { EndpointSlice, Pod, Service, ServicePort } from "@podwire/api";
import { familyOf, formatAddress, parseAddress } from "@podwire/wire/address";
import { hasEnded } from "../workloads/pod-state.ts";

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

/** What has ended or has no address yet is behind no Service. */
export function hasEndpoint(pod: Pod): boolean {
  return !hasEnded(pod) && addressTexts(pod).length > 0;
}

/** Addresses of the family, in their canonical form. */
export function addressesOf(pod: Pod, family: AddressFamily): string[] {
  return addressTexts(pod).flatMap(text => {
    const address = parseAddress(text);
    return address && `IPv${familyOf(address)}` === family ? [formatAddress(address)] : [];
  });
}

function addressTexts({ status: { podIP, podIPs } }: Pod): string[] {
  if (podIPs !== undefined) return podIPs.map(({ ip }) => ip).filter(ip => ip);
  return podIP ? [podIP] : [];
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
