/**
 * Pods that want to be near or far from others; pure (upstream: plugins/interpodaffinity). "Near" is where nodes have
 * the same value of a label, the topology key. What is found of the Pods that are placed is counted once for a
 * decision, by key and value, and then asked for each node.
 */
import {
  type LabelRequirement,
  type Labels,
  labelMatcher,
  matchesLabels,
  type Node,
  type Pod,
  type PodAffinityTerm,
} from "@podwire/api";
import type { ClusterView } from "./cluster-view.ts";

export interface PodAffinities {
  /** Why the node is not one for the Pod. */
  misfit(node: Node): string | undefined;
  /** How much the Pod would like it there. */
  preference(node: Node): number;
}

const ANTI = "node(s) didn't match pod anti-affinity rules";
const NEAR = "node(s) didn't match pod affinity rules";
const EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules";

export function podAffinities(pod: Pod, nodes: readonly Node[], view: ClusterView): PodAffinities {
  const near = required(pod, "podAffinity");
  const far = required(pod, "podAntiAffinity");
  const [nearCounts, farCounts, existing, liked] = [new Counts(), new Counts(), new Counts(), new Counts()];
  const preferred = preferredTerms(pod);
  for (const node of nodes) {
    for (const other of view.placed(node.metadata.name)) {
      const matches = (term: PodAffinityTerm) => matchesTerm(term, pod, other, view);
      if (near.length > 0 && near.every(matches)) for (const term of near) nearCounts.add(term, node);
      for (const term of far) if (matches(term)) farCounts.add(term, node);
      for (const { term, weight } of preferred) if (matches(term)) liked.add(term, node, weight);
      for (const term of required(other, "podAntiAffinity")) {
        if (matchesTerm(term, other, pod, view)) existing.add(term, node);
      }
    }
  }
  // The first of a series that wants to be near itself has nobody to be near.
  const isFirst = nearCounts.isEmpty && near.every(term => matchesTerm(term, pod, pod, view));
  return {
    misfit: node => {
      const isNear = (term: PodAffinityTerm) =>
        node.metadata.labels?.[term.topologyKey] !== undefined && (isFirst || nearCounts.at(term, node) > 0);
      if (!near.every(isNear)) return NEAR;
      if (far.some(term => farCounts.at(term, node) > 0)) return ANTI;
      return existing.matches(node) ? EXISTING : undefined;
    },
    preference: node =>
      [...new Set(preferred.map(({ term }) => term.topologyKey))]
        .map(topologyKey => liked.at({ topologyKey }, node))
        .reduce((sum, weight) => sum + weight, 0),
  };
}

type Which = "podAffinity" | "podAntiAffinity";

function required({ spec }: Pod, which: Which): readonly PodAffinityTerm[] {
  return spec.affinity?.[which]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function preferredTerms({ spec }: Pod): { term: PodAffinityTerm; weight: number }[] {
  const terms = (which: Which, sign: 1 | -1) =>
    (spec.affinity?.[which]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight: sign * weight }),
    );
  return [...terms("podAffinity", 1), ...terms("podAntiAffinity", -1)];
}

/** Whether the term, of `owner`, means `other`. */
function matchesTerm(term: PodAffinityTerm, owner: Pod, other: Pod, view: ClusterView): boolean {
  const selector = labelMatcher(term.labelSelector);
  if (selector === undefined || !isInNamespaces(term, owner, other, view)) return false;
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const byKeys = [
    ...sameValues(matchLabelKeys, owner.metadata.labels, "in"),
    ...sameValues(mismatchLabelKeys, owner.metadata.labels, "notin"),
  ];
  return matchesLabels([...selector, ...byKeys], other.metadata.labels);
}

/** Requirements that a label be, or not be, as it is in `labels`; of those that are there. */
export function sameValues(
  keys: readonly string[],
  labels: Labels | undefined,
  operator: "in" | "notin",
): LabelRequirement[] {
  return keys
    .filter(key => labels?.[key] !== undefined)
    .map(key => ({ key, operator, values: [labels![key]!] }));
}

function isInNamespaces(
  { namespaces = [], namespaceSelector }: PodAffinityTerm,
  owner: Pod,
  { metadata }: Pod,
  view: ClusterView,
): boolean {
  const selector = labelMatcher(namespaceSelector);
  if (selector === undefined && namespaces.length === 0)
    return owner.metadata.namespace === metadata.namespace;
  if (namespaces.includes(metadata.namespace)) return true;
  return selector !== undefined && matchesLabels(selector, view.namespaceLabels(metadata.namespace));
}

/** Numbers by topology: what label, and which value of it. */
class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add({ topologyKey }: Pick<PodAffinityTerm, "topologyKey">, { metadata }: Node, amount = 1): void {
    const value = metadata.labels?.[topologyKey];
    if (value === undefined) return;
    const values = this.#counts.get(topologyKey) ?? new Map<string, number>();
    this.#counts.set(topologyKey, values.set(value, (values.get(value) ?? 0) + amount));
  }

  at({ topologyKey }: Pick<PodAffinityTerm, "topologyKey">, { metadata }: Node): number {
    return this.#counts.get(topologyKey)?.get(metadata.labels?.[topologyKey] ?? "") ?? 0;
  }

  /** Whether anything was counted where the node is. */
  matches(node: Node): boolean {
    return [...this.#counts.keys()].some(topologyKey => this.at({ topologyKey }, node) > 0);
  }
}
