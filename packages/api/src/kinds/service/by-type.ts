/** What a Service needs, by its type: pkg/api/service and the strategy of pkg/registry/core/service. */
import type { ServiceSpec } from "../../core/service.ts";

export const needsClusterIP = ({ type }: ServiceSpec) => type !== "ExternalName";

/** Reached from outside of the cluster, so that an external traffic policy has a meaning. */
export const isExternallyAccessible = ({ type, externalIPs = [] }: ServiceSpec) =>
  type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0);

/** Load balancers ask its nodes whether they have Pods of it. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

export const isHeadless = ({ clusterIPs = [] }: ServiceSpec) =>
  clusterIPs.length === 1 && clusterIPs[0] === "None";

export const mayHaveNodePorts = ({ type }: ServiceSpec) => type === "NodePort" || type === "LoadBalancer";

/** Ports that name no port of the nodes are given one. */
export const getsNodePorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec) =>
  type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false);
