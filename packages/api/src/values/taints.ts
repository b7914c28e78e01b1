/** Taints keep Pods off a node; a Pod's tolerations let it on (component-helpers/scheduling/corev1). */
import type { Node } from "../core/node.ts";
import type { Pod } from "../core/pod.ts";
import type { Taint, Toleration } from "../core/scheduling.ts";

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  // An empty operator means Equal; an empty key with Exists matches every taint.
  if ((toleration.operator ?? "Equal") === "Exists") return true;
  return toleration.key !== undefined && (toleration.value ?? "") === (taint.value ?? "");
}

/** The first taint with one of these effects that no toleration covers. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly Taint["effect"][],
): Taint | undefined {
  return taints?.find(
    taint => effects.includes(taint.effect) && !tolerations?.some(each => tolerates(each, taint)),
  );
}

/** Whether a node's taints let a Pod be placed there; PreferNoSchedule only ranks. */
export function toleratesNode(pod: Pod, node: Node): boolean {
  return untoleratedTaint(node.spec.taints, pod.spec.tolerations, ["NoSchedule", "NoExecute"]) === undefined;
}
