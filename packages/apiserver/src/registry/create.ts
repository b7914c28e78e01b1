/**
 * The way of a new object: defaults, what the server assigns, validation, and a write that fails if the name is
 * taken. A namespaced object needs its namespace, which must not be on its way out.
 */
import {
  ApiError,
  alreadyExists,
  apiVersionOf,
  badRequest,
  formatTime,
  invalid,
  isReason,
  type Kind,
  type KubernetesObject,
  kinds,
  type NewObject,
  notFound,
  type Service,
  setDefaults,
  validateNew,
} from "@podwire/api";
import { ConflictError, type Entry, type Store } from "@podwire/store";
import { GENERATED_NAME_ATTEMPTS } from "../limits.ts";
import { generatedName } from "./generate-name.ts";
import { objectKey } from "./keys.ts";
import { type Owners, ownersByUpdate, type Written, writerOf } from "./owners.ts";
import type { CreateOptions, Stored } from "./registry.ts";
import { storedOf, storedText } from "./stored-object.ts";
import type { Surroundings } from "./surroundings.ts";

export async function createObject<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  given: NewObject<T>,
  options: Written<CreateOptions>,
  owners: Owners = ownersByUpdate(kind, writerOf(surroundings, options)),
): Promise<Stored<T>> {
  const { name, generateName } = given.metadata;
  if (name || !generateName) return createNamed(store, surroundings, kind, given, options, owners);
  for (let attempt = 1; ; attempt++) {
    const metadata = { ...given.metadata, name: generatedName(generateName, surroundings) };
    try {
      const named = { ...given, metadata } as NewObject<T>;
      return await createNamed(store, surroundings, kind, named, options, owners);
    } catch (error) {
      if (attempt === GENERATED_NAME_ATTEMPTS || !isReason(error, "AlreadyExists")) throw error;
    }
  }
}

async function createNamed<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  given: NewObject<T>,
  options: CreateOptions,
  owners: Owners,
): Promise<Stored<T>> {
  const object = fill(surroundings, kind, given, owners);
  const { name, namespace } = object.metadata;
  if (kind.namespaced && namespace) await checkNamespace(store, kind, namespace, name);
  const key = objectKey(kind, object.metadata);
  const allocation = isService(object) ? surroundings.services?.begin(key) : undefined;
  try {
    allocation?.allocate(object as unknown as Service, undefined);
    prepare(kind, object);
    return await write(store, kind, key, object, options);
  } catch (error) {
    throw error instanceof ConflictError ? alreadyExists(kind, name) : error;
  } finally {
    allocation?.end();
  }
}

export function isService({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === "Service" && apiVersion === "v1";
}

/** What the server assigns, and the defaults. */
function fill<T extends KubernetesObject>(
  { nowMs, newUid }: Surroundings,
  kind: Kind<T>,
  given: NewObject<T>,
  owners: Owners,
): T {
  const object = structuredClone(given) as T;
  if (object.metadata.resourceVersion) {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  object.metadata = {
    ...object.metadata,
    uid: newUid(),
    creationTimestamp: formatTime(nowMs()),
    generation: kind.generationOf ? 1 : undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
  };
  setDefaults(kind, object);
  object.metadata.managedFields = owners(undefined, object);
  return object;
}

/** Throws Invalid. An object that lacks its spec is told so by validation; there is nothing to prepare. */
function prepare<T extends KubernetesObject>(kind: Kind<T>, object: T): void {
  if (hasSpec(kind, object)) kind.prepareCreate(object);
  const errors = validateNew(kind, object);
  if (errors.length > 0) throw invalid(kind.group, kind.kind, object.metadata.name ?? "", errors);
}

function hasSpec<T extends KubernetesObject>(kind: Kind<T>, object: T): boolean {
  return !kind.schema.fields.has("spec") || "spec" in object;
}

async function checkNamespace(store: Store, kind: Kind, namespace: string, name: string): Promise<void> {
  const entry = await store.get(objectKey(kinds.namespaces, { name: namespace }));
  if (entry === undefined) throw notFound(kinds.namespaces, namespace);
  const { object } = storedOf(kinds.namespaces, entry);
  if (object.status.phase !== "Terminating") return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  const causes = [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  const details = { name, kind: kind.plural, ...(kind.group && { group: kind.group }), causes };
  throw new ApiError(403, "Forbidden", `${kind.plural} "${name}" is forbidden: ${why}`, details);
}

async function write<T extends KubernetesObject>(
  store: Store,
  kind: Kind<T>,
  key: string,
  object: T,
  { dryRun }: CreateOptions,
): Promise<Stored<T>> {
  const value = storedText(object);
  if (dryRun) {
    const current = await store.get(key);
    if (current !== undefined) throw new ConflictError(key, current);
    return unstored(kind, key, value, 0);
  }
  return storedOf(kind, await store.put(key, value, 0));
}

/** The answer to a dry run: what would have been stored. */
export function unstored<T extends KubernetesObject>(
  kind: Kind<T>,
  key: string,
  value: string,
  revision: number,
): Stored<T> {
  const entry: Entry = { key, value, revision, createRevision: revision };
  return storedOf(kind, entry);
}
