/** The Node rows of `kubectl get nodes`: printNode. */
import type { Node, NodeAddress } from "../../core/node.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../entry.ts";
import type { Column } from "../kind.ts";

const NONE = "<none>";
const UNKNOWN = "<unknown>";
const ROLE_LABEL_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

/** `Ready`, `NotReady`, `Ready,SchedulingDisabled`. */
export function nodeStatusText(node: Node): string {
  const ready = node.status.conditions?.find(each => each.type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec.unschedulable) words.push("SchedulingDisabled");
  return words.join(",");
}

function rolesCell({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_LABEL_PREFIX)) return [key.slice(ROLE_LABEL_PREFIX.length)];
    return key === ROLE_LABEL ? [value] : [];
  });
  const named = [...new Set(roles)].filter(role => role !== "").sort();
  return named.length === 0 ? NONE : named.join(",");
}

function addressCell(node: Node, type: NodeAddress["type"]): string {
  return node.status.addresses?.find(each => each.type === type)?.address ?? NONE;
}

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  column("Status", "The status of the node", nodeStatusText),
  column("Roles", "The roles of the node", rolesCell),
  ageColumn,
  column("Version", "The version of the node's daemon.", node => node.status.nodeInfo?.kubeletVersion ?? ""),
  wideColumn("Internal-IP", "The node's address in the cluster", node => addressCell(node, "InternalIP")),
  wideColumn("External-IP", "The node's address outside of it", node => addressCell(node, "ExternalIP")),
  wideColumn("OS-Image", "OS Image reported by the node.", node => node.status.nodeInfo?.osImage || UNKNOWN),
  wideColumn(
    "Kernel-Version",
    "Kernel Version reported by the node.",
    node => node.status.nodeInfo?.kernelVersion || UNKNOWN,
  ),
  wideColumn(
    "Container-Runtime",
    "ContainerRuntime Version reported by the node.",
    node => node.status.nodeInfo?.containerRuntimeVersion || UNKNOWN,
  ),
];
