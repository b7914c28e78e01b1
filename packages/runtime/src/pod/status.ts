/** PodStatus from what the node sees: phase, conditions and container statuses, as the kubelet computes them. */
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from "@podwire/api";
import { containerStatus, timestamp } from "./container-status.ts";
import { isInitialized, isSidecar, type PodObservation } from "./observation.ts";

export interface StatusContext {
  hostIPs: readonly string[];
  startTimeMs: number;
  nowMs: number;
  /** What was reported before: transition times of conditions that did not change are kept. */
  before: PodStatus | undefined;
}

export function podStatus(pod: Pod, seen: PodObservation, context: StatusContext): PodStatus {
  const initialized = isInitialized(pod, seen);
  const status = (container: Container, waitsForInit: boolean): ContainerStatus =>
    containerStatus(container, seen.containers.get(container.name), { waitsForInit, podName: podName(pod) });
  const init = pod.spec.initContainers ?? [];
  const initContainerStatuses = init.map((container, index) => status(container, index > 0 && !initialized));
  const containerStatuses = pod.spec.containers.map(container =>
    status(container, !initialized && init.length > 0),
  );
  const phase =
    endedPhase(context.before) ?? podPhase(pod, initContainerStatuses, containerStatuses, initialized);
  const { podIPs } = seen.sandbox;
  return {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(pod, phase, initialized, seen, initContainerStatuses, containerStatuses, context),
    ...(context.hostIPs.length > 0 && { hostIP: context.hostIPs[0]! }),
    ...(context.hostIPs.length > 0 && { hostIPs: context.hostIPs.map(ip => ({ ip })) }),
    ...(podIPs.length > 0 && { podIP: podIPs[0]!, podIPs: podIPs.map(ip => ({ ip })) }),
    startTime: timestamp(context.startTimeMs),
    ...(init.length > 0 && { initContainerStatuses }),
    containerStatuses,
    qosClass: pod.status?.qosClass ?? "BestEffort",
  };
}

export function podName(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

export function hasEnded(status: PodStatus | undefined): boolean {
  return endedPhase(status) !== undefined;
}

function endedPhase(status: PodStatus | undefined): "Succeeded" | "Failed" | undefined {
  return status?.phase === "Succeeded" || status?.phase === "Failed" ? status.phase : undefined;
}

function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  initialized: boolean,
): "Pending" | "Running" | "Succeeded" | "Failed" {
  const policy = pod.spec.restartPolicy ?? "Always";
  if (!initialized) {
    const failed = initStatuses.some((status, index) => {
      const code = status.state?.terminated?.exitCode;
      return code !== undefined && code !== 0 && !isSidecar(pod.spec.initContainers![index]!);
    });
    return failed && policy === "Never" ? "Failed" : "Pending";
  }
  // Waiting for its next run counts as stopped; waiting for its first keeps the Pod Pending.
  const ends = statuses.map(status => status.state?.terminated ?? status.lastState?.terminated);
  if (statuses.some((status, index) => !status.state?.running && !ends[index])) return "Pending";
  if (statuses.some(status => status.state?.running) || policy === "Always") return "Running";
  if (ends.every(end => end!.exitCode === 0)) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function conditions(
  pod: Pod,
  phase: string,
  initialized: boolean,
  seen: PodObservation,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  context: StatusContext,
): PodCondition[] {
  const completed = phase === "Succeeded";
  const unready = statuses.filter(status => !status.ready).map(status => status.name);
  const incomplete = initStatuses.filter(status => status.state?.terminated?.exitCode !== 0 && !status.ready);
  const notInitialized: Verdict = {
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.map(status => status.name).join(" ")}]`,
  };
  const notReady: Verdict = completed
    ? { reason: "PodCompleted" }
    : phase === "Failed"
      ? { reason: "PodFailed" }
      : { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
  const initVerdict = initialized || completed ? true : notInitialized;
  const readyVerdict = unready.length === 0 ? true : notReady;
  const verdicts: [string, true | Verdict][] = [
    [
      "PodReadyToStartContainers",
      seen.sandbox.state === "ready" && seen.sandbox.podIPs.length > 0 ? true : {},
    ],
    [
      "Initialized",
      completed && initVerdict === true ? { reason: "PodCompleted", holds: true } : initVerdict,
    ],
    ["Ready", readyVerdict],
    ["ContainersReady", readyVerdict],
  ];
  const scheduled = pod.status?.conditions?.find(condition => condition.type === "PodScheduled");
  return [
    ...verdicts.map(([type, verdict]) => condition(type, verdict, context)),
    scheduled ?? condition("PodScheduled", true, context),
  ];
}

interface Verdict {
  reason?: string;
  message?: string;
  /** A reason may also be given for what holds. */
  holds?: boolean;
}

function condition(type: string, verdict: true | Verdict, context: StatusContext): PodCondition {
  const status = verdict === true || verdict.holds ? "True" : "False";
  const before = context.before?.conditions?.find(one => one.type === type);
  const lastTransitionTime =
    before?.status === status && before.lastTransitionTime
      ? before.lastTransitionTime
      : timestamp(context.nowMs);
  const { reason, message } = verdict === true ? {} : verdict;
  return {
    type,
    status,
    lastTransitionTime,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
