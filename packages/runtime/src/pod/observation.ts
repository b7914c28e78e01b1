/** What a node sees of a Pod: the input of plan.ts and status.ts, which do no I/O. */
import type { Container, Pod } from "@podwire/api";
import type { RunEnd } from "../container/run.ts";

export interface Run {
  containerID: string;
  imageID: string;
  restartCount: number;
  sandboxAttempt: number;
  /** Undefined between the start of setup and the execution of the command. */
  startedAtMs: number | undefined;
  /** Undefined while it runs. */
  end: RunEnd | undefined;
  /** When SIGTERM was sent, or would have been. */
  stopping: boolean;
}

/** Why a container cannot be started at present. */
export interface Problem {
  reason:
    | "ErrImagePull"
    | "ImagePullBackOff"
    | "ErrImageNeverPull"
    | "InvalidImageName"
    | "CreateContainerConfigError"
    | "CreateContainerError";
  message: string;
  retryAtMs: number;
}

export interface ContainerObservation {
  current?: Run;
  previous?: Run;
  problem?: Problem;
  /** While CrashLoopBackOff holds it. */
  backOff?: { untilMs: number; delayMs: number };
}

export interface SandboxObservation {
  /** `gone`: its holder was killed. */
  state: "none" | "ready" | "gone";
  attempt: number;
  podIPs: readonly string[];
}

export interface PodObservation {
  sandbox: SandboxObservation;
  /** By name; init containers too: names are unique in a Pod. */
  containers: ReadonlyMap<string, ContainerObservation>;
  /** The phase has been Succeeded or Failed: it stays. */
  ended: boolean;
}

export type RestartPolicy = "Always" | "OnFailure" | "Never";

/** An init container with restartPolicy Always runs beside the containers: a sidecar. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function isRunningNow(seen: ContainerObservation | undefined): boolean {
  return seen?.current !== undefined && seen.current.end === undefined;
}

/** Whether the Pod's policy asks for another run after this end. */
export function restartsAfter(pod: Pod, container: Container, end: RunEnd): boolean {
  const policy: RestartPolicy = isSidecar(container) ? "Always" : (pod.spec.restartPolicy ?? "Always");
  return policy === "Always" || (policy === "OnFailure" && end.exitCode !== 0);
}

/** The init containers have done their work, in this sandbox, or the containers have once been started. */
export function isInitialized(pod: Pod, seen: PodObservation): boolean {
  const anyStarted = pod.spec.containers.some(({ name }) => {
    const run = seen.containers.get(name)?.current;
    return run !== undefined && run.sandboxAttempt === seen.sandbox.attempt;
  });
  if (anyStarted) return true;
  return (pod.spec.initContainers ?? []).every(container => {
    const run = seen.containers.get(container.name)?.current;
    if (run?.sandboxAttempt !== seen.sandbox.attempt) return false;
    return isSidecar(container) ? run.startedAtMs !== undefined && !run.end : run.end?.exitCode === 0;
  });
}
