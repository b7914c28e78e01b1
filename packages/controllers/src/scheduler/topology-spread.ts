/**
 * Pods that are to be spread evenly; pure (upstream: plugins/podtopologyspread, for whenUnsatisfiable DoNotSchedule).
 * With the Pod, a domain may have at most maxSkew more of the matching Pods than the domain that has fewest.
 */
import {
  labelMatcher,
  matchesLabels,
  type Node,
  type Pod,
  type TopologySpreadConstraint,
  toleratesNode,
} from "@podwire/api";
import type { ClusterView } from "./cluster-view.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import { sameValues } from "./pod-affinity.ts";

export interface TopologySpread {
  misfit(node: Node): string | undefined;
}

const UNEVEN = "node(s) didn't match pod topology spread constraints";
const UNLABELLED = `${UNEVEN} (missing required label)`;

export function topologySpread(pod: Pod, nodes: readonly Node[], view: ClusterView): TopologySpread {
  const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
    each => each.whenUnsatisfiable === "DoNotSchedule",
  );
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  const labelled = nodes.filter(node => keys.every(key => node.metadata.labels?.[key] !== undefined));
  const domains = constraints.map(constraint => countDomains(constraint, pod, labelled, view));
  return {
    misfit: node => {
      for (const [at, { topologyKey, maxSkew, minDomains = 1 }] of constraints.entries()) {
        const value = node.metadata.labels?.[topologyKey];
        if (value === undefined) return UNLABELLED;
        const { counts, isOwnKind } = domains[at]!;
        const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
        if ((counts.get(value) ?? 0) + (isOwnKind ? 1 : 0) - least > maxSkew) return UNEVEN;
      }
      return undefined;
    },
  };
}

function countDomains(
  constraint: TopologySpreadConstraint,
  pod: Pod,
  nodes: readonly Node[],
  view: ClusterView,
): { counts: Map<string, number>; isOwnKind: boolean } {
  const { topologyKey, labelSelector, matchLabelKeys = [] } = constraint;
  const selector = labelMatcher(labelSelector);
  const matcher = selector && [...selector, ...sameValues(matchLabelKeys, pod.metadata.labels, "in")];
  const matches = ({ metadata }: Pod) =>
    matcher !== undefined &&
    metadata.namespace === pod.metadata.namespace &&
    matchesLabels(matcher, metadata.labels);
  const counts = new Map<string, number>();
  for (const node of nodes) {
    if (!isCounted(constraint, pod, node)) continue;
    const value = node.metadata.labels![topologyKey]!;
    const there = view.placed(node.metadata.name);
    const found = there.filter(each => each.metadata.deletionTimestamp === undefined && matches(each)).length;
    counts.set(value, (counts.get(value) ?? 0) + found);
  }
  return { counts, isOwnKind: matches(pod) };
}

/** Nodes that the Pod could not be on make no domain, unless the constraint says so. */
function isCounted(
  { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" }: TopologySpreadConstraint,
  pod: Pod,
  node: Node,
): boolean {
  if (nodeAffinityPolicy === "Honor" && !matchesNodeAffinity(pod.spec, node)) return false;
  return nodeTaintsPolicy !== "Honor" || toleratesNode(pod, node);
}
