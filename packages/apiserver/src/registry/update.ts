/**
 * The way of a changed object: the stored one, the change, what may not change put back, validation, and a write
 * that fails if another came first. An object that is marked for deletion goes with the last thing that held it.
 */
import {
  conflict,
  invalid,
  jsonEqual,
  type Kind,
  type KubernetesObject,
  type ManagedFieldsEntry,
  methodNotAllowed,
  type Service,
  type Subresource,
  sameOwners,
  setDefaults,
  validatePart,
  validateUpdate,
} from "@podwire/api";
import type { Entry, Store } from "@podwire/store";
import { isService, unstored } from "./create.ts";
import { isFree } from "./delete.ts";
import { type Owners, ownersByUpdate, type Written, writerOf } from "./owners.ts";
import type { ObjectRef, Stored, UpdateOptions } from "./registry.ts";
import type { AllocationTurn } from "./service-addresses/allocation.ts";
import { storedOf, storedText } from "./stored-object.ts";
import type { Surroundings } from "./surroundings.ts";
import { writeCurrent } from "./write-current.ts";

/** Makes the next state from a copy of the stored one. May be called again when another writer came first. */
export type Change<T> = (stored: T) => T;

export async function updateObject<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  ref: ObjectRef,
  change: Change<T>,
  options: Written<UpdateOptions>,
  owners: Owners = ownersByUpdate(kind, writerOf(surroundings, options)),
): Promise<Stored<T>> {
  const subresource = subresourceOf(kind, options.subresource);
  return writeCurrent(store, kind, ref, async entry => {
    const current = storedOf(kind, entry);
    const asked = change(structuredClone(current.object));
    // A resourceVersion that went stale since the turn before is found out here.
    checkPreconditions(kind, asked, current.object);
    const allocation =
      subresource === undefined && isService(current.object)
        ? surroundings.services?.begin(entry.key)
        : undefined;
    try {
      const next = nextState(kind, subresource, asked, current.object, owners, allocation);
      return await write(store, kind, entry, next, current, options);
    } finally {
      allocation?.end();
    }
  });
}

function subresourceOf<T extends KubernetesObject>(
  kind: Kind<T>,
  name: string | undefined,
): Subresource<T> | undefined {
  if (name === undefined) return undefined;
  const found = kind.subresources.find(each => each.name === name);
  if (found === undefined) throw methodNotAllowed();
  return found;
}

function checkPreconditions(kind: Kind, asked: KubernetesObject, stored: KubernetesObject): void {
  const { uid, resourceVersion, name } = asked.metadata;
  if (uid && uid !== stored.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`;
    throw conflict(kind, name, why);
  }
  if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) {
    throw conflict(kind, stored.metadata.name);
  }
}

function nextState<T extends KubernetesObject>(
  kind: Kind<T>,
  subresource: Subresource<T> | undefined,
  asked: T,
  stored: T,
  owners: Owners,
  allocation: AllocationTurn | undefined,
): T {
  const next = subresource ? structuredClone(subresource.take(stored, asked)) : asked;
  setDefaults(kind, next);
  const isTracked = subresource === undefined || subresource.keeps !== undefined;
  keepAssigned(next, stored, isTracked ? owners(stored, next) : stored.metadata.managedFields);
  allocation?.allocate(next as unknown as Service, stored as unknown as Service);
  if (subresource === undefined) keepStatus(kind, next, stored);
  if (subresource === undefined && "spec" in next === "spec" in stored) kind.prepareUpdate(next, stored);
  const errors = subresource
    ? validatePart(kind, subresource, next, stored)
    : validateUpdate(kind, next, stored);
  if (errors.length > 0) throw invalid(kind.group, kind.kind, stored.metadata.name, errors);
  if (!subresource?.isObservation && isOfNewGeneration(kind, next, stored)) {
    next.metadata.generation = (stored.metadata.generation ?? 0) + 1;
  }
  return next;
}

function isOfNewGeneration<T extends KubernetesObject>(kind: Kind<T>, next: T, stored: T): boolean {
  return kind.generationOf !== undefined && !jsonEqual(kind.generationOf(next), kind.generationOf(stored));
}

/** A status that is written on its own is not written with the rest. */
function keepStatus(
  { subresources }: Kind,
  next: KubernetesObject & { status?: unknown },
  stored: KubernetesObject & { status?: unknown },
): void {
  if (subresources.some(({ name }) => name === "status")) next.status = stored.status;
}

/** What the server assigned stays, whatever the client sent. A namespace left out is the one of the path. */
function keepAssigned(
  next: KubernetesObject,
  { metadata: stored }: KubernetesObject,
  managedFields: ManagedFieldsEntry[] | undefined,
): void {
  next.metadata = {
    ...next.metadata,
    name: next.metadata.name || stored.name,
    namespace: next.metadata.namespace || stored.namespace,
    uid: stored.uid,
    resourceVersion: stored.resourceVersion,
    generation: stored.generation,
    creationTimestamp: stored.creationTimestamp,
    deletionTimestamp: stored.deletionTimestamp,
    deletionGracePeriodSeconds: stored.deletionGracePeriodSeconds,
    selfLink: undefined,
    managedFields,
  };
}

async function write<T extends KubernetesObject>(
  store: Store,
  kind: Kind<T>,
  { key, revision }: Entry,
  next: T,
  current: Stored<T>,
  { dryRun }: UpdateOptions,
): Promise<Stored<T>> {
  // Nothing changed: no write, no event, the same resourceVersion.
  if (isSame(next, current.object)) return current;
  const value = storedText(next);
  if (dryRun) return unstored(kind, key, value, revision);
  if (next.metadata.deletionTimestamp !== undefined && isFree(kind, next)) {
    const removed = await store.delete(key, revision);
    return unstored(kind, key, value, removed.revision);
  }
  return storedOf(kind, await store.put(key, value, revision));
}

/** A newer time of an owner who changed nothing is no change. */
function isSame({ metadata: next, ...rest }: KubernetesObject, stored: KubernetesObject): boolean {
  const { metadata, ...storedRest } = stored;
  const { managedFields } = metadata;
  return (
    jsonEqual(rest, storedRest) &&
    jsonEqual({ ...next, managedFields }, metadata) &&
    sameOwners(next.managedFields, managedFields)
  );
}
