/** The kind table. */
import type { KubernetesObject } from "../core/meta.ts";
import { bindingKind } from "./binding/binding.ts";
import { configMapKind } from "./config-map/config-map.ts";
import { controllerRevisionKind } from "./controller-revision/controller-revision.ts";
import { daemonSetKind } from "./daemon-set/daemon-set.ts";
import { deploymentKind } from "./deployment/deployment.ts";
import { endpointSliceKind } from "./endpoint-slice/endpoint-slice.ts";
import { endpointsKind } from "./endpoints/endpoints.ts";
import { eventKind } from "./event/event.ts";
import { ingressKind } from "./ingress/ingress.ts";
import { ingressClassKind } from "./ingress-class/ingress-class.ts";
import { ipAddressKind } from "./ip-address/ip-address.ts";
import { jobKind } from "./job/job.ts";
import { apiVersionOf, type Kind } from "./kind.ts";
import { leaseKind } from "./lease/lease.ts";
import { namespaceKind } from "./namespace/namespace.ts";
import { networkPolicyKind } from "./network-policy/network-policy.ts";
import { nodeKind } from "./node/node.ts";
import { podKind } from "./pod/pod.ts";
import { recordedEventKind } from "./recorded-event/recorded-event.ts";
import { replicaSetKind } from "./replica-set/replica-set.ts";
import {
  selfSubjectAccessReviewKind,
  selfSubjectReviewKind,
  selfSubjectRulesReviewKind,
} from "./reviews/reviews.ts";
import { secretKind } from "./secret/secret.ts";
import { serviceKind } from "./service/service.ts";
import { serviceAccountKind } from "./service-account/service-account.ts";
import { serviceCIDRKind } from "./service-cidr/service-cidr.ts";
import { statefulSetKind } from "./stateful-set/stateful-set.ts";

export const kinds = {
  namespaces: namespaceKind,
  nodes: nodeKind,
  pods: podKind,
  events: eventKind,
  services: serviceKind,
  endpoints: endpointsKind,
  configMaps: configMapKind,
  secrets: secretKind,
  serviceAccounts: serviceAccountKind,
  deployments: deploymentKind,
  replicaSets: replicaSetKind,
  statefulSets: statefulSetKind,
  daemonSets: daemonSetKind,
  controllerRevisions: controllerRevisionKind,
  jobs: jobKind,
  endpointSlices: endpointSliceKind,
  networkPolicies: networkPolicyKind,
  ingresses: ingressKind,
  ingressClasses: ingressClassKind,
  ipAddresses: ipAddressKind,
  serviceCIDRs: serviceCIDRKind,
  leases: leaseKind,
} as const;

/** What is stored. */
export const allKinds: readonly Kind[] = Object.values(kinds);

/** What a server has beside: questions, orders, and other forms of what is stored. */
export const unstoredKinds = {
  bindings: bindingKind,
  recordedEvents: recordedEventKind,
  selfSubjectReviews: selfSubjectReviewKind,
  selfSubjectAccessReviews: selfSubjectAccessReviewKind,
  selfSubjectRulesReviews: selfSubjectRulesReviewKind,
} as const;

/** Questions about who asks. */
export const reviewKinds: readonly Kind[] = [
  selfSubjectReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
] as unknown as readonly Kind[];

/** All that has a path. */
export const servedKinds: readonly Kind[] = [...allKinds, ...(Object.values(unstoredKinds) as Kind[])];

/** As a request's path names it: group, version, plural. */
export function kindByPath(group: string, version: string, plural: string): Kind | undefined {
  return servedKinds.find(each => each.group === group && each.version === version && each.plural === plural);
}

/** As an object names it. */
export function kindOf(object: Pick<KubernetesObject, "apiVersion" | "kind">): Kind | undefined {
  return allKinds.find(each => each.kind === object.kind && apiVersionOf(each) === object.apiVersion);
}

/** As users name it: plural, singular, kind or short name, in any case; also `pods.v1.` or `pods.GROUP`. */
export function kindByUserName(text: string): Kind | undefined {
  const [name = "", ...rest] = text.toLowerCase().split(".");
  const group = rest.join(".");
  return allKinds.find(each => {
    const names = [each.plural, each.singular, each.kind.toLowerCase(), ...each.shortNames];
    const qualified = group === "" || group === each.group || group === `${each.version}.${each.group}`;
    return names.includes(name) && qualified;
  });
}
