/**
 * The way of an object out. It goes at once when nothing holds it; otherwise it is marked with a
 * deletionTimestamp, and goes when the last of these lets go:
 *
 *   - its grace period, which a node ends by deleting with zero seconds (Pods)
 *   - metadata.finalizers, which their owners take off; what is asked to become of its dependents adds one
 *   - the kind's own finalizers (Namespace: spec.finalizers)
 */
import {
  conflict,
  forbidden,
  formatTime,
  jsonEqual,
  type Kind,
  type KubernetesObject,
  parseTime,
} from "@podwire/api";
import type { Entry, Store } from "@podwire/store";
import { finalizersOnDeletion } from "./propagation.ts";
import type { DeleteRequest, DeleteResult, ObjectRef } from "./registry.ts";
import { storedOf, storedText } from "./stored-object.ts";
import type { Surroundings } from "./surroundings.ts";
import { writeCurrent } from "./write-current.ts";

export async function deleteObject<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  ref: ObjectRef,
  request: DeleteRequest,
): Promise<DeleteResult<T>> {
  return writeCurrent(store, kind, ref, async entry => {
    const { object } = storedOf(kind, entry);
    checkPreconditions(kind, object, request);
    const why = kind.keptBecause(object);
    if (why !== undefined) throw forbidden(kind, ref.name, why);
    return remove(store, surroundings, kind, entry, object, request);
  });
}

function checkPreconditions(kind: Kind, { metadata }: KubernetesObject, request: DeleteRequest): void {
  const { uid, resourceVersion } = request;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(kind, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(kind, metadata.name, why);
  }
}

async function remove<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  { key, revision }: Entry,
  object: T,
  request: DeleteRequest,
): Promise<DeleteResult<T>> {
  const graceSeconds = graceOf(kind, object, request.gracePeriodSeconds);
  const finalizers = finalizersOnDeletion(kind, object, request.propagationPolicy);
  const marked = mark(kind, withFinalizers(object, finalizers), graceSeconds, surroundings.nowMs());
  if (isFree(kind, marked)) {
    if (!request.dryRun) await store.delete(key, revision);
    return { object, outcome: "gone" };
  }
  const value = storedText(marked);
  if (request.dryRun || value === storedText(object)) return { object: marked, outcome: "marked" };
  return { object: storedOf(kind, await store.put(key, value, revision)).object, outcome: "marked" };
}

function withFinalizers<T extends KubernetesObject>(object: T, finalizers: readonly string[]): T {
  const { finalizers: before = [], ...metadata } = object.metadata;
  if (jsonEqual(before, finalizers)) return object;
  return { ...object, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }) } };
}

function graceOf<T extends KubernetesObject>(
  { deletion }: Kind<T>,
  object: T,
  requested: number | undefined,
): number {
  if (deletion.mode !== "graceful") return 0;
  const seconds = deletion.graceSeconds(object, requested);
  // As upstream: a negative period means one second.
  return seconds < 0 ? 1 : seconds;
}

/** The object with its deletionTimestamp. One that has it keeps it, unless the period is now shorter. */
function mark<T extends KubernetesObject>(kind: Kind<T>, object: T, graceSeconds: number, nowMs: number): T {
  const { deletionTimestamp, deletionGracePeriodSeconds: current = 0 } = object.metadata;
  if (deletionTimestamp !== undefined && graceSeconds >= current) return object;
  const startMs =
    deletionTimestamp === undefined ? nowMs : (parseTime(deletionTimestamp) ?? nowMs) - current * 1_000;
  const marked = structuredClone(object);
  marked.metadata.deletionTimestamp = formatTime(startMs + graceSeconds * 1_000);
  marked.metadata.deletionGracePeriodSeconds = graceSeconds;
  if (marked.metadata.generation !== undefined) marked.metadata.generation++;
  if (kind.deletion.mode === "finalized") kind.deletion.mark(marked);
  return marked;
}

/** Nothing holds a marked object any more. */
export function isFree<T extends KubernetesObject>({ deletion }: Kind<T>, object: T): boolean {
  const { finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  if (finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return deletion.mode !== "finalized" || deletion.isReleased(object);
}
