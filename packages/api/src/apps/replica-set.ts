/** ReplicaSet: keeps a number of equal Pods. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
import { podTemplateSpec } from "../core/pod-template.ts";
import {
  absentAtZero,
  defaulted,
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

const replicaSetSpecFields = {
  replicas: field(1, defaulted(int32, 1), ""),
  selector: field(2, required(labelSelector), ""),
  template: field(3, podTemplateSpec, ""),
  minReadySeconds: field(4, absentAtZero(int32), ""),
};
export interface ReplicaSetSpec extends Infer<typeof replicaSetSpecFields> {}
export const replicaSetSpec = object<ReplicaSetSpec>("ReplicaSetSpec", replicaSetSpecFields);

const replicaSetConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  lastTransitionTime: field(3, time, ""),
  reason: field(4, string, ""),
  message: field(5, string, ""),
};
export interface ReplicaSetCondition extends Infer<typeof replicaSetConditionFields> {}
export const replicaSetCondition = object<ReplicaSetCondition>(
  "ReplicaSetCondition",
  replicaSetConditionFields,
);

const replicaSetStatusFields = {
  replicas: field(1, filled(int32, 0), ""),
  fullyLabeledReplicas: field(2, absentAtZero(int32), ""),
  observedGeneration: field(3, absentAtZero(int64), ""),
  readyReplicas: field(4, absentAtZero(int32), ""),
  availableReplicas: field(5, absentAtZero(int32), ""),
  conditions: field(6, list(replicaSetCondition, { key: "type" }), ""),
  terminatingReplicas: field(7, int32, ""),
};
export interface ReplicaSetStatus extends Infer<typeof replicaSetStatusFields> {}
export const replicaSetStatus = object<ReplicaSetStatus>("ReplicaSetStatus", replicaSetStatusFields);

const replicaSetFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(replicaSetSpec), ""),
  status: field(3, defaulted(replicaSetStatus, {}), ""),
};
export interface ReplicaSet extends Infer<Omit<typeof replicaSetFields, "status">> {
  status: ReplicaSetStatus;
}
export const replicaSet = object<ReplicaSet>("ReplicaSet", replicaSetFields);
