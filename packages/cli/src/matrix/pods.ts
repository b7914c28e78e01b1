/**
 * Which pods the matrix measures, and as whom their packets may be seen. A pod with a network of its own is seen
 * as its own addresses. A pod of `hostNetwork` is its node: seen as an InternalIP, or, by pods, as the node's address
 * in the overlay, the first of its pod CIDRs.
 */
import { kinds, type LabelMatcher, type Node, type Pod } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { formatAddress } from "@podwire/wire/address";
import { nthAddress, parseCidr } from "@podwire/wire/cidr";
import type { MatrixPod } from "./model.ts";

/** Every pod runs a process for the matrix, and paths grow with the square: of more pods, a sample is measured. */
export const MAX_PODS = 64;

export interface MatrixSelection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labels?: LabelMatcher | undefined;
}

export interface Chosen {
  readonly pods: readonly MatrixPod[];
  /** How many pods run; more than `pods` when these are a sample. */
  readonly running: number;
}

export async function choosePods(client: ApiClient, selection: MatrixSelection): Promise<Chosen> {
  const [pods, nodes] = await Promise.all([client.list(kinds.pods, selection), client.list(kinds.nodes)]);
  const running = pods.items.filter(isRunning).map(pod => matrixPod(pod, nodes.items));
  return { pods: sample(running, MAX_PODS), running: running.length };
}

/** Pods with addresses in which commands can run. */
function isRunning({ metadata, status }: Pod): boolean {
  const runs = status.phase === "Running" && metadata.deletionTimestamp === undefined;
  return runs && (status.podIPs?.length ?? 0) > 0;
}

function matrixPod({ metadata, spec, status }: Pod, nodes: readonly Node[]): MatrixPod {
  const addresses = (status.podIPs ?? []).map(({ ip }) => ip);
  const node = nodes.find(each => each.metadata.name === spec.nodeName);
  const alsoSeenAs = spec.hostNetwork ? overlayAddresses(node?.spec.podCIDRs ?? []) : [];
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    node: spec.nodeName ?? "",
    container: spec.containers[0]!.name,
    addresses,
    seenAs: [...addresses, ...alsoSeenAs],
  };
}

function overlayAddresses(podCidrs: readonly string[]): string[] {
  return podCidrs.flatMap(text => {
    const cidr = parseCidr(text);
    return cidr ? [formatAddress(nthAddress(cidr, 1))] : [];
  });
}

/** At most `count`, taken in turn from each node, so that every pair of nodes stays in the picture. */
export function sample(pods: readonly MatrixPod[], count: number): MatrixPod[] {
  if (pods.length <= count) return [...pods];
  const byNode = [...groupByNode(pods).values()];
  const chosen = new Set<MatrixPod>();
  for (let turn = 0; chosen.size < count; turn++) {
    for (const group of byNode) {
      const pod = group[turn];
      if (pod && chosen.size < count) chosen.add(pod);
    }
  }
  return pods.filter(pod => chosen.has(pod));
}

function groupByNode(pods: readonly MatrixPod[]): Map<string, MatrixPod[]> {
  const groups = new Map<string, MatrixPod[]>();
  for (const pod of pods) groups.set(pod.node, [...(groups.get(pod.node) ?? []), pod]);
  return groups;
}
