/** The subresources that are streams to a container, not parts of an object. */
import { type Kind, kinds } from "@podwire/api";

export interface StreamSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly responseKind: string;
}

const OF_PODS: readonly StreamSubresource[] = [
  { name: "attach", verbs: ["create", "get"], responseKind: "PodAttachOptions" },
  { name: "exec", verbs: ["create", "get"], responseKind: "PodExecOptions" },
  { name: "log", verbs: ["get"], responseKind: "Pod" },
  { name: "portforward", verbs: ["create", "get"], responseKind: "PodPortForwardOptions" },
];

export function streamSubresources(kind: Kind): readonly StreamSubresource[] {
  return kind.plural === kinds.pods.plural && kind.group === "" ? OF_PODS : [];
}

/** Whether a request for it may become a stream of another protocol. */
export function isUpgradable(kind: Kind, subresource: string | undefined): boolean {
  return streamSubresources(kind).some(each => each.name === subresource && each.verbs.includes("create"));
}
