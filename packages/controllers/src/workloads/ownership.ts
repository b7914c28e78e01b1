/** Who controls an object: the one owner reference that says `controller` (meta/v1 controller_ref.go). */
import {
  apiVersionOf,
  type Kind,
  type KubernetesObject,
  type ObjectReference,
  type OwnerReference,
} from "@podwire/api";

export function controllerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(owner => owner.controller === true);
}

export function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The reference that makes `owner` the controller of what carries it. */
export function controllerReference(
  kind: Pick<Kind, "group" | "version" | "kind">,
  { metadata: { name, uid } }: KubernetesObject,
): OwnerReference {
  const { kind: kindName } = kind;
  const names = { apiVersion: apiVersionOf(kind), kind: kindName, name, uid };
  return { ...names, controller: true, blockOwnerDeletion: true };
}

/** What an Event is about. */
export function referenceTo({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference {
  const { namespace, name, uid } = metadata;
  return { apiVersion, kind, name, uid, ...(namespace && { namespace }) };
}
