/** Which Node a Pod gets: of those that fit, the one with the fewest Pods; pure. */
import type { Node, Pod } from "@podwire/api";
import { isAvoided, misfit } from "./fit.ts";

export type Choice = { readonly node: string } | { readonly message: string };

/** `podsOn` counts the Pods of a Node, those just placed included. Equal Nodes are taken in the order of names. */
export function choose(pod: Pod, nodes: readonly Node[], podsOn: (node: string) => number): Choice {
  const reasons = new Map<string, number>();
  let best: { node: string; avoided: boolean; pods: number } | undefined;
  for (const node of nodes) {
    const { name } = node.metadata;
    const pods = podsOn(name);
    const reason = misfit(pod, node, pods);
    if (reason !== undefined) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      continue;
    }
    const candidate = { node: name, avoided: isAvoided(pod, node), pods };
    if (best === undefined || compare(candidate, best) < 0) best = candidate;
  }
  return best ?? { message: failureMessage(nodes.length, reasons) };
}

type Candidate = { node: string; avoided: boolean; pods: number };

function compare(a: Candidate, b: Candidate): number {
  if (a.avoided !== b.avoided) return a.avoided ? 1 : -1;
  if (a.pods !== b.pods) return a.pods - b.pods;
  return a.node < b.node ? -1 : 1;
}

/** Upstream's FitError: "0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable." */
function failureMessage(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${parts.join(", ")}.`;
}
