/** DaemonSet: a Pod on every node that fits. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
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

const rollingUpdateDaemonSetFields = {
  maxUnavailable: field(
    1,
    defaulted(intOrString, 1),
    "On how many Nodes the Pod may be missing during an update, as a number or a share.",
  ),
  maxSurge: field(
    2,
    defaulted(intOrString, 0),
    "On how many Nodes a second Pod may run during an update, as a number or a share.",
  ),
};
export interface RollingUpdateDaemonSet extends Infer<typeof rollingUpdateDaemonSetFields> {}
export const rollingUpdateDaemonSet = object<RollingUpdateDaemonSet>(
  "RollingUpdateDaemonSet",
  rollingUpdateDaemonSetFields,
);

const daemonSetUpdateStrategyFields = {
  type: field(
    1,
    defaulted(enumOf("RollingUpdate", "OnDelete"), "RollingUpdate"),
    "Whether Pods are replaced by themselves or only when someone deletes them.",
  ),
  rollingUpdate: field(2, rollingUpdateDaemonSet, "Settings for replacing a few at a time."),
};
export interface DaemonSetUpdateStrategy extends Infer<typeof daemonSetUpdateStrategyFields> {}
export const daemonSetUpdateStrategy = object<DaemonSetUpdateStrategy>(
  "DaemonSetUpdateStrategy",
  daemonSetUpdateStrategyFields,
);

const daemonSetSpecFields = {
  selector: field(
    1,
    required(labelSelector),
    "Labels of the Pods that belong to it; the template has them too.",
  ),
  template: field(2, required(podTemplateSpec), "What its Pods are made from."),
  updateStrategy: field(3, defaulted(daemonSetUpdateStrategy, {}), "How Pods are replaced by newer ones."),
  minReadySeconds: field(
    4,
    absentAtZero(int32),
    "Seconds that a new Pod must be ready for before it counts as available.",
  ),
  revisionHistoryLimit: field(6, defaulted(int32, 10), "How many old revisions are kept for going back."),
};
export interface DaemonSetSpec extends Infer<typeof daemonSetSpecFields> {}
export const daemonSetSpec = object<DaemonSetSpec>("DaemonSetSpec", daemonSetSpecFields, {
  doc: "DaemonSetSpec says which Pod a DaemonSet keeps and where.",
});

const daemonSetConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  lastTransitionTime: field(3, time, "When the status last changed."),
  reason: field(4, string, "Why, as one word for machines to read."),
  message: field(5, string, "Why, for people to read."),
};
export interface DaemonSetCondition extends Infer<typeof daemonSetConditionFields> {}
export const daemonSetCondition = object<DaemonSetCondition>("DaemonSetCondition", daemonSetConditionFields);

const daemonSetStatusFields = {
  currentNumberScheduled: field(1, filled(int32, 0), "On how many of the right Nodes its Pod is."),
  numberMisscheduled: field(2, filled(int32, 0), "On how many Nodes its Pod is that should not have it."),
  desiredNumberScheduled: field(3, filled(int32, 0), "On how many Nodes its Pod should be."),
  numberReady: field(4, filled(int32, 0), "On how many of the right Nodes its Pod is ready."),
  observedGeneration: field(5, absentAtZero(int64), "The generation that this status was drawn from."),
  updatedNumberScheduled: field(
    6,
    absentAtZero(int32),
    "On how many Nodes the Pod is made from the current template.",
  ),
  numberAvailable: field(7, absentAtZero(int32), "On how many Nodes the Pod has been ready for long enough."),
  numberUnavailable: field(8, absentAtZero(int32), "On how many Nodes it has not."),
  collisionCount: field(9, int32, "How often the name of a new ControllerRevision was taken."),
  conditions: field(10, list(daemonSetCondition, { key: "type" }), "What holds of the DaemonSet."),
};
export interface DaemonSetStatus extends Infer<typeof daemonSetStatusFields> {}
export const daemonSetStatus = object<DaemonSetStatus>("DaemonSetStatus", daemonSetStatusFields, {
  doc: "DaemonSetStatus is what was observed of a DaemonSet.",
});

const daemonSetFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(daemonSetSpec), "What is asked of the DaemonSet."),
  status: field(3, defaulted(daemonSetStatus, {}), "What was observed of the DaemonSet."),
};
export interface DaemonSet extends Infer<Omit<typeof daemonSetFields, "status">> {
  status: DaemonSetStatus;
}
export const daemonSet = object<DaemonSet>("DaemonSet", daemonSetFields, {
  doc: "DaemonSet keeps one Pod running on each Node that matches.",
});
