/**
 * What a Node's condition Ready and its taints should be, given when it was heard last; pure.
 *
 *   heard, and it says it can run pods   Ready=True     no taint of ours
 *   heard, and it says why it cannot     Ready=False    node.kubernetes.io/not-ready
 *   silent                               Ready=Unknown  node.kubernetes.io/unreachable
 */
import type { Node, NodeCondition, Taint } from "@podwire/api";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";

export interface Observation {
  readonly nowMs: number;
  /** The last heartbeat; without one, since when it could have come. */
  readonly heardAtMs: number;
  /** Undefined: never heard by this process. */
  readonly notReady: string | undefined;
  readonly silenceMs: number;
}

export type Verdict = Pick<NodeCondition, "status" | "reason" | "message">;

/** Undefined: too early to say anything. */
export function judge(
  node: Node,
  { nowMs, heardAtMs, notReady, silenceMs }: Observation,
): Verdict | undefined {
  const silentMs = nowMs - heardAtMs;
  if (silentMs >= silenceMs) {
    const reported = readyCondition(node) !== undefined;
    const reason = reported ? "NodeStatusUnknown" : "NodeStatusNeverUpdated";
    const message = reported
      ? "Node daemon stopped posting node status."
      : "Node daemon never posted node status.";
    return { status: "Unknown", reason, message };
  }
  if (notReady === undefined) return undefined;
  if (notReady !== "") return { status: "False", reason: "KubeletNotReady", message: notReady };
  return { status: "True", reason: "KubeletReady", message: "node daemon is posting ready status" };
}

export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status.conditions?.find(({ type }) => type === "Ready");
}

export function agrees(node: Node, verdict: Verdict): boolean {
  const condition = readyCondition(node);
  const same = condition?.status === verdict.status && condition.message === verdict.message;
  // What was never reported stays that way, whatever it is called afterwards.
  const bothUnknown = condition?.status === "Unknown" && verdict.status === "Unknown";
  return (same || bothUnknown) && taintsAgree(node, verdict);
}

/** Conditions with Ready as judged; `now` is a timestamp of Kubernetes. */
export function withReady(node: Node, verdict: Verdict, now: string): NodeCondition[] {
  const before = readyCondition(node);
  const changed = before?.status !== verdict.status;
  const lastTransitionTime = changed ? now : (before?.lastTransitionTime ?? now);
  const heard = verdict.status !== "Unknown";
  const lastHeartbeatTime = heard ? now : (before?.lastHeartbeatTime ?? now);
  const ready: NodeCondition = { type: "Ready", ...verdict, lastHeartbeatTime, lastTransitionTime };
  const others = (node.status.conditions ?? []).filter(({ type }) => type !== "Ready");
  return [...others, ready];
}

/** What kubelets say of their resources, said for daemons that are heard; nothing here is ever short. */
const PRESSURES = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
] as const;

/** All four conditions of a Node. */
export function withConditions(node: Node, verdict: Verdict, now: string): NodeCondition[] {
  const pressures = PRESSURES.map(([type, reason, message]): NodeCondition => {
    const before = node.status.conditions?.find(each => each.type === type);
    const isHeard = verdict.status !== "Unknown";
    const status = isHeard ? "False" : "Unknown";
    return {
      type,
      status,
      lastHeartbeatTime: isHeard ? now : (before?.lastHeartbeatTime ?? now),
      lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? now) : now,
      ...(isHeard ? { reason, message } : { reason: verdict.reason!, message: verdict.message! }),
    };
  });
  const others = withReady(node, verdict, now).filter(({ type }) =>
    PRESSURES.every(([name]) => name !== type),
  );
  return [...pressures, ...others];
}

const KEYS: Record<string, string | undefined> = { True: undefined, False: NOT_READY, Unknown: UNREACHABLE };
const EFFECTS = ["NoSchedule", "NoExecute"] as const;

export function taintsAgree(node: Node, verdict: Verdict): boolean {
  const wanted = KEYS[verdict.status];
  const ours = (node.spec.taints ?? []).filter(isOurs);
  if (wanted === undefined) return ours.length === 0;
  const has = (effect: string) => ours.some(taint => taint.key === wanted && taint.effect === effect);
  return ours.length === EFFECTS.length && EFFECTS.every(has);
}

/** Other people's taints stay. */
export function withTaints(node: Node, verdict: Verdict, now: string): Taint[] {
  const others = (node.spec.taints ?? []).filter(taint => !isOurs(taint));
  const key = KEYS[verdict.status];
  const ours = key === undefined ? [] : EFFECTS.map(effect => ({ key, effect, timeAdded: now }));
  return [...others, ...ours];
}

function isOurs({ key }: Taint): boolean {
  return key === NOT_READY || key === UNREACHABLE;
}
