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
  maxUnavailable: field(1, defaulted(intOrString, 1), ""),
  maxSurge: field(2, defaulted(intOrString, 0), ""),
};
export interface RollingUpdateDaemonSet extends Infer<typeof rollingUpdateDaemonSetFields> {}
export const rollingUpdateDaemonSet = object<RollingUpdateDaemonSet>(
  "RollingUpdateDaemonSet",
  rollingUpdateDaemonSetFields,
);

const daemonSetUpdateStrategyFields = {
  type: field(1, defaulted(enumOf("RollingUpdate", "OnDelete"), "RollingUpdate"), ""),
  rollingUpdate: field(2, rollingUpdateDaemonSet, ""),
};
export interface DaemonSetUpdateStrategy extends Infer<typeof daemonSetUpdateStrategyFields> {}
export const daemonSetUpdateStrategy = object<DaemonSetUpdateStrategy>(
  "DaemonSetUpdateStrategy",
  daemonSetUpdateStrategyFields,
);

const daemonSetSpecFields = {
  selector: field(1, required(labelSelector), ""),
  template: field(2, required(podTemplateSpec), ""),
  updateStrategy: field(3, defaulted(daemonSetUpdateStrategy, {}), ""),
  minReadySeconds: field(4, absentAtZero(int32), ""),
  revisionHistoryLimit: field(6, defaulted(int32, 10), ""),
};
export interface DaemonSetSpec extends Infer<typeof daemonSetSpecFields> {}
export const daemonSetSpec = object<DaemonSetSpec>("DaemonSetSpec", daemonSetSpecFields);

const daemonSetConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  lastTransitionTime: field(3, time, ""),
  reason: field(4, string, ""),
  message: field(5, string, ""),
};
export interface DaemonSetCondition extends Infer<typeof daemonSetConditionFields> {}
export const daemonSetCondition = object<DaemonSetCondition>("DaemonSetCondition", daemonSetConditionFields);

const daemonSetStatusFields = {
  currentNumberScheduled: field(1, filled(int32, 0), ""),
  numberMisscheduled: field(2, filled(int32, 0), ""),
  desiredNumberScheduled: field(3, filled(int32, 0), ""),
  numberReady: field(4, filled(int32, 0), ""),
  observedGeneration: field(5, absentAtZero(int64), ""),
  updatedNumberScheduled: field(6, absentAtZero(int32), ""),
  numberAvailable: field(7, absentAtZero(int32), ""),
  numberUnavailable: field(8, absentAtZero(int32), ""),
  collisionCount: field(9, int32, ""),
  conditions: field(10, list(daemonSetCondition, { key: "type" }), ""),
};
export interface DaemonSetStatus extends Infer<typeof daemonSetStatusFields> {}
export const daemonSetStatus = object<DaemonSetStatus>("DaemonSetStatus", daemonSetStatusFields);

const daemonSetFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(daemonSetSpec), ""),
  status: field(3, defaulted(daemonSetStatus, {}), ""),
};
export interface DaemonSet extends Infer<Omit<typeof daemonSetFields, "status">> {
  status: DaemonSetStatus;
}
export const daemonSet = object<DaemonSet>("DaemonSet", daemonSetFields);
