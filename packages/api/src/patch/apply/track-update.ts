/**
 * Every write but an apply: who made it comes to own what it changed. To be called with the object as the client
 * asked for it, its defaults set, before the server puts back what may not change.
 */
import type { KubernetesObject, ManagedFieldsEntry } from "../../core/meta.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import { blankOf } from "./blank.ts";
import { compareObjects } from "./compare.ts";
import { union } from "./field-set.ts";
import { ignoredFields } from "./ignored.ts";
import { type Owners, ownersOf, ownersToUpdate, printOwners } from "./owners.ts";
import { giveTo, owned, takeFromOthers } from "./ownership.ts";

export interface Writer {
  readonly manager: string;
  /** Undefined: the object itself. */
  readonly subresource?: string | undefined;
  /** The time of the write, as `metadata` has times. */
  readonly time: string;
}

/** `stored` undefined: the object is new. Returns the entries that `next` is to have. */
export function trackUpdate(
  kind: Kind,
  stored: KubernetesObject | undefined,
  next: KubernetesObject,
  writer: Writer,
): ManagedFieldsEntry[] | undefined {
  const owners =
    writer.subresource === undefined || stored === undefined
      ? ownersToUpdate(stored, next)
      : ownersOf(stored);
  // Fields of an object that nobody owns are not tracked until someone applies it.
  if (owners.size === 0 && stored !== undefined) return undefined;
  return printOwners(updateOwners(kind, owners, stored ?? blankOf(kind), next, writer));
}

export function updateOwners(
  kind: Kind,
  owners: Owners,
  before: KubernetesObject,
  after: KubernetesObject,
  { manager, subresource = "", time }: Writer,
): Owners {
  const apiVersion = apiVersionOf(kind);
  const change = compareObjects(kind.schema, before, after, ignoredFields(kind, subresource));
  const gained = owned(union(change.modified, change.added));
  const left = takeFromOthers(ofVersion(owners, apiVersion), undefined, change);
  return giveTo(left, { manager, operation: "Update", apiVersion, subresource }, gained, time);
}

/** Entries of a version that the server does not have go, as upstream. */
export function ofVersion(owners: Owners, apiVersion: string): Owners {
  const known = [...owners].filter(([, each]) => each.apiVersion === apiVersion);
  return known.length === owners.size ? owners : new Map(known);
}
