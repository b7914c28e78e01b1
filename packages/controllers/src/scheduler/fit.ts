/**
 * Whether a Pod may run on a Node, in the order and the words of upstream's filters; pure.
 * A Node that is not Ready counts as tainted node.kubernetes.io/not-ready, also before it is.
 */
import { type Node, type Pod, quantityNumber, type Taint, untoleratedTaint } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import { NOT_READY, readyCondition } from "../node-lifecycle/judge.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";

/** Undefined: it fits. Else why not, as it stands after a count: "2 node(s) were unschedulable". */
export function misfit(pod: Pod, node: Node, podsOnNode: number): string | undefined {
  const unschedulable: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const { tolerations } = pod.spec;
  if (node.spec.unschedulable && untoleratedTaint([unschedulable], tolerations, ["NoSchedule"])) {
    return "node(s) were unschedulable";
  }
  const taint = untoleratedTaint(taintsOf(node), tolerations, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  if (!matchesNodeAffinity(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
  return podsOnNode >= podCapacity(node) ? "Too many pods" : undefined;
}

/** Untolerated PreferNoSchedule taints: such a node is taken when no other is left. */
export function isAvoided(pod: Pod, node: Node): boolean {
  return untoleratedTaint(node.spec.taints, pod.spec.tolerations, ["PreferNoSchedule"]) !== undefined;
}

function taintsOf(node: Node): readonly Taint[] {
  const taints = node.spec.taints ?? [];
  const ready = readyCondition(node)?.status === "True";
  return ready ? taints : [...taints, { key: NOT_READY, effect: "NoSchedule" }];
}

function podCapacity({ status }: Node): number {
  const pods = status.allocatable?.pods ?? status.capacity?.pods;
  return pods === undefined ? LIMITS.podsPerNode : quantityNumber(pods);
}
