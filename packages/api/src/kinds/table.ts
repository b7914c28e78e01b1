/** The kind table. */
import type { KubernetesObject } from "../core/meta.ts";
import { eventKind } from "./event/event.ts";
import { apiVersionOf, type Kind } from "./kind.ts";
import { namespaceKind } from "./namespace/namespace.ts";
import { nodeKind } from "./node/node.ts";
import { podKind } from "./pod/pod.ts";

export const kinds = {
  namespaces: namespaceKind,
  nodes: nodeKind,
  pods: podKind,
  events: eventKind,
} as const;

export const allKinds: readonly Kind[] = Object.values(kinds);

/** As a request's path names it: group, version, plural. */
export function kindByPath(group: string, version: string, plural: string): Kind | undefined {
  return allKinds.find(each => each.group === group && each.version === version && each.plural === plural);
}

/** As an object names it. */
export function kindOf(object: Pick<KubernetesObject, "apiVersion" | "kind">): Kind | undefined {
  return allKinds.find(each => each.kind === object.kind && apiVersionOf(each) === object.apiVersion);
}

/** As users name it: plural, singular, kind or short name, in any case; also `pods.v1.` or `pods.GROUP`. */
export function kindByUserName(text: string): Kind | undefined {
  const [name = "", ...rest] = text.toLowerCase().split(".");
  const group = rest.join(".");
  return allKinds.find(each => {
    const names = [each.plural, each.singular, each.kind.toLowerCase(), ...each.shortNames];
    const qualified = group === "" || group === each.group || group === `${each.version}.${each.group}`;
    return names.includes(name) && qualified;
  });
}
