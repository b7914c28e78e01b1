/** Whether a node is one that a Pod's nodeSelector and node affinity ask for (component-helpers nodeaffinity); pure. */
import {
  type LabelMatcher,
  matchesLabels,
  type Node,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type PodSpec,
} from "@podwire/api";

export function matchesNodeAffinity(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    selected && (required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(term, node)))
  );
}

/** The weights of the preferences that the node meets. */
export function nodePreference(spec: PodSpec, node: Node): number {
  const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** Requirements of a term must all hold; a term without any matches nothing, as upstream. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { "metadata.name": node.metadata.name };
  return (
    matchesLabels(matcher(matchExpressions), node.metadata.labels) &&
    matchesLabels(matcher(matchFields), fields)
  );
}

const OPERATORS = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
} as const;

function matcher(requirements: readonly NodeSelectorRequirement[]): LabelMatcher {
  return requirements.map(({ key, operator, values = [] }) => ({
    key,
    operator: OPERATORS[operator],
    values,
  }));
}
