/** StatefulSet: Pods with a lasting name each, started and ended in order. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
import { persistentVolumeClaim } from "../core/persistent-volume-claim.ts";
import { podTemplateSpec } from "../core/pod-template.ts";
import {
  absentAtZero,
  defaulted,
  enumOf,
  field,
  filled,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";

const rollingUpdateStatefulSetStrategyFields = {
  partition: field(1, defaulted(int32, 0), "Pods with a lower ordinal keep the old template."),
  maxUnavailable: field(
    2,
    intOrString,
    "How many Pods may be missing during an update, as a number or a share.",
  ),
};
export interface RollingUpdateStatefulSetStrategy
  extends Infer<typeof rollingUpdateStatefulSetStrategyFields> {}
export const rollingUpdateStatefulSetStrategy = object<RollingUpdateStatefulSetStrategy>(
  "RollingUpdateStatefulSetStrategy",
  rollingUpdateStatefulSetStrategyFields,
);

const statefulSetUpdateStrategyFields = {
  type: field(
    1,
    enumOf("RollingUpdate", "OnDelete"),
    "Whether Pods are replaced by themselves or only when someone deletes them.",
  ),
  rollingUpdate: field(2, rollingUpdateStatefulSetStrategy, "Settings for replacing one after the other."),
};
export interface StatefulSetUpdateStrategy extends Infer<typeof statefulSetUpdateStrategyFields> {}
export const statefulSetUpdateStrategy = object<StatefulSetUpdateStrategy>(
  "StatefulSetUpdateStrategy",
  statefulSetUpdateStrategyFields,
);

const statefulSetPersistentVolumeClaimRetentionPolicyFields = {
  whenDeleted: field(
    1,
    defaulted(enumOf("Retain", "Delete"), "Retain"),
    "What becomes of claims when the StatefulSet is deleted.",
  ),
  whenScaled: field(
    2,
    defaulted(enumOf("Retain", "Delete"), "Retain"),
    "What becomes of claims of Pods beyond replicas.",
  ),
};
export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends Infer<typeof statefulSetPersistentVolumeClaimRetentionPolicyFields> {}
export const statefulSetPersistentVolumeClaimRetentionPolicy =
  object<StatefulSetPersistentVolumeClaimRetentionPolicy>(
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    statefulSetPersistentVolumeClaimRetentionPolicyFields,
  );

const statefulSetOrdinalsFields = {
  start: field(1, absentAtZero(int32), "Ordinal of the first Pod."),
};
export interface StatefulSetOrdinals extends Infer<typeof statefulSetOrdinalsFields> {}
export const statefulSetOrdinals = object<StatefulSetOrdinals>(
  "StatefulSetOrdinals",
  statefulSetOrdinalsFields,
);

const statefulSetSpecFields = {
  replicas: field(1, defaulted(int32, 1), "How many Pods are wanted."),
  selector: field(
    2,
    required(labelSelector),
    "Labels of the Pods that belong to it; the template has them too.",
  ),
  template: field(3, required(podTemplateSpec), "What its Pods are made from."),
  volumeClaimTemplates: field(
    4,
    list(persistentVolumeClaim),
    "Claims that each Pod gets for itself and keeps.",
  ),
  serviceName: field(5, string, "The Service that gives the Pods their DNS names."),
  podManagementPolicy: field(
    6,
    defaulted(enumOf("OrderedReady", "Parallel"), "OrderedReady"),
    "Whether Pods start and stop in order or all at once.",
  ),
  updateStrategy: field(7, defaulted(statefulSetUpdateStrategy, {}), "How Pods are replaced by newer ones."),
  revisionHistoryLimit: field(8, defaulted(int32, 10), "How many old revisions are kept for going back."),
  minReadySeconds: field(
    9,
    absentAtZero(int32),
    "Seconds that a new Pod must be ready for before it counts as available.",
  ),
  persistentVolumeClaimRetentionPolicy: field(
    10,
    defaulted(statefulSetPersistentVolumeClaimRetentionPolicy, {}),
    "When claims of the Pods are deleted.",
  ),
  ordinals: field(11, statefulSetOrdinals, "How Pods are numbered."),
};
export interface StatefulSetSpec extends Infer<typeof statefulSetSpecFields> {}
export const statefulSetSpec = object<StatefulSetSpec>("StatefulSetSpec", statefulSetSpecFields, {
  doc: "StatefulSetSpec says which Pods a StatefulSet keeps and in which order.",
});

const statefulSetConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  lastTransitionTime: field(3, time, "When the status last changed."),
  reason: field(4, string, "Why, as one word for machines to read."),
  message: field(5, string, "Why, for people to read."),
};
export interface StatefulSetCondition extends Infer<typeof statefulSetConditionFields> {}
export const statefulSetCondition = object<StatefulSetCondition>(
  "StatefulSetCondition",
  statefulSetConditionFields,
);

const statefulSetStatusFields = {
  observedGeneration: field(1, absentAtZero(int64), "The generation that this status was drawn from."),
  replicas: field(2, filled(int32, 0), "How many Pods there are."),
  readyReplicas: field(3, absentAtZero(int32), "How many are ready."),
  currentReplicas: field(4, absentAtZero(int32), "How many are of the current revision."),
  updatedReplicas: field(5, absentAtZero(int32), "How many are of the update revision."),
  currentRevision: field(6, string, "The revision that Pods were of before the update."),
  updateRevision: field(7, string, "The revision that Pods are updated to."),
  collisionCount: field(9, int32, "How often the name of a new ControllerRevision was taken."),
  conditions: field(10, list(statefulSetCondition, { key: "type" }), "What holds of the StatefulSet."),
  availableReplicas: field(11, filled(int32, 0), "How many have been ready for long enough."),
};
export interface StatefulSetStatus extends Infer<typeof statefulSetStatusFields> {}
export const statefulSetStatus = object<StatefulSetStatus>("StatefulSetStatus", statefulSetStatusFields, {
  doc: "StatefulSetStatus is what was observed of a StatefulSet.",
});

const statefulSetFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(statefulSetSpec), "What is asked of the StatefulSet."),
  status: field(3, defaulted(statefulSetStatus, {}), "What was observed of the StatefulSet."),
};
export interface StatefulSet extends Infer<Omit<typeof statefulSetFields, "status">> {
  status: StatefulSetStatus;
}
export const statefulSet = object<StatefulSet>("StatefulSet", statefulSetFields, {
  doc: "StatefulSet keeps Pods that have each a lasting name, and storage of their own.",
});
