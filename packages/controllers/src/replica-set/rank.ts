/**
 * Which of its Pods a ReplicaSet does without first (upstream: ActivePodsWithRanks); pure. The first difference
 * decides:
 *
 *   has no node < has one; Pending < Unknown < Running; not ready < ready; a smaller pod-deletion-cost;
 *   more Pods of the same Deployment on its node; ready since shortly; more restarts; younger
 *
 * Times are compared by the logarithm of the age, so that among Pods of about an age chance decides.
 */
import { type Pod, parseTime } from "@podwire/api";
import { isReady, readySinceMs } from "../workloads/pod-state.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

export interface Ranking {
  /** Active Pods of the same Deployment on a node. */
  readonly relatedOn: (node: string) => number;
  readonly wallMs: number;
}

/** Those to delete first come first. */
export function byDeletion(pods: readonly Pod[], { relatedOn, wallMs }: Ranking): Pod[] {
  const ranks = pods.map(pod => ({ pod, key: [...standing(pod), -relatedOn(pod.spec.nodeName ?? "")] }));
  ranks.sort((a, b) => compare(a.key, b.key) || compareHistory(a.pod, b.pod, wallMs));
  return ranks.map(({ pod }) => pod);
}

const PHASES: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

function standing(pod: Pod): number[] {
  const { nodeName } = pod.spec;
  return [nodeName ? 1 : 0, PHASES[pod.status.phase ?? ""] ?? 0, isReady(pod) ? 1 : 0, deletionCost(pod)];
}

/** As upstream parses it: a 32-bit integer without a leading zero or plus; anything else counts as 0. */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.[DELETION_COST] ?? "0";
  const cost = Number(text);
  const isValid = /^(0|-?[1-9]\d*)$/.test(text) && cost === (cost | 0);
  return isValid ? cost : 0;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value - b[at]!;
  return 0;
}

function compareHistory(a: Pod, b: Pod, wallMs: number): number {
  if (isReady(a) && isReady(b)) {
    const [since, other] = [readySinceMs(a), readySinceMs(b)];
    if (since !== other) return compareAges(since, other, wallMs) || compareUids(a, b);
  }
  const restarts = compare(restartsOf(b), restartsOf(a));
  if (restarts !== 0) return restarts;
  const [created, other] = [a, b].map(pod => parseTime(pod.metadata.creationTimestamp));
  return created === other ? 0 : compareAges(created, other, wallMs) || compareUids(a, b);
}

/** Younger first; what has no time, before all. */
function compareAges(a: number | undefined, b: number | undefined, wallMs: number): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return bucket(wallMs - a) - bucket(wallMs - b);
}

const NANOS = 1e6;

function bucket(ageMs: number): number {
  return ageMs > 0 ? Math.trunc(Math.log2(ageMs * NANOS)) : -1;
}

function compareUids(a: Pod, b: Pod): number {
  return a.metadata.uid < b.metadata.uid ? -1 : 1;
}

/** Of containers, then of sidecars: the most of any. */
function restartsOf({ spec, status }: Pod): number[] {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(each => each.restartPolicy === "Always").map(({ name }) => name),
  );
  const most = (statuses: readonly { restartCount: number }[] = []) =>
    Math.max(0, ...statuses.map(({ restartCount }) => restartCount));
  const ofSidecars = status.initContainerStatuses?.filter(({ name }) => sidecars.has(name));
  return [most(status.containerStatuses), most(ofSidecars)];
}
