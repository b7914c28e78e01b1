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
  key: field(1, required(string), ""),
  operator: field(2, required(enumOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")), ""),
  values: field(3, list(string), ""),
};
export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirementFields> {}
const nodeSelectorRequirement = object<NodeSelectorRequirement>(
  "NodeSelectorRequirement",
  nodeSelectorRequirementFields,
);

const nodeSelectorTermFields = {
  matchExpressions: field(1, list(nodeSelectorRequirement), ""),
  matchFields: field(2, list(nodeSelectorRequirement), ""),
};
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTermFields> {}
const nodeSelectorTerm = object<NodeSelectorTerm>("NodeSelectorTerm", nodeSelectorTermFields, {
  atomic: true,
});

const nodeSelectorFields = {
  nodeSelectorTerms: field(1, required(list(nodeSelectorTerm)), ""),
};
export interface NodeSelector extends Infer<typeof nodeSelectorFields> {}
export const nodeSelector = object<NodeSelector>("NodeSelector", nodeSelectorFields, { atomic: true });

const preferredTermFields = {
  weight: field(1, required(int32), ""),
  preference: field(2, required(nodeSelectorTerm), ""),
};
export interface PreferredSchedulingTerm extends Infer<typeof preferredTermFields> {}

const nodeAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, nodeSelector, ""),
  preferredDuringSchedulingIgnoredDuringExecution: field(
    2,
    list(object<PreferredSchedulingTerm>("PreferredSchedulingTerm", preferredTermFields)),
    "",
  ),
};
export interface NodeAffinity extends Infer<typeof nodeAffinityFields> {}

const podAffinityTermFields = {
  labelSelector: field(1, labelSelector, ""),
  namespaces: field(2, list(string), ""),
  topologyKey: field(3, required(string), ""),
  namespaceSelector: field(4, labelSelector, ""),
  matchLabelKeys: field(5, list(string), ""),
  mismatchLabelKeys: field(6, list(string), ""),
};
export interface PodAffinityTerm extends Infer<typeof podAffinityTermFields> {}
const podAffinityTerm = object<PodAffinityTerm>("PodAffinityTerm", podAffinityTermFields);

const weightedTermFields = {
  weight: field(1, required(int32), ""),
  podAffinityTerm: field(2, required(podAffinityTerm), ""),
};
export interface WeightedPodAffinityTerm extends Infer<typeof weightedTermFields> {}

const podAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, list(podAffinityTerm), ""),
  preferredDuringSchedulingIgnoredDuringExecution: field(
    2,
    list(object<WeightedPodAffinityTerm>("WeightedPodAffinityTerm", weightedTermFields)),
    "",
  ),
};
export interface PodAffinity extends Infer<typeof podAffinityFields> {}

const affinityFields = {
  nodeAffinity: field(1, object<NodeAffinity>("NodeAffinity", nodeAffinityFields), ""),
  podAffinity: field(2, object<PodAffinity>("PodAffinity", podAffinityFields), ""),
  podAntiAffinity: field(3, object<PodAffinity>("PodAntiAffinity", podAffinityFields), ""),
};
export interface Affinity extends Infer<typeof affinityFields> {}
export const affinity = object<Affinity>("Affinity", affinityFields);

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

const tolerationFields = {
  key: field(1, string, ""),
  operator: field(2, enumOf("Exists", "Equal"), ""),
  value: field(3, string, ""),
  effect: field(4, enumOf(...taintEffects), ""),
  tolerationSeconds: field(5, int64, ""),
};
export interface Toleration extends Infer<typeof tolerationFields> {}
export const toleration = object<Toleration>("Toleration", tolerationFields);

const taintFields = {
  key: field(1, required(string), ""),
  value: field(2, string, ""),
  effect: field(3, required(enumOf(...taintEffects)), ""),
  timeAdded: field(4, time, ""),
};
export interface Taint extends Infer<typeof taintFields> {}
export const taint = object<Taint>("Taint", taintFields);

const spreadFields = {
  maxSkew: field(1, required(int32), ""),
  topologyKey: field(2, required(string), ""),
  whenUnsatisfiable: field(3, required(enumOf("DoNotSchedule", "ScheduleAnyway")), ""),
  labelSelector: field(4, labelSelector, ""),
  minDomains: field(5, int32, ""),
  nodeAffinityPolicy: field(6, enumOf("Honor", "Ignore"), ""),
  nodeTaintsPolicy: field(7, enumOf("Honor", "Ignore"), ""),
  matchLabelKeys: field(8, list(string), ""),
};
export interface TopologySpreadConstraint extends Infer<typeof spreadFields> {}
export const topologySpreadConstraint = object<TopologySpreadConstraint>(
  "TopologySpreadConstraint",
  spreadFields,
);
