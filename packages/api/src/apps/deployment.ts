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
  maxUnavailable: field(
    1,
    defaulted(intOrString, "25%"),
    "How many Pods may be missing during an update, as a number or a share.",
  ),
  maxSurge: field(
    2,
    defaulted(intOrString, "25%"),
    "How many Pods may be there beyond replicas during an update, as a number or a share.",
  ),
};
export interface RollingUpdateDeployment extends Infer<typeof rollingUpdateDeploymentFields> {}
export const rollingUpdateDeployment = object<RollingUpdateDeployment>(
  "RollingUpdateDeployment",
  rollingUpdateDeploymentFields,
);

const deploymentStrategyFields = {
  type: field(
    1,
    defaulted(enumOf("Recreate", "RollingUpdate"), "RollingUpdate"),
    "Whether Pods are replaced a few at a time or all at once.",
  ),
  rollingUpdate: field(2, rollingUpdateDeployment, "Settings for replacing a few at a time."),
};
export interface DeploymentStrategy extends Infer<typeof deploymentStrategyFields> {}
export const deploymentStrategy = object<DeploymentStrategy>("DeploymentStrategy", deploymentStrategyFields);

const deploymentSpecFields = {
  replicas: field(1, defaulted(int32, 1), "How many Pods are wanted."),
  selector: field(
    2,
    required(labelSelector),
    "Labels of the Pods that belong to it; the template has them too.",
  ),
  template: field(3, required(podTemplateSpec), "What its Pods are made from."),
  strategy: field(
    4,
    retainingKeys(defaulted(deploymentStrategy, {})),
    "How Pods are replaced by newer ones.",
  ),
  minReadySeconds: field(
    5,
    absentAtZero(int32),
    "Seconds that a new Pod must be ready for before it counts as available.",
  ),
  revisionHistoryLimit: field(6, defaulted(int32, 10), "How many old ReplicaSets are kept for going back."),
  paused: field(7, absentAtZero(bool), "Stops the rollout of changes."),
  progressDeadlineSeconds: field(
    9,
    defaulted(int32, 600),
    "Seconds without progress after which the rollout has failed.",
  ),
};
export interface DeploymentSpec extends Infer<typeof deploymentSpecFields> {}
export const deploymentSpec = object<DeploymentSpec>("DeploymentSpec", deploymentSpecFields, {
  doc: "DeploymentSpec says which Pods a Deployment keeps and how it changes them.",
});

const deploymentConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  reason: field(4, string, "Why, as one word for machines to read."),
  message: field(5, string, "Why, for people to read."),
  lastUpdateTime: field(6, time, "When the condition was last written."),
  lastTransitionTime: field(7, time, "When the status last changed."),
};
export interface DeploymentCondition extends Infer<typeof deploymentConditionFields> {}
export const deploymentCondition = object<DeploymentCondition>(
  "DeploymentCondition",
  deploymentConditionFields,
);

const deploymentStatusFields = {
  observedGeneration: field(1, absentAtZero(int64), "The generation that this status was drawn from."),
  replicas: field(2, absentAtZero(int32), "How many Pods there are."),
  updatedReplicas: field(3, absentAtZero(int32), "How many of them are made from the current template."),
  availableReplicas: field(4, absentAtZero(int32), "How many have been ready for long enough."),
  unavailableReplicas: field(5, absentAtZero(int32), "How many are still missing."),
  conditions: field(6, list(deploymentCondition, { key: "type" }), "What holds of the Deployment."),
  readyReplicas: field(7, absentAtZero(int32), "How many are ready."),
  collisionCount: field(8, int32, "How often the name of a new ReplicaSet was taken."),
  terminatingReplicas: field(9, int32, "How many are on their way out."),
};
export interface DeploymentStatus extends Infer<typeof deploymentStatusFields> {}
export const deploymentStatus = object<DeploymentStatus>("DeploymentStatus", deploymentStatusFields, {
  doc: "DeploymentStatus is what was observed of a Deployment.",
});

const deploymentFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(deploymentSpec), "What is asked of the Deployment."),
  status: field(3, defaulted(deploymentStatus, {}), "What was observed of the Deployment."),
};
export interface Deployment extends Infer<Omit<typeof deploymentFields, "status">> {
  status: DeploymentStatus;
}
export const deployment = object<Deployment>("Deployment", deploymentFields, {
  doc: "Deployment keeps a number of alike Pods running and rolls out their changes.",
});
