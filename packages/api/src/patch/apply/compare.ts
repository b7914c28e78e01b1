/**
 * What changed between two states of an object, as sets of fields (structured-merge-diff, typed/compare.go). Parts
 * that are the same cost no more than the look at them.
 */
import type { ListSchema, Schema } from "../../schema/schema.ts";
import { jsonEqual } from "../../values/equal.ts";
import { type FieldNode, type FieldSet, MEMBER, NO_FIELDS, node, withoutTrees } from "./field-set.ts";
import { listElement } from "./list-element.ts";
import { asList, asObject, grainOf, isEmpty, type JsonObject, memberSchema } from "./members.ts";
import { memberElement, type PathElement } from "./path-element.ts";

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const KINDS = ["added", "modified", "removed"] as const;

/** The same of one field; absent: no change of that kind in it or within it. */
type Change = { [K in (typeof KINDS)[number]]?: FieldNode };

/** Fields in `ignored`, and what is within them, do not count. */
export function compareObjects(
  schema: Schema,
  before: unknown,
  after: unknown,
  ignored: FieldSet,
): Comparison {
  const change = compare(schema, before, after) ?? {};
  const fields = (found: FieldNode | undefined) => withoutTrees(found?.fields ?? NO_FIELDS, ignored);
  return {
    added: fields(change.added),
    modified: fields(change.modified),
    removed: fields(change.removed),
  };
}

/** Undefined in: absent. Undefined out: nothing changed. */
function compare(schema: Schema, before: unknown, after: unknown): Change | undefined {
  if (before === after) return undefined;
  switch (grainOf(schema)) {
    case "leaf":
      return compareLeaves(before, after);
    case "members": {
      const [left, right] = [asObject(before), asObject(after)];
      if (isEmpty(left) && isEmpty(right)) return compareLeaves(before, after);
      return withItself(compareMembers(schema, left, right), before, after);
    }
    case "items": {
      const [left, right] = [asList(before), asList(after)];
      if (isEmpty(left) && isEmpty(right)) return compareLeaves(before, after);
      return withItself(compareItems(schema as ListSchema, left ?? [], right ?? []), before, after);
    }
  }
}

const ADDED: Change = { added: MEMBER };
const MODIFIED: Change = { modified: MEMBER };
const REMOVED: Change = { removed: MEMBER };

function compareLeaves(before: unknown, after: unknown): Change | undefined {
  if (before === undefined) return ADDED;
  if (after === undefined) return REMOVED;
  return jsonEqual(before, after) ? undefined : MODIFIED;
}

function withItself(change: Change | undefined, before: unknown, after: unknown): Change | undefined {
  if (before === undefined) return { ...change, added: node(true, change?.added?.fields ?? NO_FIELDS) };
  if (after === undefined) return { ...change, removed: node(true, change?.removed?.fields ?? NO_FIELDS) };
  return change;
}

function compareMembers(schema: Schema, before: JsonObject = {}, after: JsonObject = {}): Change | undefined {
  const changes = new Changes();
  for (const name of Object.keys(before)) {
    const inner = memberSchema(schema, name);
    const [left, right] = [before[name], Object.hasOwn(after, name) ? after[name] : undefined];
    if (inner && left !== undefined) changes.add(memberElement, name, compare(inner, left, right));
  }
  for (const name of Object.keys(after)) {
    if (Object.hasOwn(before, name) && before[name] !== undefined) continue;
    const inner = memberSchema(schema, name);
    if (inner) changes.add(memberElement, name, compare(inner, undefined, after[name]));
  }
  return changes.found;
}

/** Items of the same name are compared; several of one name in a list count as one value. */
function compareItems(
  list: ListSchema,
  before: readonly unknown[],
  after: readonly unknown[],
): Change | undefined {
  const left = itemsByElement(list, before);
  const right = itemsByElement(list, after);
  const changes = new Changes();
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const change = compareSameItems(list.items, left.get(element) ?? [], right.get(element) ?? []);
    changes.add(same, element, change);
  }
  return changes.found;
}

const same = (element: PathElement) => element;

export function itemsByElement(
  list: ListSchema,
  items: readonly unknown[],
): ReadonlyMap<PathElement, readonly unknown[]> {
  const byElement = new Map<PathElement, unknown[]>();
  for (const item of items) {
    const element = listElement(list, item);
    const others = byElement.get(element);
    if (others === undefined) byElement.set(element, [item]);
    else others.push(item);
  }
  return byElement;
}

function compareSameItems(
  schema: Schema,
  before: readonly unknown[],
  after: readonly unknown[],
): Change | undefined {
  const [isRepeatedBefore, isRepeatedAfter] = [before.length > 1, after.length > 1];
  if (isRepeatedBefore && isRepeatedAfter) return jsonEqual(before, after) ? undefined : MODIFIED;
  if (isRepeatedBefore) {
    const change = after.length > 0 ? compare(schema, undefined, after[0]) : undefined;
    return { ...change, ...REMOVED };
  }
  if (isRepeatedAfter) {
    const change = before.length > 0 ? compare(schema, before[0], undefined) : undefined;
    return { ...change, ...ADDED };
  }
  return compare(schema, before[0], after[0]);
}

/** Gathers the changes of the fields of one. */
class Changes {
  #fields: { [K in keyof Change]?: Map<PathElement, FieldNode> } | undefined;

  add(elementOf: (name: string) => PathElement, name: string, change: Change | undefined): void {
    if (change === undefined) return;
    this.#fields ??= {};
    const element = elementOf(name);
    for (const kind of KINDS) {
      const changed = change[kind];
      if (changed !== undefined) {
        this.#fields[kind] ??= new Map();
        this.#fields[kind].set(element, changed);
      }
    }
  }

  get found(): Change | undefined {
    if (this.#fields === undefined) return undefined;
    const change: Change = {};
    for (const kind of KINDS) {
      const fields = this.#fields[kind];
      if (fields !== undefined) change[kind] = node(false, fields);
    }
    return change;
  }
}
