/** What controllers read off a Pod's status (upstream: pkg/api/v1/pod, pkg/controller/controller_utils.go). */
import { type Pod, type PodCondition, parseTime } from "@podwire/api";

export function hasEnded({ status }: Pod): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}

export function readyCondition({ status }: Pod): PodCondition | undefined {
  return status.conditions?.find(({ type }) => type === "Ready");
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

/** Since when it is ready; undefined: it is not, or does not say. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== "True" || condition.lastTransitionTime === undefined) return undefined;
  return parseTime(condition.lastTransitionTime);
}

/** Ready, and for long enough. */
export function isAvailable(pod: Pod, minReadySeconds: number, wallMs: number): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const sinceMs = readySinceMs(pod);
  return sinceMs !== undefined && sinceMs + minReadySeconds * 1_000 <= wallMs;
}

/** Until the next of these Pods becomes available by time alone; undefined: none will. */
export function untilAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  wallMs: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .map(readySinceMs)
    .filter(sinceMs => sinceMs !== undefined)
    .map(sinceMs => sinceMs + minReadySeconds * 1_000 - wallMs)
    .filter(waitMs => waitMs > 0);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}
