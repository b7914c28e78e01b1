/** Where objects are kept: `/registry/GROUP/PLURAL/[NAMESPACE/]NAME`, the core group as `core`. */
import type { Kind } from "@podwire/api";
import type { ObjectRef } from "./registry.ts";

/** All objects of a kind, or those of one namespace. */
export function kindPrefix(kind: Kind, namespace?: string): string {
  const prefix = `/registry/${kind.group || "core"}/${kind.plural}/`;
  return kind.namespaced && namespace ? `${prefix}${namespace}/` : prefix;
}

export function objectKey(kind: Kind, { namespace, name }: ObjectRef): string {
  return `${kindPrefix(kind, namespace)}${name}`;
}
