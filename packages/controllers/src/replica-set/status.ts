/** The status of a ReplicaSet, from its active Pods; pure (upstream: calculateStatus). */
import { formatTime, type Pod, type ReplicaSet, type ReplicaSetStatus } from "@podwire/api";
import { counts, findCondition, withCondition, withoutCondition } from "../workloads/conditions.ts";
import { isAvailable, isReady } from "../workloads/pod-state.ts";
import { replicasOf } from "../workloads/replicas.ts";

export const REPLICA_FAILURE = "ReplicaFailure";

export function replicaSetStatus(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  failure: Error | undefined,
  wallMs: number,
): ReplicaSetStatus {
  const { metadata, spec, status } = replicaSet;
  const templateLabels = Object.entries(spec.template?.metadata?.labels ?? {});
  const isLabelled = ({ metadata: { labels } }: Pod) =>
    templateLabels.every(([key, value]) => labels?.[key] === value);
  const conditions = conditionsOf(replicaSet, active.length, failure, wallMs);
  return {
    ...(status.terminatingReplicas !== undefined && { terminatingReplicas: status.terminatingReplicas }),
    replicas: active.length,
    ...counts({
      fullyLabeledReplicas: active.filter(isLabelled).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter(pod => isAvailable(pod, spec.minReadySeconds ?? 0, wallMs)).length,
      observedGeneration: metadata.generation ?? 0,
    }),
    ...(conditions.length > 0 && { conditions }),
  };
}

function conditionsOf(
  replicaSet: ReplicaSet,
  activeCount: number,
  failure: Error | undefined,
  wallMs: number,
) {
  const { conditions = [] } = replicaSet.status;
  if (failure === undefined) return withoutCondition(conditions, REPLICA_FAILURE);
  if (findCondition(conditions, REPLICA_FAILURE) !== undefined) return conditions;
  const reason = activeCount < replicasOf(replicaSet) ? "FailedCreate" : "FailedDelete";
  const condition = { type: REPLICA_FAILURE, status: "True", reason, message: failure.message };
  return withCondition(conditions, { ...condition, lastTransitionTime: formatTime(wallMs) });
}
