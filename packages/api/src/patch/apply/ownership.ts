/**
 * How ownership moves when an object changes (structured-merge-diff, merge/update.go): who changes a field owns it,
 * and the others no longer do; a field that goes is nobody's.
 */
import type { Comparison } from "./compare.ts";
import { difference, type FieldSet, fieldSet, intersection, union } from "./field-set.ts";
import { type Manager, type ManagerName, type Managers, managerId, timeOf } from "./managers.ts";

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
export function contested(managers: Managers, self: string | undefined, change: Comparison): Managers {
  const changed = union(change.modified, change.added);
  const conflicts = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    if (id === self) continue;
    const fields = intersection(manager.fields, changed);
    if (fields.size > 0) conflicts.set(id, { ...manager, fields });
  }
  return conflicts;
}

/** Without what changed or went; managers that are left with nothing go. */
export function takeFromOthers(managers: Managers, self: string | undefined, change: Comparison): Managers {
  const lost = union(union(change.modified, change.added), change.removed);
  const result = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    const kept = id === self ? manager : withFields(manager, lost);
    if (kept.fields.size > 0) result.set(id, kept);
  }
  return result;
}

/** Keeps what was printed when nothing is lost. */
function withFields(manager: Manager, lost: FieldSet): Manager {
  if (intersection(manager.fields, lost).size === 0) return manager;
  const { printed: _, ...rest } = manager;
  return { ...rest, fields: difference(manager.fields, lost) };
}

export function owned(fields: FieldSet): FieldSet {
  return difference(fields, UNOWNED);
}

/** As upstream: the managers who update are at most this many. Beyond, the oldest become one. */
const MAX_UPDATE_MANAGERS = 10;
const OLDEST = "ancient-changes";

export function giveTo(managers: Managers, name: ManagerName, gained: FieldSet, time: string): Managers {
  if (gained.size === 0) return managers;
  const id = managerId(name);
  const fields = union(gained, managers.get(id)?.fields ?? new Map());
  return capUpdateManagers(new Map([...managers, [id, { ...name, time, fields }]]));
}

/** apimachinery/pkg/util/managedfields/internal/capmanagers.go */
function capUpdateManagers(managers: Map<string, Manager>): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === "Update");
  if (updaters.length <= MAX_UPDATE_MANAGERS) return managers;
  updaters.sort(([a, left], [b, right]) => timeOf(left) - timeOf(right) || (a < b ? -1 : 1));
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [id, manager] of updaters) {
    if (count <= MAX_UPDATE_MANAGERS) break;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, id);
      continue;
    }
    mergeInto(managers, manager, id, first);
    count--;
  }
  return managers;
}

function mergeInto(managers: Map<string, Manager>, manager: Manager, id: string, first: string): void {
  const { apiVersion, time } = manager;
  const name: ManagerName = { manager: OLDEST, operation: "Update", apiVersion, subresource: "" };
  const bucket = managerId(name);
  const before = managers.get(bucket) ?? managers.get(first)!;
  if (!managers.has(bucket)) managers.delete(first);
  managers.delete(id);
  managers.set(bucket, { ...name, time, fields: union(manager.fields, before.fields) });
}
