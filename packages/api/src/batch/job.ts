/** Job: Pods that run until enough of them have succeeded. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
import { podTemplateSpec } from "../core/pod-template.ts";
import {
  absentAtZero,
  bool,
  defaulted,
  enumOf,
  field,
  filled,
  type Infer,
  int32,
  int64,
  list,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";

const podFailurePolicyOnExitCodesRequirementFields = {
  containerName: field(1, string, ""),
  operator: field(2, required(enumOf("In", "NotIn")), ""),
  values: field(3, required(list(int32, { set: true })), ""),
};
export interface PodFailurePolicyOnExitCodesRequirement
  extends Infer<typeof podFailurePolicyOnExitCodesRequirementFields> {}
export const podFailurePolicyOnExitCodesRequirement = object<PodFailurePolicyOnExitCodesRequirement>(
  "PodFailurePolicyOnExitCodesRequirement",
  podFailurePolicyOnExitCodesRequirementFields,
);

const podFailurePolicyOnPodConditionsPatternFields = {
  type: field(1, required(string), ""),
  status: field(2, filled(enumOf("True", "False", "Unknown"), "True"), ""),
};
export interface PodFailurePolicyOnPodConditionsPattern
  extends Infer<typeof podFailurePolicyOnPodConditionsPatternFields> {}
export const podFailurePolicyOnPodConditionsPattern = object<PodFailurePolicyOnPodConditionsPattern>(
  "PodFailurePolicyOnPodConditionsPattern",
  podFailurePolicyOnPodConditionsPatternFields,
);

const podFailurePolicyRuleFields = {
  action: field(1, required(enumOf("FailJob", "FailIndex", "Ignore", "Count")), ""),
  onExitCodes: field(2, podFailurePolicyOnExitCodesRequirement, ""),
  onPodConditions: field(3, list(podFailurePolicyOnPodConditionsPattern), ""),
};
export interface PodFailurePolicyRule extends Infer<typeof podFailurePolicyRuleFields> {}
export const podFailurePolicyRule = object<PodFailurePolicyRule>(
  "PodFailurePolicyRule",
  podFailurePolicyRuleFields,
);

const podFailurePolicyFields = {
  rules: field(1, required(list(podFailurePolicyRule)), ""),
};
export interface PodFailurePolicy extends Infer<typeof podFailurePolicyFields> {}
export const podFailurePolicy = object<PodFailurePolicy>("PodFailurePolicy", podFailurePolicyFields);

const successPolicyRuleFields = {
  succeededIndexes: field(1, string, ""),
  succeededCount: field(2, int32, ""),
};
export interface SuccessPolicyRule extends Infer<typeof successPolicyRuleFields> {}
export const successPolicyRule = object<SuccessPolicyRule>("SuccessPolicyRule", successPolicyRuleFields);

const successPolicyFields = {
  rules: field(1, required(list(successPolicyRule)), ""),
};
export interface SuccessPolicy extends Infer<typeof successPolicyFields> {}
export const successPolicy = object<SuccessPolicy>("SuccessPolicy", successPolicyFields);

const jobSpecFields = {
  parallelism: field(1, int32, ""),
  completions: field(2, int32, ""),
  activeDeadlineSeconds: field(3, int64, ""),
  selector: field(4, labelSelector, ""),
  manualSelector: field(5, defaulted(bool, false), ""),
  template: field(6, required(podTemplateSpec), ""),
  backoffLimit: field(7, int32, ""),
  ttlSecondsAfterFinished: field(8, int32, ""),
  completionMode: field(9, defaulted(enumOf("NonIndexed", "Indexed"), "NonIndexed"), ""),
  suspend: field(10, defaulted(bool, false), ""),
  podFailurePolicy: field(11, podFailurePolicy, ""),
  backoffLimitPerIndex: field(12, int32, ""),
  maxFailedIndexes: field(13, int32, ""),
  podReplacementPolicy: field(14, enumOf("TerminatingOrFailed", "Failed"), ""),
  managedBy: field(15, string, ""),
  successPolicy: field(16, successPolicy, ""),
};
export interface JobSpec extends Infer<typeof jobSpecFields> {}
export const jobSpec = object<JobSpec>("JobSpec", jobSpecFields);

const jobConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  lastProbeTime: field(3, time, ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface JobCondition extends Infer<typeof jobConditionFields> {}
export const jobCondition = object<JobCondition>("JobCondition", jobConditionFields);

const uncountedTerminatedPodsFields = {
  succeeded: field(1, list(string, { set: true }), ""),
  failed: field(2, list(string, { set: true }), ""),
};
export interface UncountedTerminatedPods extends Infer<typeof uncountedTerminatedPodsFields> {}
export const uncountedTerminatedPods = object<UncountedTerminatedPods>(
  "UncountedTerminatedPods",
  uncountedTerminatedPodsFields,
);

const jobStatusFields = {
  conditions: field(1, list(jobCondition, { mergeKey: "type" }), ""),
  startTime: field(2, time, ""),
  completionTime: field(3, time, ""),
  active: field(4, absentAtZero(int32), ""),
  succeeded: field(5, absentAtZero(int32), ""),
  failed: field(6, absentAtZero(int32), ""),
  completedIndexes: field(7, string, ""),
  uncountedTerminatedPods: field(8, uncountedTerminatedPods, ""),
  ready: field(9, int32, ""),
  failedIndexes: field(10, string, ""),
  terminating: field(11, int32, ""),
};
export interface JobStatus extends Infer<typeof jobStatusFields> {}
export const jobStatus = object<JobStatus>("JobStatus", jobStatusFields);

const jobFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(jobSpec), ""),
  status: field(3, defaulted(jobStatus, {}), ""),
};
export interface Job extends Infer<Omit<typeof jobFields, "status">> {
  status: JobStatus;
}
export const job = object<Job>("Job", jobFields);
