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
  replicas: field(1, defaulted(int32, 1), "How many Pods are wanted."),
  selector: field(
    2,
    required(labelSelector),
    "Labels of the Pods that belong to it; the template has them too.",
  ),
  template: field(3, podTemplateSpec, "What its Pods are made from."),
  minReadySeconds: field(
    4,
    absentAtZero(int32),
    "Seconds that a new Pod must be ready for before it counts as available.",
  ),
};
export interface ReplicaSetSpec extends Infer<typeof replicaSetSpecFields> {}
export const replicaSetSpec = object<ReplicaSetSpec>("ReplicaSetSpec", replicaSetSpecFields, {
  doc: "ReplicaSetSpec says which Pods a ReplicaSet keeps.",
});

const replicaSetConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  lastTransitionTime: field(3, time, "When the status last changed."),
  reason: field(4, string, "Why, as one word for machines to read."),
  message: field(5, string, "Why, for people to read."),
};
export interface ReplicaSetCondition extends Infer<typeof replicaSetConditionFields> {}
export const replicaSetCondition = object<ReplicaSetCondition>(
  "ReplicaSetCondition",
  replicaSetConditionFields,
);

const replicaSetStatusFields = {
  replicas: field(1, filled(int32, 0), "How many Pods there are."),
  fullyLabeledReplicas: field(2, absentAtZero(int32), "How many have all labels of the template."),
  observedGeneration: field(3, absentAtZero(int64), "The generation that this status was drawn from."),
  readyReplicas: field(4, absentAtZero(int32), "How many are ready."),
  availableReplicas: field(5, absentAtZero(int32), "How many have been ready for long enough."),
  conditions: field(6, list(replicaSetCondition, { key: "type" }), "What holds of the ReplicaSet."),
  terminatingReplicas: field(7, int32, "How many are on their way out."),
};
export interface ReplicaSetStatus extends Infer<typeof replicaSetStatusFields> {}
export const replicaSetStatus = object<ReplicaSetStatus>("ReplicaSetStatus", replicaSetStatusFields, {
  doc: "ReplicaSetStatus is what was observed of a ReplicaSet.",
});

const replicaSetFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(replicaSetSpec), "What is asked of the ReplicaSet."),
  status: field(3, defaulted(replicaSetStatus, {}), "What was observed of the ReplicaSet."),
};
export interface ReplicaSet extends Infer<Omit<typeof replicaSetFields, "status">> {
  status: ReplicaSetStatus;
}
export const replicaSet = object<ReplicaSet>("ReplicaSet", replicaSetFields, {
  doc: "ReplicaSet keeps a number of alike Pods running.",
});
