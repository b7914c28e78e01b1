/**
 * How many Pods of which revision there may be; pure (upstream: pkg/controller/deployment/util). The names are
 * upstream's: what is written here decides when a rollout moves, step by step.
 */
import { type Deployment, parseTime, type ReplicaSet } from "@podwire/api";
import { replicasOf } from "../workloads/replicas.ts";
import { scaledValue } from "../workloads/scaled-value.ts";
import { annotatedCount, DESIRED_REPLICAS, MAX_REPLICAS } from "./annotations.ts";

const DEFAULT = "25%";

export function isRollingUpdate({ spec }: Deployment): boolean {
  return spec.strategy?.type !== "Recreate";
}

function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  const { maxSurge = DEFAULT, maxUnavailable = DEFAULT } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, replicasOf(deployment), "up");
  const unavailable = scaledValue(maxUnavailable, replicasOf(deployment), "down");
  // Both zero, by rounding: a rollout could not move at all.
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).maxSurge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(fenceposts(deployment).maxUnavailable, replicas);
}

export function sumOfReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, each) => sum + replicasOf(each), 0);
}

export function sumOfStatus(
  replicaSets: readonly ReplicaSet[],
  field: "replicas" | "readyReplicas" | "availableReplicas",
): number {
  return replicaSets.reduce((sum, { status }) => sum + (status[field] ?? 0), 0);
}

export function active(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter(each => replicasOf(each) > 0);
}

/** What the new ReplicaSet, at `current`, grows to. */
export function newReplicas(deployment: Deployment, totalReplicas: number, current: number): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return replicas;
  const { maxSurge: surge = DEFAULT } = deployment.spec.strategy?.rollingUpdate ?? {};
  const room = replicas + scaledValue(surge, replicas, "up") - totalReplicas;
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/** How many Pods of old revisions may go in all, those that are not available included. */
export function maxScaledDown(deployment: Deployment, all: readonly ReplicaSet[], next: ReplicaSet): number {
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const unavailable = replicasOf(next) - (next.status.availableReplicas ?? 0);
  return sumOfReplicas(all) - minAvailable - unavailable;
}

/** While more than one revision has Pods, a change of `replicas` is shared out in proportion; sizes by name. */
export function proportionalSizes(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): Map<string, number> {
  const all = active(replicaSets);
  const allowed = replicasOf(deployment) > 0 ? replicasOf(deployment) + maxSurge(deployment) : 0;
  const toAdd = allowed - sumOfReplicas(all);
  if (toAdd > 0) all.sort(bySizeNewer);
  if (toAdd < 0) all.sort(bySizeOlder);
  const sizes = new Map<string, number>();
  let added = 0;
  for (const each of all) {
    const share = toAdd === 0 ? 0 : proportion(deployment, each, toAdd, added);
    sizes.set(each.metadata.name, replicasOf(each) + share);
    added += share;
  }
  const first = all[0]?.metadata.name;
  if (first !== undefined && toAdd !== 0) sizes.set(first, Math.max(sizes.get(first)! + toAdd - added, 0));
  return sizes;
}

function proportion(deployment: Deployment, each: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(each) === 0 || toAdd === added) return 0;
  const fraction = fractionOf(deployment, each);
  const left = toAdd - added;
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function fractionOf(deployment: Deployment, each: ReplicaSet): number {
  if (replicasOf(deployment) === 0) return -replicasOf(each);
  const before = annotatedCount(each.metadata, MAX_REPLICAS) || (deployment.status.replicas ?? 0);
  if (before === 0) return 0;
  const exact = (replicasOf(each) * (replicasOf(deployment) + maxSurge(deployment))) / before;
  return roundHalfAway(exact) - replicasOf(each);
}

function roundHalfAway(value: number): number {
  return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5);
}

/** The new revision has all that is asked for, and all of it is available. */
export function isSaturated(deployment: Deployment, next: ReplicaSet | undefined): boolean {
  if (next === undefined) return false;
  const replicas = replicasOf(deployment);
  return (
    replicasOf(next) === replicas &&
    annotatedCount(next.metadata, DESIRED_REPLICAS) === replicas &&
    (next.status.availableReplicas ?? 0) === replicas
  );
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [created, other] = [a, b].map(each => parseTime(each.metadata.creationTimestamp) ?? 0);
  return created! - other! || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function bySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(b, a);
}

function bySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(a, b);
}
