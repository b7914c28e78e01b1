/** Defaults of a Service that depend on other fields: SetDefaults_Service. */
import type { Service } from "../../core/service.ts";
import { isExternallyAccessible } from "./by-type.ts";

const CLIENT_IP_SECONDS = 10_800;

export function defaultService({ spec, status }: Service): void {
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (
    spec.sessionAffinity === "ClientIP" &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: CLIENT_IP_SECONDS } };
  }
  for (const port of spec.ports ?? []) port.targetPort ||= port.port;
  const { type } = spec;
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster";
  if (type !== "ExternalName") spec.internalTrafficPolicy ||= "Cluster";
  if (type !== "LoadBalancer") return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
}
