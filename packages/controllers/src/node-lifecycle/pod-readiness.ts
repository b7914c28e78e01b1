/**
 * The condition Ready of Pods whose node is not: False, with a reason that tells who wrote it, so that it can be taken
 * back when the node is heard again and has nothing new to say of the Pod; pure.
 */
import type { Pod, PodCondition } from "@podwire/api";
import { isReady } from "../workloads/pod-state.ts";

const REASON = "NodeNotReady";

export function isServing(pod: Pod): boolean {
  return isReady(pod);
}

export function wasMarked({ status }: Pod): boolean {
  return status.conditions?.some(({ type, reason }) => type === "Ready" && reason === REASON) === true;
}

export function marked({ status }: Pod, now: string): PodCondition[] {
  const ready: PodCondition = { type: "Ready", status: "False", reason: REASON, lastTransitionTime: now };
  const isToChange = (each: PodCondition) => each.type === "Ready" && each.status === "True";
  return (status.conditions ?? []).map(each => (isToChange(each) ? ready : each));
}

export function unmarked({ status }: Pod, now: string): PodCondition[] {
  const ready: PodCondition = { type: "Ready", status: "True", lastTransitionTime: now };
  const isToChange = (each: PodCondition) => each.type === "Ready" && each.reason === REASON;
  return (status.conditions ?? []).map(each => (isToChange(each) ? ready : each));
}
