/** Where a Pod may run: affinity, spreading, taints and tolerations. */
import { enumOf, type Infer, int32, int64, list, object, required, string, time } from "../schema/schema.ts";
import { labelSelector } from "./meta.ts";

const nodeSelectorRequirementFields = {
  key: required(string),
  operator: required(enumOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")),
  values: list(string),
};
export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirementFields> {}
const nodeSelectorRequirement = object<NodeSelectorRequirement>(
  "NodeSelectorRequirement",
  nodeSelectorRequirementFields,
);

const nodeSelectorTermFields = {
  matchExpressions: list(nodeSelectorRequirement),
  matchFields: list(nodeSelectorRequirement),
};
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTermFields> {}
const nodeSelectorTerm = object<NodeSelectorTerm>("NodeSelectorTerm", nodeSelectorTermFields);

const nodeSelectorFields = { nodeSelectorTerms: required(list(nodeSelectorTerm)) };
export interface NodeSelector extends Infer<typeof nodeSelectorFields> {}
const nodeSelector = object<NodeSelector>("NodeSelector", nodeSelectorFields);

const preferredTermFields = { weight: required(int32), preference: required(nodeSelectorTerm) };
export interface PreferredSchedulingTerm extends Infer<typeof preferredTermFields> {}

const nodeAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: nodeSelector,
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object<PreferredSchedulingTerm>("PreferredSchedulingTerm", preferredTermFields),
  ),
};
export interface NodeAffinity extends Infer<typeof nodeAffinityFields> {}

const podAffinityTermFields = {
  labelSelector,
  namespaces: list(string),
  topologyKey: required(string),
  namespaceSelector: labelSelector,
  matchLabelKeys: list(string),
  mismatchLabelKeys: list(string),
};
export interface PodAffinityTerm extends Infer<typeof podAffinityTermFields> {}
const podAffinityTerm = object<PodAffinityTerm>("PodAffinityTerm", podAffinityTermFields);

const weightedTermFields = { weight: required(int32), podAffinityTerm: required(podAffinityTerm) };
export interface WeightedPodAffinityTerm extends Infer<typeof weightedTermFields> {}

const podAffinityFields = {
  requiredDuringSchedulingIgnoredDuringExecution: list(podAffinityTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object<WeightedPodAffinityTerm>("WeightedPodAffinityTerm", weightedTermFields),
  ),
};
export interface PodAffinity extends Infer<typeof podAffinityFields> {}

const affinityFields = {
  nodeAffinity: object<NodeAffinity>("NodeAffinity", nodeAffinityFields),
  podAffinity: object<PodAffinity>("PodAffinity", podAffinityFields),
  podAntiAffinity: object<PodAffinity>("PodAntiAffinity", podAffinityFields),
};
export interface Affinity extends Infer<typeof affinityFields> {}
export const affinity = object<Affinity>("Affinity", affinityFields);

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

const tolerationFields = {
  key: string,
  operator: enumOf("Exists", "Equal"),
  value: string,
  effect: enumOf(...taintEffects),
  tolerationSeconds: int64,
};
export interface Toleration extends Infer<typeof tolerationFields> {}
export const toleration = object<Toleration>("Toleration", tolerationFields);

const taintFields = {
  key: required(string),
  value: string,
  effect: required(enumOf(...taintEffects)),
  timeAdded: time,
};
export interface Taint extends Infer<typeof taintFields> {}
export const taint = object<Taint>("Taint", taintFields);

const spreadFields = {
  maxSkew: required(int32),
  topologyKey: required(string),
  whenUnsatisfiable: required(enumOf("DoNotSchedule", "ScheduleAnyway")),
  labelSelector,
  minDomains: int32,
  nodeAffinityPolicy: enumOf("Honor", "Ignore"),
  nodeTaintsPolicy: enumOf("Honor", "Ignore"),
  matchLabelKeys: list(string),
};
export interface TopologySpreadConstraint extends Infer<typeof spreadFields> {}
export const topologySpreadConstraint = object<TopologySpreadConstraint>(
  "TopologySpreadConstraint",
  spreadFields,
);
