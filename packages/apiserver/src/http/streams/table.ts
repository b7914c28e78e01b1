/** The subresources that are streams to a container, not parts of an object. */
import { type Kind, kinds } from "@podwire/api";

export interface StreamSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly responseKind: string;
}

const PROXY_VERBS = ["create", "delete", "get", "patch", "update"];

const OF_PODS: readonly StreamSubresource[] = [
  { name: "attach", verbs: ["create", "get"], responseKind: "PodAttachOptions" },
  { name: "exec", verbs: ["create", "get"], responseKind: "PodExecOptions" },
  { name: "log", verbs: ["get"], responseKind: "Pod" },
  { name: "portforward", verbs: ["create", "get"], responseKind: "PodPortForwardOptions" },
  { name: "proxy", verbs: PROXY_VERBS, responseKind: "PodProxyOptions" },
];

const OF_SERVICES: readonly StreamSubresource[] = [
  { name: "proxy", verbs: PROXY_VERBS, responseKind: "ServiceProxyOptions" },
];

export function streamSubresources(kind: Kind): readonly StreamSubresource[] {
  if (kind === kinds.pods) return OF_PODS;
  return kind === kinds.services ? OF_SERVICES : [];
}

/** Whether a request for it may become a stream of another protocol. */
export function isUpgradable(kind: Kind, subresource: string | undefined): boolean {
  return streamSubresources(kind).some(each => each.name === subresource && each.verbs.includes("create"));
}
