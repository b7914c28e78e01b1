/** Where a Pod may run: affinity, spreading, taints and tolerations. */
import {
  enumOf,
  field,
  type Infer,
  int32,
  int64,
  list,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";
import { labelSelector } from "./meta.ts";

const nodeSelectorRequirementFields = {
  key: field(1, required(string), "Key of the Node's label, or the name of its field."),
  operator: field(
    2,
    required(enumOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")),
    "How it is compared with the values.",
  ),
  values: field(3, list(string), "Values to compare with; one whole number for Gt and Lt."),
};
export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirementFields> {}
const nodeSelectorRequirement = object<NodeSelectorRequirement>(
  "NodeSelectorRequirement",
  nodeSelectorRequirementFields,
);

const nodeSelectorTermFields = {
  matchExpressions: field(
    1,
    list(nodeSelectorRequirement),
    "Requirements on the Node's labels; all must be met.",
  ),
  matchFields: field(2, list(nodeSelectorRequirement), "Requirements on the Node's fields; all must be met."),
};
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTermFields> {}
const nodeSelectorTerm = object<NodeSelectorTerm>("NodeSelectorTerm", nodeSelectorTermFields, {
  atomic: true,
});

const nodeSelectorFields = {
  nodeSelectorTerms: field(1, required(list(nodeSelectorTerm)), "Terms of which one must match."),
};
export interface NodeSelector extends Infer<typeof nodeSelectorFields> {}
export const nodeSelector = object<NodeSelector>("NodeSelector", nodeSelectorFields, { atomic: true });

const preferredTermFields = {
  weight: field(1, required(int32), "How much the preference counts, from 1 to 100."),
  preference: field(2, required(nodeSelectorTerm), "The Nodes that are preferred."),
};
export interface PreferredSchedulingTerm extends Infer<typeof preferredTermFields> {}

const nodeAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: field(
    1,
    nodeSelector,
    "Nodes that the Pod may be placed on.",
  ),
  preferredDuringSchedulingIgnoredDuringExecution: field(
    2,
    list(object<PreferredSchedulingTerm>("PreferredSchedulingTerm", preferredTermFields)),
    "Nodes that are better than others, each with its weight.",
  ),
};
export interface NodeAffinity extends Infer<typeof nodeAffinityFields> {}

const podAffinityTermFields = {
  labelSelector: field(1, labelSelector, "The Pods that count."),
  namespaces: field(2, list(string), "Namespaces whose Pods count; the Pod's own, where nothing is said."),
  topologyKey: field(
    3,
    required(string),
    "Label of Nodes whose value says which of them count as one place.",
  ),
  namespaceSelector: field(4, labelSelector, "Namespaces, by label, whose Pods count as well."),
  matchLabelKeys: field(5, list(string), "Labels whose values must be those of the Pod itself."),
  mismatchLabelKeys: field(6, list(string), "Labels whose values must not be those of the Pod itself."),
};
export interface PodAffinityTerm extends Infer<typeof podAffinityTermFields> {}
const podAffinityTerm = object<PodAffinityTerm>("PodAffinityTerm", podAffinityTermFields);

const weightedTermFields = {
  weight: field(1, required(int32), "How much the term counts, from 1 to 100."),
  podAffinityTerm: field(2, required(podAffinityTerm), "The Pods to be near to, or away from."),
};
export interface WeightedPodAffinityTerm extends Infer<typeof weightedTermFields> {}

const podAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: field(
    1,
    list(podAffinityTerm),
    "Terms that the place must meet.",
  ),
  preferredDuringSchedulingIgnoredDuringExecution: field(
    2,
    list(object<WeightedPodAffinityTerm>("WeightedPodAffinityTerm", weightedTermFields)),
    "Terms that a place had better meet, each with its weight.",
  ),
};
export interface PodAffinity extends Infer<typeof podAffinityFields> {}

const affinityFields = {
  nodeAffinity: field(
    1,
    object<NodeAffinity>("NodeAffinity", nodeAffinityFields),
    "Which Nodes the Pod is to run on.",
  ),
  podAffinity: field(
    2,
    object<PodAffinity>("PodAffinity", podAffinityFields),
    "Which Pods it is to run near to.",
  ),
  podAntiAffinity: field(
    3,
    object<PodAffinity>("PodAntiAffinity", podAffinityFields),
    "Which Pods it is to run away from.",
  ),
};
export interface Affinity extends Infer<typeof affinityFields> {}
export const affinity = object<Affinity>("Affinity", affinityFields, {
  doc: "Affinity holds rules about where a Pod is to run.",
});

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

const tolerationFields = {
  key: field(1, string, "Key of the taint; empty for any, with the operator Exists."),
  operator: field(
    2,
    enumOf("Exists", "Equal"),
    "Whether the value must be equal or the key need only be there.",
  ),
  value: field(3, string, "Value of the taint, with the operator Equal."),
  effect: field(4, enumOf(...taintEffects), "Effect of the taint; empty for any."),
  tolerationSeconds: field(5, int64, "How long a NoExecute taint is borne; for ever, where nothing is said."),
};
export interface Toleration extends Infer<typeof tolerationFields> {}
export const toleration = object<Toleration>("Toleration", tolerationFields, {
  doc: "Toleration lets a Pod bear a taint.",
});

const taintFields = {
  key: field(1, required(string), "Key of the taint."),
  value: field(2, string, "Value of the taint."),
  effect: field(3, required(enumOf(...taintEffects)), "What it does to Pods that do not tolerate it."),
  timeAdded: field(4, time, "When the taint was put on."),
};
export interface Taint extends Infer<typeof taintFields> {}
export const taint = object<Taint>("Taint", taintFields, { doc: "Taint keeps Pods away from a Node." });

const spreadFields = {
  maxSkew: field(1, required(int32), "By how much the number of Pods may differ between places."),
  topologyKey: field(
    2,
    required(string),
    "Label of Nodes whose value says which of them count as one place.",
  ),
  whenUnsatisfiable: field(
    3,
    required(enumOf("DoNotSchedule", "ScheduleAnyway")),
    "Whether a Pod that would break the rule waits or is placed all the same.",
  ),
  labelSelector: field(4, labelSelector, "The Pods that are counted."),
  minDomains: field(5, int32, "How many places there must be for the least of them to count."),
  nodeAffinityPolicy: field(
    6,
    enumOf("Honor", "Ignore"),
    "Whether Nodes that the Pod may not run on are left out.",
  ),
  nodeTaintsPolicy: field(
    7,
    enumOf("Honor", "Ignore"),
    "Whether Nodes with taints that the Pod does not tolerate are left out.",
  ),
  matchLabelKeys: field(8, list(string), "Labels whose values must be those of the Pod itself."),
};
export interface TopologySpreadConstraint extends Infer<typeof spreadFields> {}
export const topologySpreadConstraint = object<TopologySpreadConstraint>(
  "TopologySpreadConstraint",
  spreadFields,
  { doc: "TopologySpreadConstraint says how Pods are to be spread over places." },
);
