/**
 * Which Node a Pod gets; pure. Of those that fit: not one that it only tolerates, then one that it prefers, then the
 * one with the fewest Pods, then the first by name.
 */
import type { Node, Pod } from "@podwire/api";
import type { ClusterView } from "./cluster-view.ts";
import { isAvoided, misfits } from "./fit.ts";
import { nodePreference } from "./node-affinity.ts";
import { podAffinities } from "./pod-affinity.ts";
import { topologySpread } from "./topology-spread.ts";

export type Choice = { readonly node: string } | { readonly message: string };

export function choose(pod: Pod, nodes: readonly Node[], view: ClusterView): Choice {
  const affinities = podAffinities(pod, nodes, view);
  const surroundings = { view, affinities, spread: topologySpread(pod, nodes, view) };
  const reasons = new Map<string, number>();
  let best: Candidate | undefined;
  for (const node of nodes) {
    const why = misfits(pod, node, surroundings);
    for (const reason of why) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (why.length > 0) continue;
    const { name } = node.metadata;
    const preference = nodePreference(pod.spec, node) + affinities.preference(node);
    const candidate = {
      node: name,
      avoided: isAvoided(pod, node),
      preference,
      pods: view.placed(name).length,
    };
    if (best === undefined || compare(candidate, best) < 0) best = candidate;
  }
  return best ?? { message: failureMessage(nodes.length, reasons) };
}

type Candidate = { node: string; avoided: boolean; preference: number; pods: number };

function compare(a: Candidate, b: Candidate): number {
  if (a.avoided !== b.avoided) return a.avoided ? 1 : -1;
  if (a.preference !== b.preference) return b.preference - a.preference;
  if (a.pods !== b.pods) return a.pods - b.pods;
  return a.node < b.node ? -1 : 1;
}

/** Upstream's FitError: "0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable." */
function failureMessage(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${parts.join(", ")}.`;
}
