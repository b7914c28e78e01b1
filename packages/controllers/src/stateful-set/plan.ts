/**
 * What a StatefulSet does next, from the Pods it has; pure (upstream: stateful_set_control.go).
 *
 *   each Pod in its place, in order   ended: delete | missing: make | not available yet: wait
 *   Pods outside of the range         from the highest down: wait for the others to be available, delete
 *   Pods of an older revision         from the highest down to the partition: delete one, wait for its successor
 *
 * OrderedReady takes one step and then waits for its effect; Parallel takes all steps of the first two kinds at once.
 */
import type { ControllerRevision, Pod, StatefulSet } from "@podwire/api";
import { hasEnded, isAvailable, isReady } from "../workloads/pod-state.ts";
import { replicasOf } from "../workloads/replicas.ts";
import { hasIdentity, isInRange, ordinalOf, REVISION_LABEL, startOrdinal } from "./identity.ts";

export interface Situation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Marked for deletion, or as good as that. */
  readonly isGoing: (pod: Pod) => boolean;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly wallMs: number;
}

export type Step =
  | { readonly do: "create"; readonly ordinal: number; readonly revision: ControllerRevision }
  | { readonly do: "delete"; readonly pod: Pod }
  | { readonly do: "relabel"; readonly pod: Pod; readonly ordinal: number };

/** Steps that may be taken together. */
export function plan(situation: Situation): Step[] {
  const { set } = situation;
  if (set.metadata.deletionTimestamp !== undefined) return [];
  const places = placesOf(situation);
  const condemned = condemnedOf(situation);
  const isOrdered = set.spec.podManagementPolicy !== "Parallel";
  const steps: Step[] = [];
  for (const [at, pod] of places.entries()) {
    const next = replicaStep(situation, pod, startOrdinal(set) + at);
    if (next.step !== undefined) steps.push(next.step);
    if (isOrdered && next.waits) return steps;
  }
  const unavailable = (pod: Pod | undefined) => pod === undefined || isUnavailable(situation, pod);
  // The lowest one that is not available may go although it is not: waiting for it would have no end.
  const firstUnavailable = [...places, ...[...condemned].reverse()].find(unavailable);
  for (const pod of condemned) {
    const isWaitedFor = situation.isGoing(pod) || (unavailable(pod) && pod !== firstUnavailable);
    if (isOrdered && isWaitedFor) return steps;
    if (situation.isGoing(pod)) continue;
    steps.push({ do: "delete", pod });
    if (isOrdered) return steps;
  }
  return steps.length > 0 ? steps : rollingSteps(situation, places);
}

function placesOf({ set, pods }: Situation): (Pod | undefined)[] {
  const places: (Pod | undefined)[] = Array(replicasOf(set)).fill(undefined);
  for (const pod of pods) {
    const ordinal = ordinalOf(pod);
    if (isInRange(set, ordinal)) places[ordinal - startOrdinal(set)] = pod;
  }
  return places;
}

/** The highest first. */
function condemnedOf({ set, pods }: Situation): Pod[] {
  const outside = pods.filter(pod => !isInRange(set, ordinalOf(pod)));
  return outside.sort((a, b) => ordinalOf(b) - ordinalOf(a));
}

function replicaStep(
  situation: Situation,
  pod: Pod | undefined,
  ordinal: number,
): { step?: Step; waits: boolean } {
  if (pod === undefined) {
    return { step: { do: "create", ordinal, revision: revisionFor(situation, ordinal) }, waits: true };
  }
  if (hasEnded(pod)) {
    return situation.isGoing(pod) ? { waits: true } : { step: { do: "delete", pod }, waits: true };
  }
  const waits = isUnavailable(situation, pod);
  return waits || hasIdentity(pod) ? { waits } : { step: { do: "relabel", pod, ordinal }, waits: false };
}

/** Below the partition Pods stay with, or come back to, the revision before the update. */
function revisionFor({ set, current, update }: Situation, ordinal: number): ControllerRevision {
  return ordinal < startOrdinal(set) + partitionOf(set) ? current : update;
}

function partitionOf({ spec }: StatefulSet): number {
  const { type = "RollingUpdate", rollingUpdate } = spec.updateStrategy ?? {};
  return type === "RollingUpdate" ? (rollingUpdate?.partition ?? 0) : 0;
}

function isUnavailable({ set, isGoing, wallMs }: Situation, pod: Pod): boolean {
  return isGoing(pod) || !isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs);
}

function rollingSteps(situation: Situation, places: readonly (Pod | undefined)[]): Step[] {
  const { set, update } = situation;
  if (set.spec.updateStrategy?.type === "OnDelete") return [];
  for (let at = places.length - 1; at >= partitionOf(set); at--) {
    const pod = places[at];
    if (pod === undefined) return [];
    const isOld = pod.metadata.labels?.[REVISION_LABEL] !== update.metadata.name;
    if (isOld && !situation.isGoing(pod)) return [{ do: "delete", pod }];
    if (isUnavailable(situation, pod)) return [];
  }
  return [];
}

/** The status, before the steps have had their effect. */
export function statefulSetStatus(situation: Situation, collisionCount: number): StatefulSet["status"] {
  const { set, pods, isGoing, current, update, wallMs } = situation;
  const ofRevision = ({ metadata: { name } }: ControllerRevision) =>
    pods.filter(pod => !isGoing(pod) && pod.metadata.labels?.[REVISION_LABEL] === name).length;
  const ready = pods.filter(pod => pod.status.phase === "Running" && isReady(pod));
  const updatedReplicas = ofRevision(update);
  const counted = [pods.length, ready.length, updatedReplicas];
  const isComplete =
    set.spec.updateStrategy?.type !== "OnDelete" && counted.every(count => count === replicasOf(set));
  const currentReplicas = isComplete ? updatedReplicas : ofRevision(current);
  return {
    ...(set.status.conditions && { conditions: set.status.conditions }),
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    ...(ready.length > 0 && { readyReplicas: ready.length }),
    availableReplicas: ready.filter(pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs)).length,
    ...(currentReplicas > 0 && { currentReplicas }),
    ...(updatedReplicas > 0 && { updatedReplicas }),
    currentRevision: (isComplete ? update : current).metadata.name,
    updateRevision: update.metadata.name,
    collisionCount,
  };
}
