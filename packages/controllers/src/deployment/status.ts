/** The status of a Deployment, from its ReplicaSets; pure (upstream: sync.go calculateStatus, progress.go). */
import {
  type Deployment,
  type DeploymentCondition,
  type DeploymentStatus,
  formatTime,
  parseTime,
  type ReplicaSet,
} from "@podwire/api";
import { REPLICA_FAILURE } from "../replica-set/status.ts";
import { counts, findCondition, withCondition, withoutCondition } from "../workloads/conditions.ts";
import { replicasOf } from "../workloads/replicas.ts";
import { maxUnavailable, sumOfReplicas, sumOfStatus } from "./arithmetic.ts";

export interface Revisions {
  /** Of the present template. */
  readonly next: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

const MAX_INT32 = 2 ** 31 - 1;

export function hasProgressDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== MAX_INT32;
}

export function progressing(
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  wallMs: number,
): DeploymentCondition {
  const now = formatTime(wallMs);
  return { type: "Progressing", status, reason, message, lastUpdateTime: now, lastTransitionTime: now };
}

/** Counters and the condition Available. */
export function countedStatus(
  deployment: Deployment,
  { next, old }: Revisions,
  wallMs: number,
): DeploymentStatus {
  const { metadata, status } = deployment;
  const all = next === undefined ? old : [...old, next];
  const availableReplicas = sumOfStatus(all, "availableReplicas");
  const isEnough = availableReplicas >= replicasOf(deployment) - maxUnavailable(deployment);
  const now = formatTime(wallMs);
  const available: DeploymentCondition = {
    type: "Available",
    status: isEnough ? "True" : "False",
    reason: isEnough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: isEnough
      ? "Deployment has minimum availability."
      : "Deployment does not have minimum availability.",
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
  return {
    ...(status.collisionCount !== undefined && { collisionCount: status.collisionCount }),
    ...counts({
      observedGeneration: metadata.generation ?? 0,
      replicas: sumOfStatus(all, "replicas"),
      updatedReplicas: next === undefined ? 0 : sumOfStatus([next], "replicas"),
      readyReplicas: sumOfStatus(all, "readyReplicas"),
      availableReplicas,
      unavailableReplicas: Math.max(sumOfReplicas(all) - availableReplicas, 0),
    }),
    conditions: withCondition(status.conditions, available),
  };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const all = [status.updatedReplicas, status.replicas, status.availableReplicas];
  return (
    all.every(count => (count ?? 0) === replicasOf(deployment)) &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Counters and all conditions, while a rollout may be under way. */
export function rolloutStatus(
  deployment: Deployment,
  revisions: Revisions,
  wallMs: number,
): DeploymentStatus {
  const status = countedStatus(deployment, revisions, wallMs);
  status.conditions = withProgress(deployment, status, revisions.next, wallMs);
  const failure = replicaFailure(revisions);
  status.conditions =
    failure === undefined
      ? withoutCondition(status.conditions, REPLICA_FAILURE)
      : withCondition(status.conditions, failure);
  return status;
}

function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  next: ReplicaSet | undefined,
  wallMs: number,
): DeploymentCondition[] {
  const { conditions } = status;
  if (!hasProgressDeadline(deployment)) return withoutCondition(conditions, "Progressing");
  const current = findCondition(conditions, "Progressing");
  const isSettled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
  if (isSettled && current?.reason === "NewReplicaSetAvailable") return conditions ?? [];
  const who =
    next === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${next.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const done = progressing("True", "NewReplicaSetAvailable", `${who} has successfully progressed.`, wallMs);
    return withCondition(conditions, done);
  }
  if (hasProgressed(deployment.status, status)) {
    const moves = progressing("True", "ReplicaSetUpdated", `${who} is progressing.`, wallMs);
    if (current?.status === "True") moves.lastTransitionTime = current.lastTransitionTime;
    // Taken out first: each progress moves lastUpdateTime, from which the deadline counts.
    return withCondition(withoutCondition(conditions, "Progressing"), moves);
  }
  if (!isTimedOut(deployment, current, wallMs)) return conditions ?? [];
  const late = progressing("False", "ProgressDeadlineExceeded", `${who} has timed out progressing.`, wallMs);
  return withCondition(conditions, late);
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(
  deployment: Deployment,
  current: DeploymentCondition | undefined,
  wallMs: number,
): boolean {
  if (current === undefined || current.reason === "NewReplicaSetAvailable") return false;
  if (current.reason === "ProgressDeadlineExceeded") return true;
  return deadlineMs(deployment, current) < wallMs;
}

export function deadlineMs({ spec }: Deployment, { lastUpdateTime = "" }: DeploymentCondition): number {
  return (parseTime(lastUpdateTime) ?? 0) + (spec.progressDeadlineSeconds ?? 600) * 1_000;
}

/** Of the new ReplicaSet if it has one, else of any. */
function replicaFailure({ next, old }: Revisions): DeploymentCondition | undefined {
  for (const replicaSet of next === undefined ? old : [next, ...old]) {
    const failure = findCondition(replicaSet.status.conditions, REPLICA_FAILURE);
    if (failure !== undefined) return { ...failure, lastUpdateTime: failure.lastTransitionTime };
  }
  return undefined;
}
