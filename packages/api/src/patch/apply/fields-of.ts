/** The fields that an object says something of (structured-merge-diff, typed/tofieldset.go). */
import type { ListSchema, ObjectSchema, Schema } from "../../schema/schema.ts";
import { itemsByElement } from "./compare.ts";
import { type FieldNode, type FieldSet, MEMBER, NO_FIELDS, node } from "./field-set.ts";
import { asList, asObject, grainOf, isEmpty, memberSchema } from "./members.ts";
import { memberElement, type PathElement } from "./path-element.ts";

export function fieldsOf(schema: ObjectSchema, object: unknown): FieldSet {
  return fieldsWithin(schema, object);
}

/** Of a value that is no leaf. */
function fieldsWithin(schema: Schema, value: unknown): FieldSet {
  const list = asList(value);
  if (schema.node === "list") return list === undefined ? NO_FIELDS : fieldsOfItems(schema, list);
  const fields = new Map<PathElement, FieldNode>();
  for (const [name, inner] of Object.entries(asObject(value) ?? {})) {
    const innerSchema = memberSchema(schema, name);
    if (innerSchema === undefined || inner === undefined) continue;
    const found = fieldNodeOf(schema, innerSchema, inner);
    if (found !== undefined) fields.set(memberElement(name), found);
  }
  return fields;
}

function fieldNodeOf(holder: Schema, schema: Schema, value: unknown): FieldNode | undefined {
  if (grainOf(schema) === "leaf" || value === null) return MEMBER;
  const object = asObject(value);
  const isMember = holder.node === "map" || (object !== undefined && isEmpty(object));
  const fields = fieldsWithin(schema, value);
  return isMember || fields.size > 0 ? node(isMember, fields) : undefined;
}

function fieldsOfItems(list: ListSchema, items: readonly unknown[]): FieldSet {
  const fields = new Map<PathElement, FieldNode>();
  for (const [element, named] of itemsByElement(list, items)) {
    const isLeaf = named.length > 1 || grainOf(list.items) === "leaf";
    fields.set(element, isLeaf ? MEMBER : node(true, fieldsWithin(list.items, named[0])));
  }
  return fields;
}
