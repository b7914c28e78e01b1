/** What a node sees of a Pod: the input of plan.ts and status.ts, which do no I/O. */
import type { Container, Pod } from "@podwire/api";
import type { RunEnd } from "../container/run.ts";
import type { ProbeState } from "../probe/container-probes.ts";

export interface Run {
  containerID: string;
  /** As the container's spec named it when it was started. */
  image: string;
  imageID: string;
  restartCount: number;
  sandboxAttempt: number;
  /** Undefined between the start of setup and the execution of the command. */
  startedAtMs: number | undefined;
  /** Undefined while it runs. */
  end: RunEnd | undefined;
  /** When SIGTERM was sent, or would have been. */
  stopping: boolean;
  /** Its postStart hook runs: until then it has not started for others. */
  inHook?: boolean;
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
  /** Infinite: not by time, but when an object that it names has appeared. */
  retryAtMs: number;
}

export interface ContainerObservation {
  current?: Run;
  previous?: Run;
  problem?: Problem;
  /** Of the present run, when it has probes. */
  probes?: ProbeState;
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
  /** `blocked`: the last attempt failed, and there is no reason yet for another. */
  volumes: "wanted" | "blocked" | "ready";
  sandbox: SandboxObservation;
  /** By name; init containers too: names are unique in a Pod. */
  containers: ReadonlyMap<string, ContainerObservation>;
  /** The phase has been Succeeded or Failed: it stays. */
  ended: boolean;
  /** How long the Pod has been on its way out; 0 before that. */
  stoppingForMs: number;
}

export type RestartPolicy = "Always" | "OnFailure" | "Never";

/** An init container with restartPolicy Always runs beside the containers: a sidecar. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function isRunningNow(seen: ContainerObservation | undefined): boolean {
  return seen?.current !== undefined && seen.current.end === undefined;
}

/** Running, past its postStart hook and its startup probe. */
export function isStartedNow(seen: ContainerObservation | undefined): boolean {
  const run = seen?.current;
  if (run?.startedAtMs === undefined || run.end || run.inHook) return false;
  return seen!.probes?.started ?? true;
}

/** The Pod names another image than the one that was started: the only part of a container that may change. */
export function isChanged(container: Container, seen: ContainerObservation | undefined): boolean {
  return seen?.current !== undefined && seen.current.image !== container.image;
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
    const ofContainer = seen.containers.get(container.name);
    const run = ofContainer?.current;
    if (run?.sandboxAttempt !== seen.sandbox.attempt) return false;
    return isSidecar(container) ? isStartedNow(ofContainer) : run.end?.exitCode === 0;
  });
}
