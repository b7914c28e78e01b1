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
  partition: field(1, defaulted(int32, 0), ""),
  maxUnavailable: field(2, intOrString, ""),
};
export interface RollingUpdateStatefulSetStrategy
  extends Infer<typeof rollingUpdateStatefulSetStrategyFields> {}
export const rollingUpdateStatefulSetStrategy = object<RollingUpdateStatefulSetStrategy>(
  "RollingUpdateStatefulSetStrategy",
  rollingUpdateStatefulSetStrategyFields,
);

const statefulSetUpdateStrategyFields = {
  type: field(1, enumOf("RollingUpdate", "OnDelete"), ""),
  rollingUpdate: field(2, rollingUpdateStatefulSetStrategy, ""),
};
export interface StatefulSetUpdateStrategy extends Infer<typeof statefulSetUpdateStrategyFields> {}
export const statefulSetUpdateStrategy = object<StatefulSetUpdateStrategy>(
  "StatefulSetUpdateStrategy",
  statefulSetUpdateStrategyFields,
);

const statefulSetPersistentVolumeClaimRetentionPolicyFields = {
  whenDeleted: field(1, defaulted(enumOf("Retain", "Delete"), "Retain"), ""),
  whenScaled: field(2, defaulted(enumOf("Retain", "Delete"), "Retain"), ""),
};
export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends Infer<typeof statefulSetPersistentVolumeClaimRetentionPolicyFields> {}
export const statefulSetPersistentVolumeClaimRetentionPolicy =
  object<StatefulSetPersistentVolumeClaimRetentionPolicy>(
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    statefulSetPersistentVolumeClaimRetentionPolicyFields,
  );

const statefulSetOrdinalsFields = {
  start: field(1, absentAtZero(int32), ""),
};
export interface StatefulSetOrdinals extends Infer<typeof statefulSetOrdinalsFields> {}
export const statefulSetOrdinals = object<StatefulSetOrdinals>(
  "StatefulSetOrdinals",
  statefulSetOrdinalsFields,
);

const statefulSetSpecFields = {
  replicas: field(1, defaulted(int32, 1), ""),
  selector: field(2, required(labelSelector), ""),
  template: field(3, required(podTemplateSpec), ""),
  volumeClaimTemplates: field(4, list(persistentVolumeClaim), ""),
  serviceName: field(5, string, ""),
  podManagementPolicy: field(6, defaulted(enumOf("OrderedReady", "Parallel"), "OrderedReady"), ""),
  updateStrategy: field(7, defaulted(statefulSetUpdateStrategy, {}), ""),
  revisionHistoryLimit: field(8, defaulted(int32, 10), ""),
  minReadySeconds: field(9, absentAtZero(int32), ""),
  persistentVolumeClaimRetentionPolicy: field(
    10,
    defaulted(statefulSetPersistentVolumeClaimRetentionPolicy, {}),
    "",
  ),
  ordinals: field(11, statefulSetOrdinals, ""),
};
export interface StatefulSetSpec extends Infer<typeof statefulSetSpecFields> {}
export const statefulSetSpec = object<StatefulSetSpec>("StatefulSetSpec", statefulSetSpecFields);

const statefulSetConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  lastTransitionTime: field(3, time, ""),
  reason: field(4, string, ""),
  message: field(5, string, ""),
};
export interface StatefulSetCondition extends Infer<typeof statefulSetConditionFields> {}
export const statefulSetCondition = object<StatefulSetCondition>(
  "StatefulSetCondition",
  statefulSetConditionFields,
);

const statefulSetStatusFields = {
  observedGeneration: field(1, absentAtZero(int64), ""),
  replicas: field(2, filled(int32, 0), ""),
  readyReplicas: field(3, absentAtZero(int32), ""),
  currentReplicas: field(4, absentAtZero(int32), ""),
  updatedReplicas: field(5, absentAtZero(int32), ""),
  currentRevision: field(6, string, ""),
  updateRevision: field(7, string, ""),
  collisionCount: field(9, int32, ""),
  conditions: field(10, list(statefulSetCondition, { key: "type" }), ""),
  availableReplicas: field(11, filled(int32, 0), ""),
};
export interface StatefulSetStatus extends Infer<typeof statefulSetStatusFields> {}
export const statefulSetStatus = object<StatefulSetStatus>("StatefulSetStatus", statefulSetStatusFields);

const statefulSetFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(statefulSetSpec), ""),
  status: field(3, defaulted(statefulSetStatus, {}), ""),
};
export interface StatefulSet extends Infer<Omit<typeof statefulSetFields, "status">> {
  status: StatefulSetStatus;
}
export const statefulSet = object<StatefulSet>("StatefulSet", statefulSetFields);
