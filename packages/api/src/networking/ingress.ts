/** Ingress: HTTP routes from outside to Services. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import { typedLocalObjectReference } from "../core/persistent-volume-claim.ts";
import {
  absentAtZero,
  defaulted,
  embedded,
  emptySaysSo,
  enumOf,
  field,
  type Infer,
  int32,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";

const serviceBackendPortFields = {
  name: field(1, string, "Name of the Service's port."),
  number: field(2, absentAtZero(int32), "Number of the Service's port."),
};
export interface ServiceBackendPort extends Infer<typeof serviceBackendPortFields> {}
export const serviceBackendPort = object<ServiceBackendPort>("ServiceBackendPort", serviceBackendPortFields, {
  atomic: true,
});

const ingressServiceBackendFields = {
  name: field(1, required(string), "Name of the Service."),
  port: field(2, serviceBackendPort, "Its port."),
};
export interface IngressServiceBackend extends Infer<typeof ingressServiceBackendFields> {}
export const ingressServiceBackend = object<IngressServiceBackend>(
  "IngressServiceBackend",
  ingressServiceBackendFields,
);

const ingressBackendFields = {
  resource: field(3, typedLocalObjectReference, "An object of another kind that serves the requests."),
  service: field(4, ingressServiceBackend, "The Service that serves the requests."),
};
export interface IngressBackend extends Infer<typeof ingressBackendFields> {}
export const ingressBackend = object<IngressBackend>("IngressBackend", ingressBackendFields);

const httpIngressPathFields = {
  path: field(1, string, "Path that the request's is compared with."),
  backend: field(2, required(ingressBackend), "Where matching requests go."),
  pathType: field(
    3,
    required(enumOf("Exact", "Prefix", "ImplementationSpecific")),
    "How the paths are compared.",
  ),
};
export interface HTTPIngressPath extends Infer<typeof httpIngressPathFields> {}
export const httpIngressPath = object<HTTPIngressPath>("HTTPIngressPath", httpIngressPathFields);

const httpIngressRuleValueFields = {
  paths: field(1, required(list(httpIngressPath)), "Paths and where their requests go."),
};
export interface HTTPIngressRuleValue extends Infer<typeof httpIngressRuleValueFields> {}
export const httpIngressRuleValue = object<HTTPIngressRuleValue>(
  "HTTPIngressRuleValue",
  httpIngressRuleValueFields,
);

const ingressRuleFields = {
  host: field(1, string, "Host that the rule is for; *. at its start stands for one label."),
  ...embedded(2, { http: field(1, httpIngressRuleValue, "Where requests go by their path.") }),
};
export interface IngressRule extends Infer<typeof ingressRuleFields> {}
export const ingressRule = object<IngressRule>("IngressRule", ingressRuleFields);

const ingressTLSFields = {
  hosts: field(1, list(string), "Hosts that the certificate is for."),
  secretName: field(2, string, "Secret with key and certificate."),
};
export interface IngressTLS extends Infer<typeof ingressTLSFields> {}
export const ingressTLS = object<IngressTLS>("IngressTLS", ingressTLSFields);

const ingressSpecFields = {
  defaultBackend: field(1, ingressBackend, "Where requests go that no rule matches."),
  tls: field(2, list(ingressTLS), "Certificates by host."),
  rules: field(3, list(ingressRule), "Where requests go by host and path."),
  ingressClassName: field(4, emptySaysSo(string), "The IngressClass that is to serve it."),
};
export interface IngressSpec extends Infer<typeof ingressSpecFields> {}
export const ingressSpec = object<IngressSpec>("IngressSpec", ingressSpecFields, {
  doc: "IngressSpec says where HTTP requests go.",
});

const ingressPortStatusFields = {
  port: field(1, required(int32), "The port that this is about."),
  protocol: field(2, required(string), "Its protocol."),
  error: field(3, string, "What went wrong with it, as one word."),
};
export interface IngressPortStatus extends Infer<typeof ingressPortStatusFields> {}
export const ingressPortStatus = object<IngressPortStatus>("IngressPortStatus", ingressPortStatusFields);

const ingressLoadBalancerIngressFields = {
  ip: field(1, string, "Address of the load balancer."),
  hostname: field(2, string, "Name of the load balancer."),
  ports: field(4, list(ingressPortStatus), "What is known of each port."),
};
export interface IngressLoadBalancerIngress extends Infer<typeof ingressLoadBalancerIngressFields> {}
export const ingressLoadBalancerIngress = object<IngressLoadBalancerIngress>(
  "IngressLoadBalancerIngress",
  ingressLoadBalancerIngressFields,
);

const ingressLoadBalancerStatusFields = {
  ingress: field(1, list(ingressLoadBalancerIngress), "Where the load balancer is reached."),
};
export interface IngressLoadBalancerStatus extends Infer<typeof ingressLoadBalancerStatusFields> {}
export const ingressLoadBalancerStatus = object<IngressLoadBalancerStatus>(
  "IngressLoadBalancerStatus",
  ingressLoadBalancerStatusFields,
);

const ingressStatusFields = {
  loadBalancer: field(1, defaulted(ingressLoadBalancerStatus, {}), "The load balancer, once there is one."),
};
export interface IngressStatus extends Infer<typeof ingressStatusFields> {}
export const ingressStatus = object<IngressStatus>("IngressStatus", ingressStatusFields);

const ingressFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(ingressSpec), "What is asked of the Ingress."),
  status: field(3, defaulted(ingressStatus, {}), "What was observed of the Ingress."),
};
export interface Ingress extends Infer<Omit<typeof ingressFields, "status">> {
  status: IngressStatus;
}
export const ingress = object<Ingress>("Ingress", ingressFields, {
  doc: "Ingress says which Service gets which HTTP requests from outside.",
});
