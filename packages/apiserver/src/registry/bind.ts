/** Binding: a Pod is given its node, once. */
import { type ApiError, conflict, formatTime, type Pod } from "@podwire/api";

/** Changes a copy of the stored Pod. */
export function bindPod(pod: Pod, nodeName: string, nowMs: number): Pod {
  const { name, deletionTimestamp } = pod.metadata;
  const refuse = (why: string): ApiError => conflict({ group: "", plural: "pods/binding" }, name, why);
  if (deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = nodeName;
  const others = (pod.status.conditions ?? []).filter(each => each.type !== "PodScheduled");
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: formatTime(nowMs) } as const;
  pod.status.conditions = [...others, scheduled];
  return pod;
}
