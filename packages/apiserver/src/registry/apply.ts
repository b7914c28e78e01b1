/**
 * Server-side apply: the configuration merged into the stored object, or, when there is none, a new object of it.
 * Then it goes the way of every other change.
 */
import {
  type Applied,
  ApplyError,
  applyConfiguration,
  badRequest,
  conflict,
  isReason,
  type Kind,
  type KubernetesObject,
} from "@podwire/api";
import type { Store } from "@podwire/store";
import { CONFLICT_RETRIES } from "../limits.ts";
import { createObject } from "./create.ts";
import { type Written, writerOf } from "./owners.ts";
import type { ApplyRequest, ApplyResult, ObjectRef, UpdateOptions } from "./registry.ts";
import type { Surroundings } from "./surroundings.ts";
import { updateObject } from "./update.ts";

export async function applyObject<T extends KubernetesObject>(
  store: Store,
  surroundings: Surroundings,
  kind: Kind<T>,
  ref: ObjectRef,
  request: ApplyRequest<T>,
  options: Written<UpdateOptions>,
): Promise<ApplyResult<T>> {
  const writer = writerOf(surroundings, options);
  let owners: Applied["managedFields"];
  const merged = (stored: T | undefined): T => {
    const { object, managedFields } = orBadRequest(() =>
      applyConfiguration(kind, stored, request.configuration, writer, request.force),
    );
    owners = managedFields;
    return request.admit(object);
  };
  const update = () =>
    updateObject(
      store,
      surroundings,
      kind,
      ref,
      stored => merged(stored),
      options,
      () => owners,
    );
  for (let attempt = 1; ; attempt++) {
    try {
      return { stored: await update(), isNew: false };
    } catch (error) {
      if (!isReason(error, "NotFound") || options.subresource !== undefined) throw error;
    }
    try {
      const object = withoutUid(kind, merged(undefined));
      return {
        stored: await createObject(store, surroundings, kind, object, options, () => owners),
        isNew: true,
      };
    } catch (error) {
      // Another came first: it exists now, so that it can be updated.
      if (!isReason(error, "AlreadyExists") || attempt === CONFLICT_RETRIES) throw error;
    }
  }
}

function orBadRequest<Result>(apply: () => Result): Result {
  try {
    return apply();
  } catch (error) {
    throw error instanceof ApplyError ? badRequest(error.message) : error;
  }
}

function withoutUid<T extends KubernetesObject>(kind: Kind<T>, object: T): T {
  const { uid, name } = object.metadata;
  if (!uid) return object;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(kind, name, why);
}
