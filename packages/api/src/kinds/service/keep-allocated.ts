/**
 * A client that leaves out what was allocated does not give it back: it may send its manifest again, or know only the
 * older of two fields that say the same (upstream: patchAllocatedValues and normalizeClusterIPs,
 * pkg/registry/core/service/storage/storage.go).
 */
import type { ServiceSpec } from "../../core/service.ts";
import { jsonEqual } from "../../values/equal.ts";
import { getsNodePorts, needsClusterIP, needsHealthCheck } from "./by-type.ts";

/** Of a new Service: who asks for one address asks for the only one. */
export function alignNewClusterIPs(spec: ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/** Of a changed one; changes `next`. */
export function keepAllocated(next: ServiceSpec, stored: ServiceSpec): void {
  if (needsClusterIP(next) && needsClusterIP(stored)) {
    if (!next.clusterIP) assign(next, "clusterIP", stored.clusterIP);
    if (!next.clusterIPs?.length) assign(next, "clusterIPs", stored.clusterIPs);
  }
  if (getsNodePorts(next) && getsNodePorts(stored)) keepNodePorts(next, stored);
  if (needsHealthCheck(next) && needsHealthCheck(stored) && !next.healthCheckNodePort)
    assign(next, "healthCheckNodePort", stored.healthCheckNodePort);
  alignClusterIPs(next, stored);
}

/** By the names of ports, which may have changed otherwise, unless another port has asked for that number. */
function keepNodePorts({ ports = [] }: ServiceSpec, stored: ServiceSpec): void {
  const asked = new Set(ports.map(({ nodePort }) => nodePort));
  const before = new Map(stored.ports?.map(({ name = "", nodePort }) => [name, nodePort]));
  for (const port of ports) {
    const nodePort = before.get(port.name ?? "");
    if (!port.nodePort && nodePort && !asked.has(nodePort)) port.nodePort = nodePort;
  }
}

/** Which of the two fields changed is meant. */
function alignClusterIPs(next: ServiceSpec, stored: ServiceSpec): void {
  if (next.clusterIP === stored.clusterIP) {
    if (!next.clusterIPs?.length) assign(next, "clusterIPs", stored.clusterIPs);
  } else if (jsonEqual(next.clusterIPs ?? [], stored.clusterIPs ?? [])) {
    assign(next, "clusterIPs", next.clusterIP ? [next.clusterIP] : undefined);
  }
}

function assign<K extends keyof ServiceSpec>(spec: ServiceSpec, key: K, value: ServiceSpec[K]): void {
  if (value === undefined) delete spec[key];
  else spec[key] = structuredClone(value);
}
