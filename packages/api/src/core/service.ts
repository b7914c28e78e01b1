/** Service: a stable name and address for a changing set of Pods. */
import {
  absentAtZero,
  bool,
  defaulted,
  emptySaysSo,
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
  name: field(1, string, "Name of the port; needed where there are several."),
  protocol: field(2, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
  port: field(3, required(int32), "Port at which the Service is reached."),
  targetPort: field(
    4,
    intOrString,
    "Port of the Pods, as a number or by its name; the same as port, where nothing is said.",
  ),
  nodePort: field(5, absentAtZero(int32), "Port on every Node, for the types NodePort and LoadBalancer."),
  appProtocol: field(6, emptySaysSo(string), "Protocol spoken inside, such as http or kubernetes.io/h2c."),
};
export interface ServicePort extends Infer<typeof servicePortFields> {}
export const servicePort = object<ServicePort>("ServicePort", servicePortFields, {
  doc: "ServicePort is a port of a Service.",
});

const clientIPConfigFields = {
  timeoutSeconds: field(
    1,
    defaulted(int32, 10_800),
    "For how long after its last packet a client keeps its Pod.",
  ),
};
export interface ClientIPConfig extends Infer<typeof clientIPConfigFields> {}
export const clientIPConfig = object<ClientIPConfig>("ClientIPConfig", clientIPConfigFields);

const sessionAffinityConfigFields = {
  clientIP: field(1, clientIPConfig, "Settings of affinity by client address."),
};
export interface SessionAffinityConfig extends Infer<typeof sessionAffinityConfigFields> {}
export const sessionAffinityConfig = object<SessionAffinityConfig>(
  "SessionAffinityConfig",
  sessionAffinityConfigFields,
);

const serviceSpecFields = {
  ports: field(1, list(servicePort, { key: ["port", "protocol"] }), "The ports of the Service."),
  selector: field(
    2,
    map(string, { atomic: true }),
    "Labels of the Pods behind the Service; none: someone else writes its endpoints.",
  ),
  clusterIP: field(3, string, "Its first virtual address; None for a headless Service."),
  type: field(
    4,
    defaulted(enumOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "ClusterIP"),
    "How it is reached: in the cluster, at every Node, through a load balancer, or as another name.",
  ),
  externalIPs: field(
    5,
    list(string),
    "Addresses of Nodes at which traffic for the Service is taken as well.",
  ),
  sessionAffinity: field(
    7,
    defaulted(enumOf("ClientIP", "None"), "None"),
    "Whether a client keeps the Pod that it got first.",
  ),
  loadBalancerIP: field(8, string, "Deprecated: the address wished for of a load balancer."),
  loadBalancerSourceRanges: field(9, list(string), "Networks that may come in through the load balancer."),
  externalName: field(10, string, "The DNS name that a Service of type ExternalName stands for."),
  externalTrafficPolicy: field(
    11,
    enumOf("Cluster", "Local"),
    "Whether traffic from outside stays on the Node that it came to.",
  ),
  healthCheckNodePort: field(
    12,
    absentAtZero(int32),
    "Port at which load balancers ask whether a Node has Pods of the Service.",
  ),
  publishNotReadyAddresses: field(13, absentAtZero(bool), "Whether Pods count although they are not ready."),
  sessionAffinityConfig: field(14, sessionAffinityConfig, "Settings of the session affinity."),
  ipFamilyPolicy: field(
    17,
    enumOf("SingleStack", "PreferDualStack", "RequireDualStack"),
    "Whether the Service has one family of addresses or two.",
  ),
  clusterIPs: field(18, list(string), "Its virtual addresses, at most one of each family."),
  ipFamilies: field(19, list(enumOf("IPv4", "IPv6")), "The families of its addresses, in order."),
  allocateLoadBalancerNodePorts: field(20, bool, "Whether a load balancer's Service gets ports on Nodes."),
  loadBalancerClass: field(21, emptySaysSo(string), "Which load balancer is to serve it."),
  internalTrafficPolicy: field(
    22,
    enumOf("Cluster", "Local"),
    "Whether traffic from inside stays on the Node that it comes from.",
  ),
  trafficDistribution: field(
    23,
    emptySaysSo(string),
    "How traffic is spread over Pods, such as to those that are close.",
  ),
};
export interface ServiceSpec extends Infer<typeof serviceSpecFields> {}
export const serviceSpec = object<ServiceSpec>("ServiceSpec", serviceSpecFields, {
  doc: "ServiceSpec says which Pods a Service is for and how it is reached.",
});

const portStatusFields = {
  port: field(1, required(int32), "The port that this is about."),
  protocol: field(2, required(string), "Its protocol."),
  error: field(3, string, "What went wrong with it, as one word."),
};
export interface PortStatus extends Infer<typeof portStatusFields> {}
export const portStatus = object<PortStatus>("PortStatus", portStatusFields);

const loadBalancerIngressFields = {
  ip: field(1, string, "Address of the load balancer."),
  hostname: field(2, string, "Name of the load balancer."),
  ipMode: field(
    3,
    enumOf("VIP", "Proxy"),
    "Whether packets arrive with the load balancer's address or the Node's.",
  ),
  ports: field(4, list(portStatus), "What is known of each port."),
};
export interface LoadBalancerIngress extends Infer<typeof loadBalancerIngressFields> {}
export const loadBalancerIngress = object<LoadBalancerIngress>(
  "LoadBalancerIngress",
  loadBalancerIngressFields,
);

const loadBalancerStatusFields = {
  ingress: field(1, list(loadBalancerIngress), "Where the load balancer is reached."),
};
export interface LoadBalancerStatus extends Infer<typeof loadBalancerStatusFields> {}
export const loadBalancerStatus = object<LoadBalancerStatus>("LoadBalancerStatus", loadBalancerStatusFields);

const serviceStatusFields = {
  loadBalancer: field(1, defaulted(loadBalancerStatus, {}), "The load balancer, once there is one."),
  conditions: field(2, list(condition, { key: "type" }), "What was observed of the Service."),
};
export interface ServiceStatus extends Infer<typeof serviceStatusFields> {}
export const serviceStatus = object<ServiceStatus>("ServiceStatus", serviceStatusFields, {
  doc: "ServiceStatus is what was observed of a Service.",
});

const serviceFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(serviceSpec), "What is asked of the Service."),
  status: field(3, defaulted(serviceStatus, {}), "What was observed of the Service."),
};
export interface Service extends Infer<Omit<typeof serviceFields, "status">> {
  status: ServiceStatus;
}
export const service = object<Service>("Service", serviceFields, {
  doc: "Service is a name and address for a changing set of Pods.",
});
