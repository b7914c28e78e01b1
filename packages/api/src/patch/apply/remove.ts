/** An object without the members and items of a set (structured-merge-diff, typed/remove.go). */
import type { ListSchema, ObjectSchema, Schema } from "../../schema/schema.ts";
import { type FieldNode, type FieldSet, node } from "./field-set.ts";
import { listElement } from "./list-element.ts";
import { asList, asObject, grainOf, isNamedField, type JsonObject, memberSchema } from "./members.ts";
import { memberElement, type PathElement } from "./path-element.ts";

/** What loses everything in it is null. */
export function withoutFields(schema: ObjectSchema, object: JsonObject, fields: FieldSet): JsonObject {
  return (remove(schema, object, fields) ?? {}) as JsonObject;
}

function remove(schema: Schema, value: unknown, fields: FieldSet): unknown {
  if (schema.node === "scalar") return value;
  if (grainOf(schema) === "leaf") return null;
  const kept =
    schema.node === "list"
      ? keptItems(schema, asList(value) ?? [], fields)
      : keptMembers(schema, asObject(value) ?? {}, fields);
  return Object.keys(kept).length === 0 ? null : kept;
}

function keptItems(list: ListSchema, items: readonly unknown[], fields: FieldSet): unknown[] {
  const kept: unknown[] = [];
  for (const item of items) {
    const removed = fields.get(listElement(list, item));
    if (removed?.isMember) continue;
    kept.push(removed === undefined ? item : remove(list.items, item, removed.fields));
  }
  return kept;
}

function keptMembers(schema: Schema, object: JsonObject, fields: FieldSet): JsonObject {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(object)) {
    const removed = fields.get(memberElement(name));
    if (removed?.isMember) continue;
    const inner = memberSchema(schema, name);
    kept.push([name, removed === undefined || !inner ? value : remove(inner, value, removed.fields)]);
  }
  return Object.fromEntries(kept);
}

/** The set, and of every field within it the fields that lead to it, where those are fields of structs. */
export function withNamedFields(schema: Schema | undefined, fields: FieldSet): FieldSet {
  const result = new Map<PathElement, FieldNode>();
  for (const [element, { isMember, fields: within }] of fields) {
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    const isNamed = within.size > 0 && name !== undefined && isNamedField(schema, name);
    const inner = schemaAt(schema, element, name);
    result.set(element, node(isMember || isNamed, withNamedFields(inner, within)));
  }
  return result;
}

function schemaAt(
  schema: Schema | undefined,
  element: PathElement,
  name: string | undefined,
): Schema | undefined {
  if (schema === undefined) return undefined;
  if (name !== undefined) return memberSchema(schema, name);
  return element.startsWith("k:") && schema.node === "list" ? schema.items : undefined;
}
