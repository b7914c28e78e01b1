/**
 * An applied configuration put into an object (structured-merge-diff, typed/merge.go): what it names takes its
 * values, all else stays. Items of a list whose items are owned one by one come in the order of the configuration
 * where it changes the list, the others where they stood.
 */
import type { ListSchema, ObjectSchema, Schema } from "../../schema/schema.ts";
import { listElement } from "./list-element.ts";
import { asList, asObject, grainOf, isEmpty, type JsonObject, memberSchema } from "./members.ts";
import type { PathElement } from "./path-element.ts";

export function mergeApplied(schema: ObjectSchema, live: JsonObject, applied: JsonObject): JsonObject {
  return merge(schema, live, applied) as JsonObject;
}

/** Undefined: absent. Null is a value that says nothing. */
function merge(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  switch (grainOf(schema)) {
    case "leaf":
      return applied;
    case "members": {
      const [left, right] = [asObject(live), asObject(applied)];
      return isEmpty(left) && isEmpty(right) ? applied : mergeMembers(schema, left, right);
    }
    case "items": {
      const [left, right] = [asList(live), asList(applied)];
      return isEmpty(left) && isEmpty(right)
        ? applied
        : mergeItems(schema as ListSchema, left ?? [], right ?? []);
    }
  }
}

function mergeMembers(schema: Schema, live: JsonObject = {}, applied: JsonObject = {}): JsonObject {
  const names = new Set([...Object.keys(live), ...Object.keys(applied)]);
  const merged = [...names].map(name => {
    const inner = memberSchema(schema, name);
    const [left, right] = [own(live, name), own(applied, name)];
    return [name, inner === undefined ? (right ?? left) : merge(inner, left, right)] as const;
  });
  // fromEntries defines members and never calls a setter, so that one may be called "__proto__".
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The names of a list's items, in order, and the items by name; one that is there twice cannot be merged. */
class NamedItems {
  readonly elements: readonly PathElement[];
  readonly #items = new Map<PathElement, unknown>();

  constructor(list: ListSchema, items: readonly unknown[]) {
    this.elements = items.map(item => listElement(list, item));
    this.elements.forEach((element, at) => {
      this.#items.set(element, this.#items.has(element) ? undefined : items[at]);
    });
  }

  has(element: PathElement): boolean {
    return this.#items.has(element);
  }

  get(element: PathElement): unknown {
    return this.#items.get(element);
  }
}

function mergeItems(list: ListSchema, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const left = new NamedItems(list, live);
  const right = new NamedItems(list, applied);
  const shared = right.elements.filter(element => left.has(element));
  const taken = new Set<PathElement>();
  const merged: unknown[] = [];
  const take = (element: PathElement): void => {
    merged.push(merge(list.items, left.get(element), right.get(element)));
    taken.add(element);
  };
  let [l, r, s] = [0, 0, 0];
  while (l < live.length || r < applied.length) {
    const element = left.elements[l];
    const next = right.elements[r];
    if (element !== undefined && element === next) {
      take(element);
      l++;
      r++;
      s++;
    } else if (
      element !== undefined &&
      next !== undefined &&
      right.has(element) &&
      isLater(shared, s, element)
    ) {
      // In both, but not the one that comes next: the configuration says where it goes.
      l++;
    } else if (element !== undefined && !right.has(element)) {
      merged.push(live[l]);
      l++;
    } else {
      if (element !== undefined && taken.has(element)) l++;
      if (next === undefined) continue;
      take(next);
      r++;
      if (shared[s] === next) s++;
    }
  }
  return merged;
}

function isLater(shared: readonly PathElement[], at: number, element: PathElement): boolean {
  return at < shared.length && shared[at] !== element;
}
