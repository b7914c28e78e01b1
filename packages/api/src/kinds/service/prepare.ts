/**
 * What of a Service is taken over on its way in (upstream: pkg/registry/core/service/strategy.go). What its former type
 * alone had goes with that type, unless the client set it anew: then validation refuses it.
 */
import type { Service, ServiceSpec } from "../../core/service.ts";
import { jsonEqual } from "../../values/equal.ts";
import { isExternallyAccessible, mayHaveNodePorts, needsClusterIP, needsHealthCheck } from "./by-type.ts";

export function prepareNewService(object: Service): void {
  object.status = { loadBalancer: {} };
  dropUnread(object.spec);
}

export function prepareServiceUpdate(next: Service, stored: Service): void {
  next.status = stored.status;
  dropAddresses(next.spec, stored.spec);
  dropNodePorts(next.spec, stored.spec);
  dropExternalFields(next.spec, stored.spec);
  dropUnread(next.spec);
  if (next.spec.type !== "LoadBalancer" && next.status.loadBalancer?.ingress !== undefined)
    next.status = { ...next.status, loadBalancer: {} };
}

/** Upstream stores it, for history's sake, and never shows it. A word that is no policy is refused all the same. */
function dropUnread(spec: ServiceSpec): void {
  if (spec.type !== "ExternalName") return;
  const { internalTrafficPolicy: policy } = spec;
  if (policy === "Cluster" || policy === "Local") delete spec.internalTrafficPolicy;
}

function dropAddresses(next: ServiceSpec, stored: ServiceSpec): void {
  if (!needsClusterIP(stored) || needsClusterIP(next)) return;
  const isSame =
    next.clusterIP === stored.clusterIP && jsonEqual(next.clusterIPs ?? [], stored.clusterIPs ?? []);
  if (isSame) {
    delete next.clusterIP;
    delete next.clusterIPs;
  }
  dropUnchanged(next, stored, ["ipFamilies", "ipFamilyPolicy"]);
}

/** Ports may come, go and change meanwhile, but ask for no port of the nodes that they did not have. */
function dropNodePorts(next: ServiceSpec, stored: ServiceSpec): void {
  if (!mayHaveNodePorts(stored) || mayHaveNodePorts(next)) return;
  const before = new Set(stored.ports?.map(({ nodePort }) => nodePort));
  const ports = next.ports ?? [];
  if (!ports.every(({ nodePort }) => !nodePort || before.has(nodePort))) return;
  for (const port of ports) delete port.nodePort;
}

function dropExternalFields(next: ServiceSpec, stored: ServiceSpec): void {
  if (needsHealthCheck(stored) && !needsHealthCheck(next))
    dropUnchanged(next, stored, ["healthCheckNodePort"]);
  if (stored.type === "LoadBalancer" && next.type !== "LoadBalancer")
    dropUnchanged(next, stored, ["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
  if (isExternallyAccessible(stored) && !isExternallyAccessible(next))
    dropUnchanged(next, stored, ["externalTrafficPolicy"]);
}

function dropUnchanged(next: ServiceSpec, stored: ServiceSpec, fields: readonly (keyof ServiceSpec)[]): void {
  for (const field of fields) if (jsonEqual(next[field], stored[field])) delete next[field];
}
