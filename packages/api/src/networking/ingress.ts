/** Ingress: HTTP routes from outside to Services. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import { typedLocalObjectReference } from "../core/persistent-volume-claim.ts";
import {
  absentAtZero,
  defaulted,
  embedded,
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
  name: field(1, string, ""),
  number: field(2, absentAtZero(int32), ""),
};
export interface ServiceBackendPort extends Infer<typeof serviceBackendPortFields> {}
export const serviceBackendPort = object<ServiceBackendPort>("ServiceBackendPort", serviceBackendPortFields, {
  atomic: true,
});

const ingressServiceBackendFields = {
  name: field(1, required(string), ""),
  port: field(2, serviceBackendPort, ""),
};
export interface IngressServiceBackend extends Infer<typeof ingressServiceBackendFields> {}
export const ingressServiceBackend = object<IngressServiceBackend>(
  "IngressServiceBackend",
  ingressServiceBackendFields,
);

const ingressBackendFields = {
  resource: field(3, typedLocalObjectReference, ""),
  service: field(4, ingressServiceBackend, ""),
};
export interface IngressBackend extends Infer<typeof ingressBackendFields> {}
export const ingressBackend = object<IngressBackend>("IngressBackend", ingressBackendFields);

const httpIngressPathFields = {
  path: field(1, string, ""),
  backend: field(2, required(ingressBackend), ""),
  pathType: field(3, required(enumOf("Exact", "Prefix", "ImplementationSpecific")), ""),
};
export interface HTTPIngressPath extends Infer<typeof httpIngressPathFields> {}
export const httpIngressPath = object<HTTPIngressPath>("HTTPIngressPath", httpIngressPathFields);

const httpIngressRuleValueFields = {
  paths: field(1, required(list(httpIngressPath)), ""),
};
export interface HTTPIngressRuleValue extends Infer<typeof httpIngressRuleValueFields> {}
export const httpIngressRuleValue = object<HTTPIngressRuleValue>(
  "HTTPIngressRuleValue",
  httpIngressRuleValueFields,
);

const ingressRuleFields = {
  host: field(1, string, ""),
  ...embedded(2, { http: field(1, httpIngressRuleValue, "") }),
};
export interface IngressRule extends Infer<typeof ingressRuleFields> {}
export const ingressRule = object<IngressRule>("IngressRule", ingressRuleFields);

const ingressTLSFields = {
  hosts: field(1, list(string), ""),
  secretName: field(2, string, ""),
};
export interface IngressTLS extends Infer<typeof ingressTLSFields> {}
export const ingressTLS = object<IngressTLS>("IngressTLS", ingressTLSFields);

const ingressSpecFields = {
  defaultBackend: field(1, ingressBackend, ""),
  tls: field(2, list(ingressTLS), ""),
  rules: field(3, list(ingressRule), ""),
  ingressClassName: field(4, string, ""),
};
export interface IngressSpec extends Infer<typeof ingressSpecFields> {}
export const ingressSpec = object<IngressSpec>("IngressSpec", ingressSpecFields);

const ingressPortStatusFields = {
  port: field(1, required(int32), ""),
  protocol: field(2, required(string), ""),
  error: field(3, string, ""),
};
export interface IngressPortStatus extends Infer<typeof ingressPortStatusFields> {}
export const ingressPortStatus = object<IngressPortStatus>("IngressPortStatus", ingressPortStatusFields);

const ingressLoadBalancerIngressFields = {
  ip: field(1, string, ""),
  hostname: field(2, string, ""),
  ports: field(4, list(ingressPortStatus), ""),
};
export interface IngressLoadBalancerIngress extends Infer<typeof ingressLoadBalancerIngressFields> {}
export const ingressLoadBalancerIngress = object<IngressLoadBalancerIngress>(
  "IngressLoadBalancerIngress",
  ingressLoadBalancerIngressFields,
);

const ingressLoadBalancerStatusFields = {
  ingress: field(1, list(ingressLoadBalancerIngress), ""),
};
export interface IngressLoadBalancerStatus extends Infer<typeof ingressLoadBalancerStatusFields> {}
export const ingressLoadBalancerStatus = object<IngressLoadBalancerStatus>(
  "IngressLoadBalancerStatus",
  ingressLoadBalancerStatusFields,
);

const ingressStatusFields = {
  loadBalancer: field(1, ingressLoadBalancerStatus, ""),
};
export interface IngressStatus extends Infer<typeof ingressStatusFields> {}
export const ingressStatus = object<IngressStatus>("IngressStatus", ingressStatusFields);

const ingressFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(ingressSpec), ""),
  status: field(3, defaulted(ingressStatus, {}), ""),
};
export interface Ingress extends Infer<Omit<typeof ingressFields, "status">> {
  status: IngressStatus;
}
export const ingress = object<Ingress>("Ingress", ingressFields);
