/** Deployment: keeps ReplicaSets, one a revision of its template. */

import { labelSelector, namespacedMeta, typeMeta } from "../core/meta.ts";
import { podTemplateSpec } from "../core/pod-template.ts";
import {
  absentAtZero,
  bool,
  defaulted,
  enumOf,
  field,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  object,
  required,
  retainingKeys,
  string,
  time,
} from "../schema/schema.ts";

const rollingUpdateDeploymentFields = {
  maxUnavailable: field(1, defaulted(intOrString, "25%"), ""),
  maxSurge: field(2, defaulted(intOrString, "25%"), ""),
};
export interface RollingUpdateDeployment extends Infer<typeof rollingUpdateDeploymentFields> {}
export const rollingUpdateDeployment = object<RollingUpdateDeployment>(
  "RollingUpdateDeployment",
  rollingUpdateDeploymentFields,
);

const deploymentStrategyFields = {
  type: field(1, defaulted(enumOf("Recreate", "RollingUpdate"), "RollingUpdate"), ""),
  rollingUpdate: field(2, rollingUpdateDeployment, ""),
};
export interface DeploymentStrategy extends Infer<typeof deploymentStrategyFields> {}
export const deploymentStrategy = object<DeploymentStrategy>("DeploymentStrategy", deploymentStrategyFields);

const deploymentSpecFields = {
  replicas: field(1, defaulted(int32, 1), ""),
  selector: field(2, required(labelSelector), ""),
  template: field(3, required(podTemplateSpec), ""),
  strategy: field(4, retainingKeys(defaulted(deploymentStrategy, {})), ""),
  minReadySeconds: field(5, absentAtZero(int32), ""),
  revisionHistoryLimit: field(6, defaulted(int32, 10), ""),
  paused: field(7, absentAtZero(bool), ""),
  progressDeadlineSeconds: field(9, defaulted(int32, 600), ""),
};
export interface DeploymentSpec extends Infer<typeof deploymentSpecFields> {}
export const deploymentSpec = object<DeploymentSpec>("DeploymentSpec", deploymentSpecFields);

const deploymentConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  reason: field(4, string, ""),
  message: field(5, string, ""),
  lastUpdateTime: field(6, time, ""),
  lastTransitionTime: field(7, time, ""),
};
export interface DeploymentCondition extends Infer<typeof deploymentConditionFields> {}
export const deploymentCondition = object<DeploymentCondition>(
  "DeploymentCondition",
  deploymentConditionFields,
);

const deploymentStatusFields = {
  observedGeneration: field(1, absentAtZero(int64), ""),
  replicas: field(2, absentAtZero(int32), ""),
  updatedReplicas: field(3, absentAtZero(int32), ""),
  availableReplicas: field(4, absentAtZero(int32), ""),
  unavailableReplicas: field(5, absentAtZero(int32), ""),
  conditions: field(6, list(deploymentCondition, { key: "type" }), ""),
  readyReplicas: field(7, absentAtZero(int32), ""),
  collisionCount: field(8, int32, ""),
  terminatingReplicas: field(9, int32, ""),
};
export interface DeploymentStatus extends Infer<typeof deploymentStatusFields> {}
export const deploymentStatus = object<DeploymentStatus>("DeploymentStatus", deploymentStatusFields);

const deploymentFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(deploymentSpec), ""),
  status: field(3, defaulted(deploymentStatus, {}), ""),
};
export interface Deployment extends Infer<Omit<typeof deploymentFields, "status">> {
  status: DeploymentStatus;
}
export const deployment = object<Deployment>("Deployment", deploymentFields);
