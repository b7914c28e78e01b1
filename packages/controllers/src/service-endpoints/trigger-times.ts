/**
 * When what a write of endpoints answers to has happened: the earliest of the changes of readiness, and of the Service's
 * creation, that no write has answered to yet (upstream: k8s.io/endpointslice, util/trigger_time_tracker.go). Who
 * measures how fast endpoints follow (SIG Scalability) reads it off the objects.
 */
import { formatTime, type Pod, parseTime, type Service } from "@podwire/api";
import { keyOf } from "@podwire/client";
import { LAST_CHANGE } from "./names.ts";
import { factsOf } from "./pod-facts.ts";

export class TriggerTimes {
  /** By Service: the times that were seen last, of the Service and of each Pod by name. */
  readonly #seen = new Map<string, { createdMs: number; podsMs: ReadonlyMap<string, number> }>();

  /** Undefined: nothing that tells its time has changed. */
  next(service: Service, pods: readonly Pod[]): number | undefined {
    const key = keyOf(service.metadata);
    const createdMs = parseTime(service.metadata.creationTimestamp) ?? 0;
    const seen = this.#seen.get(key);
    const podsMs = new Map<string, number>();
    let earliestMs: number | undefined;
    for (const pod of pods) {
      const readyMs = factsOf(pod).readinessMs;
      if (readyMs === undefined) continue;
      const { name } = pod.metadata;
      podsMs.set(name, readyMs);
      if (readyMs > (seen?.podsMs.get(name) ?? 0)) earliestMs = Math.min(earliestMs ?? readyMs, readyMs);
    }
    this.#seen.set(key, { createdMs, podsMs });
    if (seen === undefined) return createdMs;
    return createdMs > seen.createdMs ? Math.min(earliestMs ?? createdMs, createdMs) : earliestMs;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}

/** The annotations with the time in them; without one, without. */
export function withTriggerTime(
  annotations: Readonly<Record<string, string>> | undefined,
  triggerMs: number | undefined,
): Record<string, string> | undefined {
  const { [LAST_CHANGE]: _, ...rest } = annotations ?? {};
  const next = triggerMs === undefined ? rest : { ...rest, [LAST_CHANGE]: formatTime(triggerMs) };
  return Object.keys(next).length > 0 ? next : undefined;
}
