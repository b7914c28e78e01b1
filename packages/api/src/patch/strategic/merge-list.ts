/** Lists that a strategic merge patch merges: objects by their merge key, scalars as a set. */
import { goText } from "../go-text.ts";
import {
  isJsonObject,
  type JsonObject,
  noMergeKey,
  PATCH,
  StrategicMergeError,
  unknownDirective,
} from "./directives.ts";
import { indexByKey, inOrder } from "./order.ts";

export type MergeItem = (stored: JsonObject, patch: JsonObject) => JsonObject;

/** `mergeKey` undefined: scalars. */
export function mergeList(
  stored: unknown[],
  patch: unknown[],
  mergeKey: string | undefined,
  mergeItem: MergeItem,
): unknown[] {
  if (stored.length === 0 && patch.length === 0) return stored;
  if (itemKind(stored, patch) !== "object") {
    return inOrder([...new Set([...stored, ...patch])], patch, stored, mergeKey);
  }
  if (mergeKey === undefined)
    throw new StrategicMergeError("cannot merge lists without merge key for struct");
  const { kept, changes } = applyItemDirectives(stored, patch as JsonObject[], mergeKey);
  const merged = [...kept];
  for (const change of changes) {
    if (!Object.hasOwn(change, mergeKey)) throw noMergeKey(change, mergeKey);
    const at = indexByKey(merged, change[mergeKey], mergeKey);
    if (at < 0) merged.push(change);
    else merged[at] = mergeItem(merged[at] as JsonObject, change);
  }
  checkMergeKeys([...merged, ...changes], mergeKey);
  return inOrder(merged, changes, kept, mergeKey);
}

type ItemKind = "object" | "string" | "number" | "bool";

/** The kind that all items share. Throws when they do not. */
export function itemKind(...lists: readonly (readonly unknown[])[]): ItemKind {
  const [kind, other] = new Set(lists.flat().map(kindOf));
  if (kind === "list") throw new StrategicMergeError("lists of lists are not supported", "unprocessable");
  if (kind === undefined) throw new StrategicMergeError("no elements in any of the given slices");
  if (other !== undefined || kind === "null") {
    throw new StrategicMergeError(`list element types are not identical: ${goText(lists)}`);
  }
  return kind as ItemKind;
}

function kindOf(value: unknown): ItemKind | "list" | "null" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (isJsonObject(value)) return "object";
  return typeof value === "boolean" ? "bool" : (typeof value as "string" | "number");
}

export function checkMergeKeys(items: readonly unknown[], mergeKey: string): void {
  for (const item of items) {
    if (!isJsonObject(item) || !Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  }
}

/** What is left of the stored items, and the changes that are no directives. */
function applyItemDirectives(
  stored: readonly unknown[],
  patch: readonly JsonObject[],
  mergeKey: string,
): { kept: readonly unknown[]; changes: readonly JsonObject[] } {
  let kept = stored;
  let replaces = false;
  for (const item of patch) {
    if (!Object.hasOwn(item, PATCH)) continue;
    const directive = item[PATCH];
    if (directive === "replace") replaces = true;
    else if (directive === "delete") kept = withoutItem(kept, item, mergeKey);
    else if (directive === "merge") {
      throw new StrategicMergeError("merging lists cannot yet be specified in the patch");
    } else throw unknownDirective(directive, item);
  }
  const changes = patch.filter(item => !Object.hasOwn(item, PATCH));
  return replaces ? { kept: changes, changes: [] } : { kept, changes };
}

function withoutItem(stored: readonly unknown[], item: JsonObject, mergeKey: string): readonly unknown[] {
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return stored.filter(each => !isJsonObject(each) || each[mergeKey] !== item[mergeKey]);
}
