/** NetworkPolicy: which traffic the Pods of a namespace accept and send. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  defaulted,
  enumOf,
  field,
  type Infer,
  int32,
  intOrString,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";

const networkPolicyPortFields = {
  protocol: field(1, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), ""),
  port: field(2, intOrString, ""),
  endPort: field(3, int32, ""),
};
export interface NetworkPolicyPort extends Infer<typeof networkPolicyPortFields> {}
export const networkPolicyPort = object<NetworkPolicyPort>("NetworkPolicyPort", networkPolicyPortFields);

const ipBlockFields = {
  cidr: field(1, required(string), ""),
  except: field(2, list(string), ""),
};
export interface IPBlock extends Infer<typeof ipBlockFields> {}
export const ipBlock = object<IPBlock>("IPBlock", ipBlockFields);

const networkPolicyPeerFields = {
  podSelector: field(1, labelSelector, ""),
  namespaceSelector: field(2, labelSelector, ""),
  ipBlock: field(3, ipBlock, ""),
};
export interface NetworkPolicyPeer extends Infer<typeof networkPolicyPeerFields> {}
export const networkPolicyPeer = object<NetworkPolicyPeer>("NetworkPolicyPeer", networkPolicyPeerFields);

const networkPolicyIngressRuleFields = {
  ports: field(1, list(networkPolicyPort), ""),
  from: field(2, list(networkPolicyPeer), ""),
};
export interface NetworkPolicyIngressRule extends Infer<typeof networkPolicyIngressRuleFields> {}
export const networkPolicyIngressRule = object<NetworkPolicyIngressRule>(
  "NetworkPolicyIngressRule",
  networkPolicyIngressRuleFields,
);

const networkPolicyEgressRuleFields = {
  ports: field(1, list(networkPolicyPort), ""),
  to: field(2, list(networkPolicyPeer), ""),
};
export interface NetworkPolicyEgressRule extends Infer<typeof networkPolicyEgressRuleFields> {}
export const networkPolicyEgressRule = object<NetworkPolicyEgressRule>(
  "NetworkPolicyEgressRule",
  networkPolicyEgressRuleFields,
);

const networkPolicySpecFields = {
  podSelector: field(1, labelSelector, ""),
  ingress: field(2, list(networkPolicyIngressRule), ""),
  egress: field(3, list(networkPolicyEgressRule), ""),
  policyTypes: field(4, list(enumOf("Ingress", "Egress")), ""),
};
export interface NetworkPolicySpec extends Infer<typeof networkPolicySpecFields> {}
export const networkPolicySpec = object<NetworkPolicySpec>("NetworkPolicySpec", networkPolicySpecFields);

const networkPolicyFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(networkPolicySpec), ""),
};
export interface NetworkPolicy extends Infer<typeof networkPolicyFields> {}
export const networkPolicy = object<NetworkPolicy>("NetworkPolicy", networkPolicyFields);
