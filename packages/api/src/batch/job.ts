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
  containerName: field(1, string, "The container whose exit status counts; any, where nothing is said."),
  operator: field(
    2,
    required(enumOf("In", "NotIn")),
    "Whether the exit status must be among the values or must not.",
  ),
  values: field(3, required(list(int32, { set: true })), "The exit statuses."),
};
export interface PodFailurePolicyOnExitCodesRequirement
  extends Infer<typeof podFailurePolicyOnExitCodesRequirementFields> {}
export const podFailurePolicyOnExitCodesRequirement = object<PodFailurePolicyOnExitCodesRequirement>(
  "PodFailurePolicyOnExitCodesRequirement",
  podFailurePolicyOnExitCodesRequirementFields,
);

const podFailurePolicyOnPodConditionsPatternFields = {
  type: field(1, required(string), "Type of the Pod's condition."),
  status: field(2, filled(enumOf("True", "False", "Unknown"), "True"), "Status that it must have."),
};
export interface PodFailurePolicyOnPodConditionsPattern
  extends Infer<typeof podFailurePolicyOnPodConditionsPatternFields> {}
export const podFailurePolicyOnPodConditionsPattern = object<PodFailurePolicyOnPodConditionsPattern>(
  "PodFailurePolicyOnPodConditionsPattern",
  podFailurePolicyOnPodConditionsPatternFields,
);

const podFailurePolicyRuleFields = {
  action: field(
    1,
    required(enumOf("FailJob", "FailIndex", "Ignore", "Count")),
    "What a Pod that failed this way means for the Job.",
  ),
  onExitCodes: field(2, podFailurePolicyOnExitCodesRequirement, "Exit statuses that the rule is for."),
  onPodConditions: field(
    3,
    list(podFailurePolicyOnPodConditionsPattern),
    "Conditions of the Pod that the rule is for.",
  ),
};
export interface PodFailurePolicyRule extends Infer<typeof podFailurePolicyRuleFields> {}
export const podFailurePolicyRule = object<PodFailurePolicyRule>(
  "PodFailurePolicyRule",
  podFailurePolicyRuleFields,
);

const podFailurePolicyFields = {
  rules: field(1, required(list(podFailurePolicyRule)), "Rules in order; the first that matches counts."),
};
export interface PodFailurePolicy extends Infer<typeof podFailurePolicyFields> {}
export const podFailurePolicy = object<PodFailurePolicy>("PodFailurePolicy", podFailurePolicyFields);

const successPolicyRuleFields = {
  succeededIndexes: field(1, string, "Indexes that must have succeeded, such as 0,2-4."),
  succeededCount: field(2, int32, "How many of them must have."),
};
export interface SuccessPolicyRule extends Infer<typeof successPolicyRuleFields> {}
export const successPolicyRule = object<SuccessPolicyRule>("SuccessPolicyRule", successPolicyRuleFields);

const successPolicyFields = {
  rules: field(
    1,
    required(list(successPolicyRule)),
    "Rules in order; the first that is met ends the Job with success.",
  ),
};
export interface SuccessPolicy extends Infer<typeof successPolicyFields> {}
export const successPolicy = object<SuccessPolicy>("SuccessPolicy", successPolicyFields);

const jobSpecFields = {
  parallelism: field(1, int32, "How many Pods may run at a time."),
  completions: field(2, int32, "How many Pods must succeed."),
  activeDeadlineSeconds: field(3, int64, "Seconds after which a Job that still runs has failed."),
  selector: field(
    4,
    labelSelector,
    "Labels of its Pods; made by the server, where manualSelector is not set.",
  ),
  manualSelector: field(
    5,
    defaulted(bool, false),
    "Whether selector and labels are those that were written.",
  ),
  template: field(6, required(podTemplateSpec), "What its Pods are made from."),
  backoffLimit: field(7, int32, "How often Pods may fail before the Job has failed."),
  ttlSecondsAfterFinished: field(8, int32, "Seconds after its end until the Job is deleted."),
  completionMode: field(
    9,
    defaulted(enumOf("NonIndexed", "Indexed"), "NonIndexed"),
    "Whether Pods are alike or have an index each.",
  ),
  suspend: field(10, defaulted(bool, false), "Takes its Pods away and makes none."),
  podFailurePolicy: field(11, podFailurePolicy, "What a Pod's way of failing means for the Job."),
  backoffLimitPerIndex: field(12, int32, "How often the Pod of one index may fail."),
  maxFailedIndexes: field(13, int32, "How many indexes may fail before the Job has failed."),
  podReplacementPolicy: field(
    14,
    enumOf("TerminatingOrFailed", "Failed"),
    "Whether a Pod is replaced while it is still ending.",
  ),
  managedBy: field(15, string, "The controller that is to run the Job."),
  successPolicy: field(16, successPolicy, "When the Job has succeeded before all of its Pods have."),
};
export interface JobSpec extends Infer<typeof jobSpecFields> {}
export const jobSpec = object<JobSpec>("JobSpec", jobSpecFields, {
  doc: "JobSpec says which Pods a Job runs and when it is done.",
});

const jobConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  lastProbeTime: field(3, time, "When the condition was last looked at."),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface JobCondition extends Infer<typeof jobConditionFields> {}
export const jobCondition = object<JobCondition>("JobCondition", jobConditionFields);

const uncountedTerminatedPodsFields = {
  succeeded: field(1, list(string, { set: true }), "UIDs of Pods that succeeded and are not counted yet."),
  failed: field(2, list(string, { set: true }), "UIDs of Pods that failed and are not counted yet."),
};
export interface UncountedTerminatedPods extends Infer<typeof uncountedTerminatedPodsFields> {}
export const uncountedTerminatedPods = object<UncountedTerminatedPods>(
  "UncountedTerminatedPods",
  uncountedTerminatedPodsFields,
);

const jobStatusFields = {
  conditions: field(
    1,
    list(jobCondition, { mergeKey: "type" }),
    "What holds of the Job, such as that it is complete.",
  ),
  startTime: field(2, time, "When the Job began."),
  completionTime: field(3, time, "When the Job was complete."),
  active: field(4, absentAtZero(int32), "How many Pods have neither succeeded nor failed."),
  succeeded: field(5, absentAtZero(int32), "How many Pods succeeded."),
  failed: field(6, absentAtZero(int32), "How many Pods failed."),
  completedIndexes: field(7, string, "Indexes that succeeded, such as 0,2-4."),
  uncountedTerminatedPods: field(8, uncountedTerminatedPods, "Pods that have ended and are not counted yet."),
  ready: field(9, int32, "How many active Pods are ready."),
  failedIndexes: field(10, string, "Indexes that failed, such as 0,2-4."),
  terminating: field(11, int32, "How many Pods are on their way out."),
};
export interface JobStatus extends Infer<typeof jobStatusFields> {}
export const jobStatus = object<JobStatus>("JobStatus", jobStatusFields, {
  doc: "JobStatus is what was observed of a Job.",
});

const jobFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(jobSpec), "What is asked of the Job."),
  status: field(3, defaulted(jobStatus, {}), "What was observed of the Job."),
};
export interface Job extends Infer<Omit<typeof jobFields, "status">> {
  status: JobStatus;
}
export const job = object<Job>("Job", jobFields, {
  doc: "Job runs Pods until enough of them have succeeded.",
});
