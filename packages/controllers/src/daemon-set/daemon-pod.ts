/**
 * The Pod of a DaemonSet for one node; pure (upstream: pkg/controller/daemon/util). It is bound by the scheduler,
 * which it tells the node through its affinity, and tolerates what a node may suffer from while it is needed most.
 */
import {
  type Affinity,
  type DaemonSet,
  kinds,
  type NewObject,
  type Node,
  type Pod,
  type PodSpec,
  type Toleration,
  untoleratedTaint,
} from "@podwire/api";
import { matchesNodeAffinity } from "../scheduler/node-affinity.ts";
import { podFromTemplate } from "../workloads/pod-control.ts";

export const HASH_LABEL = "controller-revision-hash";

const ALWAYS = [
  ["node.kubernetes.io/not-ready", "NoExecute"],
  ["node.kubernetes.io/unreachable", "NoExecute"],
  ["node.kubernetes.io/disk-pressure", "NoSchedule"],
  ["node.kubernetes.io/memory-pressure", "NoSchedule"],
  ["node.kubernetes.io/pid-pressure", "NoSchedule"],
  ["node.kubernetes.io/unschedulable", "NoSchedule"],
] as const;
const ON_HOST_NETWORK = ["node.kubernetes.io/network-unavailable", "NoSchedule"] as const;

export function daemonPod(set: DaemonSet, node: string, hash: string): NewObject<Pod> {
  const { metadata, spec } = podFromTemplate(set.spec.template, kinds.daemonSets, set);
  return {
    metadata: { ...metadata, labels: { ...metadata.labels, [HASH_LABEL]: hash } },
    spec: { ...spec, affinity: onNode(spec.affinity, node), tolerations: tolerationsOf(spec) },
  };
}

function tolerationsOf({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const added = [...ALWAYS, ...(hostNetwork ? [ON_HOST_NETWORK] : [])];
  const isAdded = (each: Toleration) =>
    added.some(([key, effect]) => each.key === key && each.effect === effect && each.operator === "Exists");
  return [
    ...tolerations.filter(each => !isAdded(each)),
    ...added.map(([key, effect]) => ({ key, operator: "Exists" as const, effect })),
  ];
}

/** Terms that the template has were met by the node already: this one takes their place. */
function onNode(affinity: Affinity | undefined, node: string): Affinity {
  const matchFields = [{ key: "metadata.name", operator: "In" as const, values: [node] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required },
  };
}

/** The node that a Pod is on or is meant for. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const { matchFields = [] } of terms ?? []) {
    const field = matchFields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}

/** `run`: has one. `keep`: gets none, keeps the one it has. `none`: has none. */
export function verdictFor({ spec: { template } }: DaemonSet, node: Node): "run" | "keep" | "none" {
  const spec: PodSpec = template.spec ?? { containers: [] };
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return "none";
  if (!matchesNodeAffinity(spec, node)) return "none";
  const tolerations = tolerationsOf(spec);
  if (untoleratedTaint(node.spec.taints, tolerations, ["NoSchedule", "NoExecute"]) === undefined)
    return "run";
  return untoleratedTaint(node.spec.taints, tolerations, ["NoExecute"]) === undefined ? "keep" : "none";
}
