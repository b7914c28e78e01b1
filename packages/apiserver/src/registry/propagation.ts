/**
 * What becomes of an object's dependents when it is deleted, said by two finalizers that the garbage collector
 * takes off when it has done its part (apiserver, registry/generic/registry/store.go):
 *
 *   Orphan      finalizer "orphan": the dependents lose their reference first, and stay
 *   Foreground  finalizer "foregroundDeletion": the dependents that block go first
 *   Background  neither: the object goes at once, its dependents after it
 *
 * Nothing asked for: a finalizer that is there already decides, then what the kind does of old.
 */
import type { Kind, KubernetesObject } from "@podwire/api";
import type { PropagationPolicy } from "./registry.ts";

const ORPHAN_FINALIZER = "orphan";
const FOREGROUND_FINALIZER = "foregroundDeletion";

/** The finalizers that the object has once it is marked for deletion. */
export function finalizersOnDeletion(
  kind: Kind,
  object: KubernetesObject,
  asked: PropagationPolicy | undefined,
): readonly string[] {
  const { finalizers = [] } = object.metadata;
  const policy = asked ?? kept(finalizers) ?? kind.defaultPropagation;
  const others = finalizers.filter(each => each !== ORPHAN_FINALIZER && each !== FOREGROUND_FINALIZER);
  if (policy === "Orphan") return [...others, ORPHAN_FINALIZER];
  return policy === "Foreground" ? [...others, FOREGROUND_FINALIZER] : others;
}

function kept(finalizers: readonly string[]): PropagationPolicy | undefined {
  if (finalizers.includes(ORPHAN_FINALIZER)) return "Orphan";
  return finalizers.includes(FOREGROUND_FINALIZER) ? "Foreground" : undefined;
}
