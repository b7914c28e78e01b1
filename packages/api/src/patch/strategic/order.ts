/**
 * The order of a merged list: that of the patch for what the patch names, that of the stored list for the rest, and
 * the two interleaved as the stored list has them
 * (design-proposals-archive/cli/preserve-order-in-strategic-merge-patch.md).
 */
import { isJsonObject, type JsonObject, noMergeKey, StrategicMergeError } from "./directives.ts";

/** What an item is known by: its merge key, or itself. Undefined: it has none. */
export type Identity = (item: unknown) => unknown;

export function identityBy(mergeKey: string | undefined): Identity {
  if (mergeKey === undefined) return item => item;
  return item => (isJsonObject(item) ? item[mergeKey] : undefined);
}

function indexById(list: readonly unknown[], id: unknown, identity: Identity): number {
  return list.findIndex(each => identity(each) === id);
}

/** `wanted` names the order of the patch, `stored` is the list before the patch. */
export function inOrder(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  stored: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const identity = identityBy(mergeKey);
  const isWanted = (item: unknown) => {
    if (mergeKey === undefined) return wanted.includes(item);
    return indexByKey(wanted, keyOf(item, mergeKey), mergeKey) >= 0;
  };
  const inPatch = merged.filter(isWanted);
  const beside = merged.filter(item => !isWanted(item));
  return interleave(sorted(beside, stored, identity), sorted(inPatch, wanted, identity), stored, identity);
}

export function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isJsonObject(item)) throw new StrategicMergeError("expected a map[string]interface {}");
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

/** The place of the object with that key; -1: none. Throws when something else than an object comes before it. */
export function indexByKey(list: readonly unknown[], key: unknown, mergeKey: string): number {
  return list.findIndex((each, at) => {
    if (!isJsonObject(each)) throw new StrategicMergeError(`value for key ${at} is not a map`);
    return Object.hasOwn(each, mergeKey) && (each as JsonObject)[mergeKey] === key;
  });
}

/** By their places in `order`; items that it lacks come last, as they stood. */
function sorted(items: readonly unknown[], order: readonly unknown[], identity: Identity): unknown[] {
  const placeOf = (item: unknown) => {
    const at = indexById(order, identity(item), identity);
    return at < 0 ? order.length : at;
  };
  const placed = items.map(item => ({ item, place: placeOf(item) }));
  return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

function interleave(
  beside: readonly unknown[],
  inPatch: readonly unknown[],
  stored: readonly unknown[],
  identity: Identity,
): unknown[] {
  const result: unknown[] = [];
  const left = [...beside];
  const right = [...inPatch];
  while (left.length > 0 && right.length > 0) {
    const leftPlace = indexById(stored, identity(left[0]), identity);
    const rightPlace = indexById(stored, identity(right[0]), identity);
    const leftFirst = leftPlace >= 0 && rightPlace >= 0 && leftPlace < rightPlace;
    result.push((leftFirst ? left : right).shift());
  }
  return [...result, ...left, ...right];
}
