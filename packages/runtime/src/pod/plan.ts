/**
 * What to do next for a Pod, from what it should be and what the node sees. No I/O, no clock: a worker carries
 * the actions out, looks again and asks again, until there is nothing to do.
 *
 *   deleted or ended   stop containers -> remove the sandbox -> (deleted) forget
 *   no volumes         set them up, before anything else
 *   no sandbox         create it
 *   sandbox gone       stop containers -> create another
 *   init containers    one after the other; a sidecar only has to run
 *   containers         start those that never ran, and again those that the restartPolicy asks for, in their time;
 *                      stop those whose probes have failed
 */
import type { Container, Pod } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import type { BackOff } from "./back-off.ts";
import {
  type ContainerObservation,
  isChanged,
  isInitialized,
  isRunningNow,
  isSidecar,
  isStartedNow,
  type PodObservation,
  restartsAfter,
} from "./observation.ts";

export type Action =
  | { do: "set-up-volumes" }
  | { do: "create-sandbox" }
  | { do: "remove-sandbox" }
  | { do: "start"; container: Container; failedAtMs: number | undefined }
  /** `message`: of the event, when it is not simply stopped. */
  | { do: "stop"; container: Container; graceMs: number; message?: string }
  | { do: "forget" };

export interface Plan {
  actions: Action[];
  /** When to ask again although nothing has happened. */
  wakeAtMs: number | undefined;
  /** Containers in CrashLoopBackOff, until when. */
  backOffs: Map<string, number>;
}

export function plan(pod: Pod, seen: PodObservation, backOff: BackOff, nowMs: number): Plan {
  if (isDeleted(pod)) return only(ending(pod, seen) ?? { do: "forget" });
  if (seen.ended) return only(ending(pod, seen));
  if (seen.volumes === "wanted") return only({ do: "set-up-volumes" });
  // What runs goes on: after a restart of the daemon, until the control plane has told of the objects.
  if (seen.volumes === "blocked") return only(undefined);
  if (seen.sandbox.state === "none") return only({ do: "create-sandbox" });
  if (seen.sandbox.state === "gone") return only(stopAll(pod, seen) ?? { do: "create-sandbox" });
  return new Starting(pod, seen, backOff, nowMs).plan();
}

export function isDeleted(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** How long containers get between SIGTERM and SIGKILL. */
export function graceMs(pod: Pod): number {
  const { deletionGracePeriodSeconds } = pod.metadata;
  const seconds =
    (isDeleted(pod) ? deletionGracePeriodSeconds : undefined) ?? pod.spec.terminationGracePeriodSeconds;
  return Math.max(0, seconds ?? 30) * 1000;
}

export function allContainers(pod: Pod): Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

function only(actions: Action | Action[] | undefined): Plan {
  return { actions: actions === undefined ? [] : [actions].flat(), wakeAtMs: undefined, backOffs: new Map() };
}

/** Sidecars go last, one by one, backwards; what of the grace period the others took is gone for them. */
function stopAll(pod: Pod, seen: PodObservation): Action[] | undefined {
  const isRunning = ({ name }: Container): boolean => isRunningNow(seen.containers.get(name));
  const stop =
    (grace: number) =>
    (container: Container): Action => ({ do: "stop", container, graceMs: grace });
  const graceMsOfPod = graceMs(pod);
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).filter(isRunning);
  const others = allContainers(pod).filter(one => isRunning(one) && !sidecars.includes(one));
  // Without grace there is no order either.
  if (graceMsOfPod === 0 && others.length + sidecars.length > 0) return [...others, ...sidecars].map(stop(0));
  if (others.length > 0) return others.map(stop(graceMsOfPod));
  const leftMs = Math.max(graceMsOfPod - seen.stoppingForMs, Math.min(graceMsOfPod, LIMITS.leastGraceMs));
  return sidecars.length > 0 ? [stop(leftMs)(sidecars.at(-1)!)] : undefined;
}

function ending(pod: Pod, seen: PodObservation): Action[] | undefined {
  return stopAll(pod, seen) ?? (seen.sandbox.state === "none" ? undefined : [{ do: "remove-sandbox" }]);
}

class Starting {
  readonly #pod: Pod;
  readonly #seen: PodObservation;
  readonly #backOff: BackOff;
  readonly #nowMs: number;
  readonly #plan: Plan = only(undefined);

  constructor(pod: Pod, seen: PodObservation, backOff: BackOff, nowMs: number) {
    this.#pod = pod;
    this.#seen = seen;
    this.#backOff = backOff;
    this.#nowMs = nowMs;
  }

  plan(): Plan {
    if (this.#initContainers())
      for (const container of this.#pod.spec.containers) this.#startIfDue(container);
    return this.#plan;
  }

  /** Returns whether the containers may run. */
  #initContainers(): boolean {
    const initialized = isInitialized(this.#pod, this.#seen);
    for (const container of this.#pod.spec.initContainers ?? []) {
      if (isSidecar(container)) {
        this.#startIfDue(container);
        if (!initialized && !isStartedNow(this.#ofThisSandbox(container))) return false;
      } else if (!initialized) {
        if (this.#ofThisSandbox(container)?.current?.end?.exitCode === 0) continue;
        this.#startIfDue(container);
        return false;
      }
    }
    return true;
  }

  /** An init container's run in an earlier sandbox has prepared nothing for this one. */
  #ofThisSandbox({ name }: Container): ContainerObservation | undefined {
    const seen = this.#seen.containers.get(name);
    return seen?.current?.sandboxAttempt === this.#seen.sandbox.attempt ? seen : undefined;
  }

  #startIfDue(container: Container): void {
    const seen = this.#seen.containers.get(container.name);
    if (isRunningNow(seen)) {
      this.#stopIfFailed(container, seen!);
      return;
    }
    const problemUntil = seen?.problem?.retryAtMs ?? 0;
    if (problemUntil > this.#nowMs) {
      if (Number.isFinite(problemUntil)) this.#wakeAt(problemUntil);
      return;
    }
    const end = this.#ofThisSandbox(container)?.current?.end;
    if (!end) {
      // In another sandbox, an end still counts for a container that is not to run again.
      const earlier = this.#isInit(container) ? undefined : seen?.current?.end;
      if (earlier && !restartsAfter(this.#pod, container, earlier)) return;
      this.#plan.actions.push({ do: "start", container, failedAtMs: undefined });
      return;
    }
    const again =
      this.#isInit(container) && !isSidecar(container)
        ? this.#initRetries()
        : restartsAfter(this.#pod, container, end) || isChanged(container, seen);
    if (!again) return;
    const retryAtMs = this.#backOff.retryAtMs(container.name, end.finishedAtMs);
    if (retryAtMs > this.#nowMs) {
      this.#plan.backOffs.set(container.name, retryAtMs);
      this.#wakeAt(retryAtMs);
      return;
    }
    this.#plan.actions.push({ do: "start", container, failedAtMs: end.finishedAtMs });
  }

  #stopIfFailed(container: Container, seen: ContainerObservation): void {
    if (seen.current!.stopping) return;
    const failed = seen.probes?.failed;
    const changed = isChanged(container, seen);
    if (!changed && !failed) return;
    const what = changed ? "definition changed" : `failed ${failed} probe`;
    const restarts = changed || isSidecar(container) || this.#pod.spec.restartPolicy !== "Never";
    const message = `Container ${container.name} ${what}${restarts ? ", will be restarted" : ""}`;
    const probe = failed === "startup" ? container.startupProbe : container.livenessProbe;
    const graceOfProbe = changed ? undefined : probe?.terminationGracePeriodSeconds;
    const grace = graceOfProbe === undefined ? graceMs(this.#pod) : graceOfProbe * 1000;
    this.#plan.actions.push({ do: "stop", container, graceMs: grace, message });
  }

  #isInit(container: Container): boolean {
    return this.#pod.spec.initContainers?.includes(container) ?? false;
  }

  /** A failed init container is tried again unless the Pod never restarts anything. */
  #initRetries(): boolean {
    return this.#pod.spec.restartPolicy !== "Never";
  }

  #wakeAt(timeMs: number): void {
    this.#plan.wakeAtMs = Math.min(this.#plan.wakeAtMs ?? Number.POSITIVE_INFINITY, timeMs);
  }
}
