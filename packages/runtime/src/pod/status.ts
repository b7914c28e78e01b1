/** PodStatus from what the node sees: phase, conditions and container statuses, as the kubelet computes them. */
import type { Container, ContainerStatus, Pod, PodStatus } from "@podwire/api";
import { conditions } from "./conditions.ts";
import { containerStatus, timestamp } from "./container-status.ts";
import { DEADLINE_MESSAGE } from "./events.ts";
import { isChanged, isInitialized, isRunningNow, isSidecar, type PodObservation } from "./observation.ts";
import { isDeleted } from "./plan.ts";

export interface StatusContext {
  hostIPs: readonly string[];
  startTimeMs: number;
  nowMs: number;
  /** What was reported before. */
  before: PodStatus | undefined;
}

export const DEADLINE_EXCEEDED = "DeadlineExceeded";

type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

interface Verdict {
  phase: Phase;
  reason?: string | undefined;
  message?: string | undefined;
}

export function podStatus(pod: Pod, seen: PodObservation, context: StatusContext): PodStatus {
  const initialized = isInitialized(pod, seen);
  const init = pod.spec.initContainers ?? [];
  const status = (container: Container, isInit: boolean): ContainerStatus =>
    containerStatus(container, seen.containers.get(container.name), {
      hasInit: init.length > 0,
      isInit,
      podName: podName(pod),
    });
  const initStatuses = init.map(container => status(container, !isSidecar(container)));
  const statuses = pod.spec.containers.map(container => status(container, false));
  const verdict = podVerdict(pod, seen, initStatuses, statuses, initialized, context);
  const { sandbox } = seen;
  const { podIPs } = sandbox;
  const { hostIPs, nowMs, before } = context;
  const sandboxReady = sandbox.state === "ready" && podIPs.length > 0;
  const { phase, reason, message } = verdict;
  return {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(pod, { phase, sandboxReady, initialized, initStatuses, statuses, nowMs, before }),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(hostIPs.length > 0 && { hostIP: hostIPs[0]! }),
    ...(hostIPs.length > 0 && { hostIPs: hostIPs.map(ip => ({ ip })) }),
    ...(podIPs.length > 0 && { podIP: podIPs[0]!, podIPs: podIPs.map(ip => ({ ip })) }),
    startTime: timestamp(context.startTimeMs),
    ...(init.length > 0 && { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: pod.status?.qosClass ?? "BestEffort",
  };
}

function podName(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

export function hasEnded(status: PodStatus | undefined): boolean {
  return endedPhase(status) !== undefined;
}

/** When a Pod has been active for as long as it may. */
export function deadlineMs(pod: Pod, startTimeMs: number): number | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  return activeDeadlineSeconds === undefined ? undefined : startTimeMs + activeDeadlineSeconds * 1000;
}

function endedPhase(status: PodStatus | undefined): "Succeeded" | "Failed" | undefined {
  return status?.phase === "Succeeded" || status?.phase === "Failed" ? status.phase : undefined;
}

/** A Pod that has ended stays so; one that is past its deadline has failed. */
function podVerdict(
  pod: Pod,
  seen: PodObservation,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  initialized: boolean,
  { before, nowMs, startTimeMs }: StatusContext,
): Verdict {
  const ended = endedPhase(before) ?? endedPhase(pod.status);
  if (ended) {
    const told = [before, pod.status].find(status => status?.phase === ended);
    return { phase: ended, reason: told?.reason, message: told?.message };
  }
  if ((deadlineMs(pod, startTimeMs) ?? Number.POSITIVE_INFINITY) <= nowMs) {
    return { phase: "Failed", reason: DEADLINE_EXCEEDED, message: DEADLINE_MESSAGE };
  }
  return { phase: podPhase(pod, seen, initStatuses, statuses, initialized) };
}

function podPhase(
  pod: Pod,
  seen: PodObservation,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  initialized: boolean,
): Phase {
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
  if (statuses.some(status => status.state?.running)) return "Running";
  if (pod.spec.containers.some(({ name }) => isRunningNow(seen.containers.get(name)))) return "Running";
  const isChanging = pod.spec.containers.some(one => isChanged(one, seen.containers.get(one.name)));
  if (isChanging && !isDeleted(pod)) return "Running";
  const restarts = !isDeleted(pod) && policy !== "Never";
  if (restarts && policy === "Always") return "Running";
  if (ends.every(end => end!.exitCode === 0)) return "Succeeded";
  return restarts ? "Running" : "Failed";
}
