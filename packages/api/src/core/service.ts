/** Service: a stable name and address for a changing set of Pods. */
import {
  absentAtZero,
  bool,
  defaulted,
  enumOf,
  field,
  type Infer,
  int32,
  intOrString,
  list,
  map,
  object,
  required,
  string,
} from "../schema/schema.ts";
import { condition, namespacedMeta, typeMeta } from "./meta.ts";

const servicePortFields = {
  name: field(1, string, ""),
  protocol: field(2, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), ""),
  port: field(3, required(int32), ""),
  targetPort: field(4, intOrString, ""),
  nodePort: field(5, absentAtZero(int32), ""),
  appProtocol: field(6, string, ""),
};
export interface ServicePort extends Infer<typeof servicePortFields> {}
export const servicePort = object<ServicePort>("ServicePort", servicePortFields);

const clientIPConfigFields = {
  timeoutSeconds: field(1, defaulted(int32, 10_800), ""),
};
export interface ClientIPConfig extends Infer<typeof clientIPConfigFields> {}
export const clientIPConfig = object<ClientIPConfig>("ClientIPConfig", clientIPConfigFields);

const sessionAffinityConfigFields = {
  clientIP: field(1, clientIPConfig, ""),
};
export interface SessionAffinityConfig extends Infer<typeof sessionAffinityConfigFields> {}
export const sessionAffinityConfig = object<SessionAffinityConfig>(
  "SessionAffinityConfig",
  sessionAffinityConfigFields,
);

const serviceSpecFields = {
  ports: field(1, list(servicePort, { key: ["port", "protocol"] }), ""),
  selector: field(2, map(string, { atomic: true }), ""),
  clusterIP: field(3, string, ""),
  type: field(4, defaulted(enumOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "ClusterIP"), ""),
  externalIPs: field(5, list(string), ""),
  sessionAffinity: field(7, defaulted(enumOf("ClientIP", "None"), "None"), ""),
  loadBalancerIP: field(8, string, ""),
  loadBalancerSourceRanges: field(9, list(string), ""),
  externalName: field(10, string, ""),
  externalTrafficPolicy: field(11, enumOf("Cluster", "Local"), ""),
  healthCheckNodePort: field(12, absentAtZero(int32), ""),
  publishNotReadyAddresses: field(13, absentAtZero(bool), ""),
  sessionAffinityConfig: field(14, sessionAffinityConfig, ""),
  ipFamilyPolicy: field(17, enumOf("SingleStack", "PreferDualStack", "RequireDualStack"), ""),
  clusterIPs: field(18, list(string), ""),
  ipFamilies: field(19, list(enumOf("IPv4", "IPv6")), ""),
  allocateLoadBalancerNodePorts: field(20, bool, ""),
  loadBalancerClass: field(21, string, ""),
  internalTrafficPolicy: field(22, enumOf("Cluster", "Local"), ""),
  trafficDistribution: field(23, string, ""),
};
export interface ServiceSpec extends Infer<typeof serviceSpecFields> {}
export const serviceSpec = object<ServiceSpec>("ServiceSpec", serviceSpecFields);

const portStatusFields = {
  port: field(1, required(int32), ""),
  protocol: field(2, required(string), ""),
  error: field(3, string, ""),
};
export interface PortStatus extends Infer<typeof portStatusFields> {}
export const portStatus = object<PortStatus>("PortStatus", portStatusFields);

const loadBalancerIngressFields = {
  ip: field(1, string, ""),
  hostname: field(2, string, ""),
  ipMode: field(3, enumOf("VIP", "Proxy"), ""),
  ports: field(4, list(portStatus), ""),
};
export interface LoadBalancerIngress extends Infer<typeof loadBalancerIngressFields> {}
export const loadBalancerIngress = object<LoadBalancerIngress>(
  "LoadBalancerIngress",
  loadBalancerIngressFields,
);

const loadBalancerStatusFields = {
  ingress: field(1, list(loadBalancerIngress), ""),
};
export interface LoadBalancerStatus extends Infer<typeof loadBalancerStatusFields> {}
export const loadBalancerStatus = object<LoadBalancerStatus>("LoadBalancerStatus", loadBalancerStatusFields);

const serviceStatusFields = {
  loadBalancer: field(1, loadBalancerStatus, ""),
  conditions: field(2, list(condition, { key: "type" }), ""),
};
export interface ServiceStatus extends Infer<typeof serviceStatusFields> {}
export const serviceStatus = object<ServiceStatus>("ServiceStatus", serviceStatusFields);

const serviceFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(serviceSpec), ""),
  status: field(3, defaulted(serviceStatus, {}), ""),
};
export interface Service extends Infer<Omit<typeof serviceFields, "status">> {
  status: ServiceStatus;
}
export const service = object<Service>("Service", serviceFields);
