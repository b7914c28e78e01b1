/** How long a Job waits after failures: 10 s, doubling with each since the last success, at most 10 min; pure. */
import { type Pod, parseTime } from "@podwire/api";
import { readyCondition } from "../workloads/pod-state.ts";

const FIRST_MS = 10_000;
const MOST_MS = 600_000;

export interface Failures {
  readonly sinceSuccess: number;
  readonly lastMs: number;
}

export const NO_FAILURES: Failures = { sinceSuccess: 0, lastMs: 0 };

/** With Pods that have newly ended. */
export function countFailures(before: Failures, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
  if (succeeded.length === 0 && failed.length === 0) return before;
  const failedMs = failed.map(finishedMs);
  if (succeeded.length === 0) {
    return { sinceSuccess: before.sinceSuccess + failed.length, lastMs: Math.max(...failedMs) };
  }
  const successMs = Math.max(...succeeded.map(finishedMs));
  const after = failedMs.filter(ms => ms > successMs);
  return after.length === 0 ? NO_FAILURES : { sinceSuccess: after.length, lastMs: Math.max(...after) };
}

export function remainingMs({ sinceSuccess, lastMs }: Failures, wallMs: number): number {
  if (sinceSuccess === 0) return 0;
  const delayMs = Math.min(FIRST_MS * 2 ** (sinceSuccess - 1), MOST_MS);
  return Math.max(lastMs + delayMs - wallMs, 0);
}

/** When the Pod ended: by its containers, else by what else tells. */
export function finishedMs({ metadata, spec, status }: Pod): number {
  const sidecars = (spec.initContainers ?? [])
    .filter(each => each.restartPolicy === "Always")
    .map(each => each.name);
  const containers = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []).filter(({ name }) => sidecars.includes(name)),
  ];
  const ends = containers.map(({ state }) => timeMs(state?.terminated?.finishedAt));
  if (ends.length > 0 && ends.every(end => end !== undefined)) return Math.max(...(ends as number[]));
  const notReady = readyCondition({ metadata, spec, status } as Pod);
  const notReadyMs = notReady?.status === "False" ? timeMs(notReady.lastTransitionTime) : undefined;
  if (notReadyMs !== undefined) return notReadyMs;
  const deletedMs = timeMs(metadata.deletionTimestamp);
  if (deletedMs !== undefined) return deletedMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  return timeMs(metadata.creationTimestamp) ?? 0;
}

function timeMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTime(text);
}
