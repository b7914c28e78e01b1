/** What of a Service is taken over on its way in: pkg/registry/core/service, strategy.go and storage. */
import type { Service, ServicePort, ServiceSpec } from "../../core/service.ts";
import { jsonEqual } from "../../values/equal.ts";

export function prepareNewService(object: Service): void {
  object.status = { loadBalancer: {} };
  const { spec } = object;
  // Who asks for one address asks for the only one.
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

export function prepareServiceUpdate(next: Service, stored: Service): void {
  next.status = stored.status;
  followType(next.spec, stored.spec);
  keepAllocated(next.spec, stored.spec);
  alignClusterIPs(next.spec, stored.spec);
}

const hasAddress = ({ type }: ServiceSpec) => type !== "ExternalName";
const hasNodePorts = ({ type }: ServiceSpec) => type === "NodePort" || type === "LoadBalancer";

/** A client that leaves out what was allocated does not give it back. */
function keepAllocated(next: ServiceSpec, stored: ServiceSpec): void {
  if (hasAddress(next) && hasAddress(stored)) {
    if (!next.clusterIP && !next.clusterIPs?.length) {
      next.clusterIP = stored.clusterIP;
      next.clusterIPs = stored.clusterIPs;
    }
    next.ipFamilies ??= stored.ipFamilies;
    next.ipFamilyPolicy ??= stored.ipFamilyPolicy;
  }
  if (!hasNodePorts(next) || !hasNodePorts(stored)) return;
  const used = new Set(next.ports?.map(port => port.nodePort).filter(Boolean));
  const byName = new Map(stored.ports?.map(port => [port.name ?? "", port.nodePort]));
  for (const port of next.ports ?? []) {
    const before = byName.get(port.name ?? "");
    if (port.nodePort || !before || used.has(before)) continue;
    port.nodePort = before;
    used.add(before);
  }
  if (needsHealthPort(next) && needsHealthPort(stored))
    next.healthCheckNodePort ||= stored.healthCheckNodePort;
}

const needsHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

/** The older field and the first of the newer say the same; which of them changed is meant. */
function alignClusterIPs(next: ServiceSpec, stored: ServiceSpec): void {
  const isOldField = next.clusterIP !== stored.clusterIP && jsonEqual(next.clusterIPs, stored.clusterIPs);
  if (isOldField) {
    if (next.clusterIP) next.clusterIPs = [next.clusterIP, ...(next.clusterIPs ?? []).slice(1)];
    else delete next.clusterIPs;
  } else if (next.clusterIP === stored.clusterIP && !jsonEqual(next.clusterIPs, stored.clusterIPs)) {
    next.clusterIP = next.clusterIPs?.[0] ?? next.clusterIP;
    if (!next.clusterIPs?.length) delete next.clusterIP;
  }
}

/** What only its former type had goes with it, unless the client set it anew (dropTypeDependentFields). */
function followType(next: ServiceSpec, stored: ServiceSpec): void {
  if (hasAddress(stored) && !hasAddress(next))
    dropUnchanged(next, stored, ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);
  if (hasNodePorts(stored) && !hasNodePorts(next)) {
    const nodePorts = (ports: readonly ServicePort[] = []) => ports.map(port => port.nodePort);
    if (jsonEqual(nodePorts(next.ports), nodePorts(stored.ports))) {
      for (const port of next.ports ?? []) delete port.nodePort;
    }
  }
  if (needsHealthPort(stored) && !needsHealthPort(next)) dropUnchanged(next, stored, ["healthCheckNodePort"]);
  if (hasNodePorts(stored) && !hasNodePorts(next)) dropUnchanged(next, stored, ["externalTrafficPolicy"]);
  if (stored.type !== "LoadBalancer" || next.type === "LoadBalancer") return;
  dropUnchanged(next, stored, ["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
}

function dropUnchanged(next: ServiceSpec, stored: ServiceSpec, fields: readonly (keyof ServiceSpec)[]): void {
  for (const field of fields) if (jsonEqual(next[field], stored[field])) delete next[field];
}
