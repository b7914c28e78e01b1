/** When the NoExecute taints of its node end a Pod's stay; pure (upstream: pkg/controller/tainteviction). */
import { parseTime, type Taint, type Toleration, tolerates } from "@podwire/api";

export function noExecute(taints: readonly Taint[] = []): Taint[] {
  return taints.filter(({ effect }) => effect === "NoExecute");
}

/**
 * In milliseconds since the epoch, from when each taint was added on; `seenMs` stands in for a taint that does not
 * say. Infinity: it may stay. A taint that nothing tolerates ends the stay at once.
 */
export function deadlineMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[] = [],
  seenMs: number,
): number {
  let deadline = Number.POSITIVE_INFINITY;
  for (const taint of noExecute(taints)) {
    const matching = tolerations.filter(each => tolerates(each, taint));
    if (matching.length === 0) return 0;
    const addedMs = parseTime(taint.timeAdded ?? "") ?? seenMs;
    // The first that tolerates a taint is the one that counts for it.
    const seconds = matching[0]!.tolerationSeconds;
    if (seconds !== undefined) deadline = Math.min(deadline, addedMs + Math.max(seconds, 0) * 1_000);
  }
  return deadline;
}
