/** The subresources that are streams to a container, not parts of an object. */
import { type Kind, kinds } from "@podwire/api";

export interface StreamSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly responseKind: string;
}

const OF_PODS: readonly StreamSubresource[] = [
  { name: "exec", verbs: ["create", "get"], responseKind: "PodExecOptions" },
  { name: "log", verbs: ["get"], responseKind: "Pod" },
];

export function streamSubresources(kind: Kind): readonly StreamSubresource[] {
  return kind.plural === kinds.pods.plural && kind.group === "" ? OF_PODS : [];
}
