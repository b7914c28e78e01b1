/** The conditions of a Pod that its node decides, as pkg/kubelet/status/generate.go upstream. */
import type { ContainerStatus, Pod, PodCondition, PodStatus } from "@podwire/api";
import { timestamp } from "./container-status.ts";
import { isSidecar } from "./observation.ts";

export interface ConditionContext {
  phase: string;
  /** The sandbox stands and has its network. */
  sandboxReady: boolean;
  /** The init containers have done their work, or the containers have once been started. */
  initialized: boolean;
  initStatuses: readonly ContainerStatus[];
  statuses: readonly ContainerStatus[];
  nowMs: number;
  /** What was reported before: transition times of conditions that did not change are kept. */
  before: PodStatus | undefined;
}

interface Verdict {
  holds: boolean;
  reason?: string;
  message?: string;
}

const HOLDS: Verdict = { holds: true };

export function conditions(pod: Pod, context: ConditionContext): PodCondition[] {
  const containersReady = containersReadyVerdict(pod, context);
  const ready = containersReady.holds ? gatesVerdict(pod) : containersReady;
  const scheduled = pod.status?.conditions?.find(one => one.type === "PodScheduled");
  return [
    condition(pod, "PodReadyToStartContainers", { holds: context.sandboxReady }, context),
    condition(pod, "Initialized", initializedVerdict(pod, context), context),
    condition(pod, "Ready", ready, context),
    condition(pod, "ContainersReady", containersReady, context),
    scheduled ?? condition(pod, "PodScheduled", HOLDS, context),
  ];
}

function initializedVerdict(pod: Pod, { phase, initialized, initStatuses }: ConditionContext): Verdict {
  if (phase === "Succeeded") return { holds: true, reason: "PodCompleted" };
  if (initialized) return HOLDS;
  const incomplete = initStatuses.filter((status, index) =>
    isSidecar(pod.spec.initContainers![index]!) ? !status.started : !status.ready,
  );
  return {
    holds: false,
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: ${names(incomplete)}`,
  };
}

function containersReadyVerdict(pod: Pod, { phase, initStatuses, statuses }: ConditionContext): Verdict {
  if (phase === "Succeeded") return { holds: false, reason: "PodCompleted" };
  if (phase === "Failed") return { holds: false, reason: "PodFailed" };
  const sidecars = initStatuses.filter((_, index) => isSidecar(pod.spec.initContainers![index]!));
  const unready = [...sidecars, ...statuses].filter(status => !status.ready);
  if (unready.length === 0) return HOLDS;
  const message = `containers with unready status: ${names(unready)}`;
  return { holds: false, reason: "ContainersNotReady", message };
}

/** Conditions that others than the node set, which the Pod names as part of being ready. */
function gatesVerdict(pod: Pod): Verdict {
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const status = pod.status?.conditions?.find(one => one.type === conditionType)?.status;
    if (status === undefined) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (status !== "True") {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${status}`);
    }
  }
  if (messages.length === 0) return HOLDS;
  return { holds: false, reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function condition(pod: Pod, type: string, verdict: Verdict, context: ConditionContext): PodCondition {
  const status = verdict.holds ? "True" : "False";
  const before = context.before?.conditions?.find(one => one.type === type);
  const isSame = before?.status === status && before.lastTransitionTime;
  const { generation } = pod.metadata;
  return {
    type,
    ...(generation !== undefined && { observedGeneration: generation }),
    status,
    lastTransitionTime: isSame ? before.lastTransitionTime : timestamp(context.nowMs),
    ...(verdict.reason !== undefined && { reason: verdict.reason }),
    ...(verdict.message !== undefined && { message: verdict.message }),
  };
}

/** As Go prints a list of strings. */
function names(statuses: readonly ContainerStatus[]): string {
  return `[${statuses.map(status => status.name).join(" ")}]`;
}
