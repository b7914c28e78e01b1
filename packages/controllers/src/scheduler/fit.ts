/**
 * Whether a Pod may run on a Node, in the order and the words of upstream's filters; pure.
 * A Node that is not Ready counts as tainted node.kubernetes.io/not-ready, also before it is.
 */
import {
  type LabelMatcher,
  matchesLabels,
  type Node,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type Pod,
  quantityNumber,
  type Taint,
  untoleratedTaint,
} from "@podwire/api";
import { LIMITS } from "../limits.ts";
import { NOT_READY, readyCondition } from "../node-lifecycle/judge.ts";

/** Undefined: it fits. Else why not, as it stands after a count: "2 node(s) were unschedulable". */
export function misfit(pod: Pod, node: Node, podsOnNode: number): string | undefined {
  const unschedulable: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const { tolerations } = pod.spec;
  if (node.spec.unschedulable && untoleratedTaint([unschedulable], tolerations, ["NoSchedule"])) {
    return "node(s) were unschedulable";
  }
  const taint = untoleratedTaint(taintsOf(node), tolerations, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  if (!matchesSelectors(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
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

function matchesSelectors({ spec }: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    selected && (required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(term, node)))
  );
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
