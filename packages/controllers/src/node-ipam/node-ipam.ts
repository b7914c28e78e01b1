/**
 * Pod CIDRs for Nodes: a Node without spec.podCIDRs gets them; when a range is full, the Node gets an Event and
 * its turn when another Node is deleted.
 */
import { isReason, kinds, type Node } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { Allocator, type NodeRanges, podCidrsOf } from "./allocate.ts";

const ORIGIN = { component: "node-ipam-controller" } as const;
/** All Nodes are looked at together: what one gets, another cannot. */
const ALL = "nodes";

export function startNodeIpam(context: ControllerContext, ranges: NodeRanges): Controller {
  const { api, nodes, clock, log, recordEvent } = context;
  const allocator = new Allocator(ranges);
  /** Nodes that have been told that a range is full. */
  let waiting = new Set<string>();

  const reconcile = async () => {
    const { assigned, exhausted } = allocator.allocate(nodes.values().sort(byAge));
    await Promise.all([...assigned].map(([name, podCIDRs]) => assign(name, podCIDRs)));
    for (const { node, clusterCidr } of exhausted) if (!waiting.has(node)) tellExhausted(node, clusterCidr);
    waiting = new Set(exhausted.map(({ node }) => node));
  };

  const assign = async (name: string, podCIDRs: string[]) => {
    try {
      const written = await api.mutate(kinds.nodes, { name }, copy => {
        if (podCidrsOf(copy).length === 0) copy.spec.podCIDRs = podCIDRs;
      });
      // Before the next allocation, or the same range might be given out again.
      nodes.observe(written);
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  };

  const tellExhausted = (name: string, clusterCidr: string) => {
    const node = nodes.get({ name });
    if (node === undefined) return;
    const message = `cluster CIDR ${clusterCidr} has no range left for this node; delete Nodes that are gone, or start the cluster with a larger range or smaller node ranges`;
    const about = { kind: "Node", apiVersion: "v1", name, uid: node.metadata.uid };
    recordEvent(about, "Warning", "CIDRNotAvailable", message, ORIGIN);
  };

  const queue = new WorkQueue({ name: "node-ipam", reconcile, clock, log });
  nodes.onChange(({ after }) => {
    if (after === undefined || podCidrsOf(after).length === 0) queue.add(ALL);
  });
  return { stop: () => queue.stop() };
}

/** Who came first is served first. */
function byAge(a: Node, b: Node): number {
  const [left, right] = [a.metadata, b.metadata];
  if (left.creationTimestamp !== right.creationTimestamp) {
    return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
  }
  return left.name < right.name ? -1 : 1;
}
