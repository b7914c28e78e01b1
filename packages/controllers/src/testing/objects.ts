/** Nodes and Pods as the API stores them, for tests of decisions. */
import type { Node, NodeSpec, Pod, PodSpec } from "@podwire/api";

let revision = 0;

function metadata(name: string) {
  const resourceVersion = String(++revision);
  return { name, uid: `uid-${name}`, resourceVersion, creationTimestamp: "2020-01-01T00:00:00Z" };
}

export interface NodeShape {
  labels?: Record<string, string>;
  spec?: NodeSpec;
  pods?: string;
  ready?: "True" | "False" | "Unknown";
}

/** Ready, unless said otherwise. */
export function testNode(
  name: string,
  { labels = {}, spec = {}, pods = "110", ready = "True" }: NodeShape = {},
): Node {
  const conditions = [{ type: "Ready", status: ready }];
  const status = { conditions, capacity: { pods } };
  return { apiVersion: "v1", kind: "Node", metadata: { ...metadata(name), labels }, spec, status };
}

export function testPod(name: string, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: "main", image: "agnhost" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata(name), namespace: "default" },
    spec: { containers, ...spec },
    status: { phase: "Pending" },
  };
}
