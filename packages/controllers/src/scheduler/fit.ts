/**
 * Whether a Pod may run on a Node, in the order and the words of upstream's filters; pure.
 * A Node that is not Ready counts as tainted node.kubernetes.io/not-ready, also before it is.
 */
import { type Node, type Pod, type Taint, untoleratedTaint } from "@podwire/api";
import { NOT_READY, readyCondition } from "../node-lifecycle/judge.ts";
import type { ClusterView } from "./cluster-view.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import type { PodAffinities } from "./pod-affinity.ts";
import { portsAreFree, shortages } from "./requests.ts";
import type { TopologySpread } from "./topology-spread.ts";

export interface Surroundings {
  readonly view: ClusterView;
  readonly affinities: PodAffinities;
  readonly spread: TopologySpread;
}

/** None: it fits. Else why not, as it stands after a count: "2 node(s) were unschedulable". */
export function misfits(pod: Pod, node: Node, { view, affinities, spread }: Surroundings): string[] {
  const unschedulable: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const { tolerations } = pod.spec;
  if (node.spec.unschedulable && untoleratedTaint([unschedulable], tolerations, ["NoSchedule"])) {
    return ["node(s) were unschedulable"];
  }
  const taint = untoleratedTaint(taintsOf(node), tolerations, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  if (!matchesNodeAffinity(pod.spec, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const placed = view.placed(node.metadata.name);
  if (!portsAreFree(pod, placed)) return ["node(s) didn't have free ports for the requested pod ports"];
  const short = shortages(pod, node, placed);
  if (short.length > 0) return short;
  const why = spread.misfit(node) ?? affinities.misfit(node);
  return why === undefined ? [] : [why];
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
