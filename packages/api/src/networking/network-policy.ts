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
  protocol: field(1, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
  port: field(2, intOrString, "Port, as a number or by its name; any, where nothing is said."),
  endPort: field(3, int32, "Last port of a range that begins with port."),
};
export interface NetworkPolicyPort extends Infer<typeof networkPolicyPortFields> {}
export const networkPolicyPort = object<NetworkPolicyPort>("NetworkPolicyPort", networkPolicyPortFields);

const ipBlockFields = {
  cidr: field(1, required(string), "The network."),
  except: field(2, list(string), "Networks inside of it that are left out."),
};
export interface IPBlock extends Infer<typeof ipBlockFields> {}
export const ipBlock = object<IPBlock>("IPBlock", ipBlockFields);

const networkPolicyPeerFields = {
  podSelector: field(
    1,
    labelSelector,
    "Pods by label, in the policy's namespace or in those that namespaceSelector selects.",
  ),
  namespaceSelector: field(2, labelSelector, "Namespaces by label."),
  ipBlock: field(3, ipBlock, "Addresses; not together with the other two."),
};
export interface NetworkPolicyPeer extends Infer<typeof networkPolicyPeerFields> {}
export const networkPolicyPeer = object<NetworkPolicyPeer>("NetworkPolicyPeer", networkPolicyPeerFields);

const networkPolicyIngressRuleFields = {
  ports: field(1, list(networkPolicyPort), "Ports that may be connected to; all, where there are none."),
  from: field(2, list(networkPolicyPeer), "Who may connect; everyone, where there is nobody."),
};
export interface NetworkPolicyIngressRule extends Infer<typeof networkPolicyIngressRuleFields> {}
export const networkPolicyIngressRule = object<NetworkPolicyIngressRule>(
  "NetworkPolicyIngressRule",
  networkPolicyIngressRuleFields,
);

const networkPolicyEgressRuleFields = {
  ports: field(1, list(networkPolicyPort), "Ports that may be connected to; all, where there are none."),
  to: field(2, list(networkPolicyPeer), "Who may be connected to; everyone, where there is nobody."),
};
export interface NetworkPolicyEgressRule extends Infer<typeof networkPolicyEgressRuleFields> {}
export const networkPolicyEgressRule = object<NetworkPolicyEgressRule>(
  "NetworkPolicyEgressRule",
  networkPolicyEgressRuleFields,
);

const networkPolicySpecFields = {
  podSelector: field(
    1,
    defaulted(labelSelector, {}),
    "The Pods that the policy is about; all of the namespace, where it is empty.",
  ),
  ingress: field(2, list(networkPolicyIngressRule), "What may come in; nothing else may."),
  egress: field(3, list(networkPolicyEgressRule), "What may go out; nothing else may."),
  policyTypes: field(4, list(enumOf("Ingress", "Egress")), "The directions that the policy is about."),
};
export interface NetworkPolicySpec extends Infer<typeof networkPolicySpecFields> {}
export const networkPolicySpec = object<NetworkPolicySpec>("NetworkPolicySpec", networkPolicySpecFields, {
  doc: "NetworkPolicySpec says which Pods a policy is about and what it allows.",
});

const networkPolicyFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, defaulted(networkPolicySpec, {}), "What the policy allows."),
};
export interface NetworkPolicy extends Infer<Omit<typeof networkPolicyFields, "spec">> {
  spec: NetworkPolicySpec;
}
export const networkPolicy = object<NetworkPolicy>("NetworkPolicy", networkPolicyFields, {
  doc: "NetworkPolicy says which traffic Pods may have.",
});
