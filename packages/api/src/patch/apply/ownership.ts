/**
 * How ownership moves when an object changes (structured-merge-diff, merge/update.go): who changes a field owns it,
 * and the others no longer do; a field that goes is nobody's.
 */
import type { Comparison } from "./compare.ts";
import { difference, type FieldSet, fieldSet, intersection, union } from "./field-set.ts";
import { type Owner, type OwnerName, type Owners, ownerId, timeOf } from "./owners.ts";

/** What the server assigns, and what names the object, belongs to nobody. */
const UNOWNED: FieldSet = fieldSet([
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "creationTimestamp"],
  ["metadata", "selfLink"],
  ["metadata", "uid"],
  ["metadata", "clusterName"],
  ["metadata", "generation"],
  ["metadata", "managedFields"],
  ["metadata", "resourceVersion"],
]);

/** What others own of the fields that changed. */
export function contested(owners: Owners, self: string | undefined, change: Comparison): Owners {
  const changed = union(change.modified, change.added);
  const conflicts = new Map<string, Owner>();
  for (const [id, manager] of owners) {
    if (id === self) continue;
    const fields = intersection(manager.fields, changed);
    if (fields.size > 0) conflicts.set(id, { ...manager, fields });
  }
  return conflicts;
}

/** Without what changed or went; owners that are left with nothing go. */
export function takeFromOthers(owners: Owners, self: string | undefined, change: Comparison): Owners {
  const lost = union(union(change.modified, change.added), change.removed);
  const result = new Map<string, Owner>();
  for (const [id, manager] of owners) {
    const kept = id === self ? manager : withFields(manager, lost);
    if (kept.fields.size > 0) result.set(id, kept);
  }
  return result;
}

/** Keeps what was printed when nothing is lost. */
function withFields(manager: Owner, lost: FieldSet): Owner {
  if (intersection(manager.fields, lost).size === 0) return manager;
  const { printed: _, ...rest } = manager;
  return { ...rest, fields: difference(manager.fields, lost) };
}

export function owned(fields: FieldSet): FieldSet {
  return difference(fields, UNOWNED);
}

/** As upstream: the owners who update are at most this many. Beyond, the oldest become one. */
const MAX_UPDATERS = 10;
const OLDEST = "ancient-changes";

export function giveTo(owners: Owners, name: OwnerName, gained: FieldSet, time: string): Owners {
  if (gained.size === 0) return owners;
  const id = ownerId(name);
  const fields = union(gained, owners.get(id)?.fields ?? new Map());
  return capUpdaters(new Map([...owners, [id, { ...name, time, fields }]]));
}

/** apimachinery/pkg/util/managedfields/internal/capmanagers.go */
function capUpdaters(owners: Map<string, Owner>): Owners {
  const updaters = [...owners].filter(([, { operation }]) => operation === "Update");
  if (updaters.length <= MAX_UPDATERS) return owners;
  updaters.sort(([a, left], [b, right]) => timeOf(left) - timeOf(right) || (a < b ? -1 : 1));
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [id, manager] of updaters) {
    if (count <= MAX_UPDATERS) break;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, id);
      continue;
    }
    mergeInto(owners, manager, id, first);
    count--;
  }
  return owners;
}

function mergeInto(owners: Map<string, Owner>, manager: Owner, id: string, first: string): void {
  const { apiVersion, time } = manager;
  const name: OwnerName = { manager: OLDEST, operation: "Update", apiVersion, subresource: "" };
  const bucket = ownerId(name);
  const before = owners.get(bucket) ?? owners.get(first)!;
  if (!owners.has(bucket)) owners.delete(first);
  owners.delete(id);
  owners.set(bucket, { ...name, time, fields: union(manager.fields, before.fields) });
}
