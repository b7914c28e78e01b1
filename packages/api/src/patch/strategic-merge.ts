/**
 * Strategic merge patch: a merge patch that knows of the kind's lists which are merged, and by what. As upstream's
 * (apimachinery/pkg/util/strategicpatch):
 *
 *   containers: [{ name: web, image: x }]        merged into the item of that name
 *   containers: [{ name: web, $patch: delete }]  that item goes; in an object: the object is emptied
 *   { $patch: replace, … }                       replaces instead of merging
 *   finalizers: [a]                              joins a set of scalars
 *   $deleteFromPrimitiveList/finalizers: [a]     leaves it
 *   $setElementOrder/containers: [{ name: … }]   the order of the items that it names
 *   $retainKeys: [type]                          members that it does not name go
 *
 * Null removes; everything else replaces.
 */
import type { ListSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import { goText } from "./go-text.ts";
import {
  DELETE_FROM_LIST,
  isJsonObject,
  type JsonObject,
  listNamedBy,
  listOf,
  objectOf,
  PATCH,
  RETAIN_KEYS,
  SET_ORDER,
  StrategicMergeError,
  setMember,
  unknownDirective,
  withoutDirectives,
  withoutNulls,
} from "./strategic/directives.ts";
import { checkMergeKeys, itemKind, mergeList } from "./strategic/merge-list.ts";
import { identityBy, inOrder, keyOf } from "./strategic/order.ts";

export { StrategicMergeError } from "./strategic/directives.ts";

/** Returns the patched object; the arguments stay as they are. Throws StrategicMergeError. */
export function strategicMergePatch(schema: ObjectSchema, target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw new StrategicMergeError("invalid JSON document");
  return mergeObject(schema, structuredClone(objectOf(target)), structuredClone(patch));
}

/** Changes both. */
function mergeObject(schema: Schema | undefined, stored: JsonObject, patch: JsonObject): JsonObject {
  if (Object.hasOwn(patch, PATCH)) return applyObjectDirective(patch);
  retainKeys(stored, patch);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(SET_ORDER)) mergeOrdered(schema, stored, patch, key);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(schema, stored, key, value);
    else mergeMember(schema, stored, key, value);
  }
  return stored;
}

function applyObjectDirective(patch: JsonObject): JsonObject {
  const { [PATCH]: directive, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  throw unknownDirective(directive, patch);
}

function retainKeys(stored: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const named = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  const refuse = () => new StrategicMergeError("invalid patch format of retainKeys");
  if (!Array.isArray(named)) throw refuse();
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER);
    if (value !== null && !isDirective && !named.includes(key)) throw refuse();
  }
  for (const key of Object.keys(stored)) if (!named.includes(key)) delete stored[key];
}

/** A list with its `$setElementOrder`: merged and put in order at once, and done with. */
function mergeOrdered(
  schema: Schema | undefined,
  stored: JsonObject,
  patch: JsonObject,
  directive: string,
): void {
  const wanted = listOf(patch[directive]);
  delete patch[directive];
  const key = listNamedBy(directive, SET_ORDER);
  const before = Object.hasOwn(stored, key) ? listOf(stored[key]) : undefined;
  const change = Object.hasOwn(patch, key) ? listOf(patch[key]) : undefined;
  const list = listAt(schema, key);
  const mergeKey = mergeKeyOf(list);
  checkOrder(change ?? [], wanted, mergeKey);
  const merged = orderedContent(list, before, change);
  if (merged === undefined) return;
  if (itemKind(before ?? [], change ?? []) === "object" && mergeKey !== undefined) {
    checkMergeKeys([...merged, ...wanted], mergeKey);
  }
  setMember(stored, key, inOrder(merged, wanted, before ?? [], mergeKey));
  delete patch[key];
}

function orderedContent(
  list: ListSchema,
  before: unknown[] | undefined,
  change: unknown[] | undefined,
): unknown[] | undefined {
  if (change === undefined) return before;
  if (before === undefined) return withoutDirectives(change) as unknown[];
  return mergeListMember(list, before, change);
}

/** What the patch has of the list must be in the order, and in that order. */
function checkOrder(
  change: readonly unknown[],
  wanted: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (change.length === 0 || wanted.length === 0) return;
  const named = change.filter(item => !isJsonObject(item) || !Object.hasOwn(item, PATCH));
  const identity = mergeKey === undefined ? identityBy(undefined) : (item: unknown) => keyOf(item, mergeKey);
  let found = 0;
  for (const item of wanted) {
    if (found === named.length) return;
    if (identity(named[found]) === identity(item)) found++;
  }
  if (found < named.length) {
    throw new StrategicMergeError(
      `The order in patch list:\n${goText(change)}\n doesn't match ${SET_ORDER} list:\n${goText(wanted)}\n`,
    );
  }
}

function deleteFromList(
  schema: Schema | undefined,
  stored: JsonObject,
  directive: string,
  value: unknown,
): void {
  const key = listNamedBy(directive, DELETE_FROM_LIST);
  if (value === null) delete stored[key];
  if (!Object.hasOwn(stored, key)) return;
  const list = stored[key];
  if (!Array.isArray(list) || !Array.isArray(value)) return;
  listAt(schema, key);
  if (list.length === 0 && value.length === 0) return;
  if (itemKind(list, value) === "object") {
    throw new StrategicMergeError("invalid patch format of primitive list");
  }
  setMember(
    stored,
    key,
    list.filter(item => !value.includes(item)),
  );
}

function mergeMember(schema: Schema | undefined, stored: JsonObject, key: string, value: unknown): void {
  if (value === null) {
    delete stored[key];
    return;
  }
  const before = Object.hasOwn(stored, key) ? stored[key] : undefined;
  if (isJsonObject(before) && isJsonObject(value)) {
    setMember(stored, key, mergeObject(memberAt(schema, key), before, value));
  } else if (Array.isArray(before) && Array.isArray(value)) {
    setMember(stored, key, mergeListMember(listAt(schema, key), before, value));
  } else {
    const taken = withoutDirectives(withoutNulls(value));
    if (taken === undefined) delete stored[key];
    else setMember(stored, key, taken);
  }
}

function mergeListMember(list: ListSchema, before: unknown[], change: unknown[]): unknown[] {
  if (list.mergeKey === undefined) return change;
  return mergeList(before, change, mergeKeyOf(list), (item, itemChange) =>
    mergeObject(list.items, item, itemChange),
  );
}

function mergeKeyOf({ mergeKey }: ListSchema): string | undefined {
  return mergeKey === true ? undefined : mergeKey;
}

/** The schema of a member that is an object. */
function memberAt(schema: Schema | undefined, key: string): Schema {
  if (schema?.node !== "object") {
    const what = schema?.node === "map" ? "map" : "interface";
    throw new StrategicMergeError(
      `merging an object in json but data type is not struct, instead is: ${what}`,
    );
  }
  const field = schema.fields.get(key);
  if (field !== undefined) return field.schema;
  throw new StrategicMergeError(
    `unable to find api field in struct ${schema.name} for the json field ${JSON.stringify(key)}`,
  );
}

function listAt(schema: Schema | undefined, key: string): ListSchema {
  const member = memberAt(schema, key);
  if (member.node === "list") return member;
  throw new StrategicMergeError("expected slice or array type, but got: struct");
}
