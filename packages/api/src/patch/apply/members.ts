/** How the algorithms of server-side apply look at a value and its schema. */
import type { Schema } from "../../schema/schema.ts";
import { isGranularList } from "./list-element.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * `leaf`: owned as one. `members`: an object or map whose members are owned one by one. `items`: a list whose items
 * are.
 */
export type Grain = "leaf" | "members" | "items";

export function grainOf(schema: Schema): Grain {
  switch (schema.node) {
    case "scalar":
      return "leaf";
    case "list":
      return isGranularList(schema) ? "items" : "leaf";
    default:
      return schema.atomic ? "leaf" : "members";
  }
}

/** Undefined: the schema has no such member. */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.node === "map") return schema.values;
  return schema.node === "object" ? schema.fields.get(name)?.schema : undefined;
}

/** Fields of a struct, in contrast to the keys of a map, are known by the schema. */
export function isNamedField(schema: Schema | undefined, name: string): boolean {
  return schema?.node === "object" && schema.fields.has(name);
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function isEmpty(value: JsonObject | readonly unknown[] | undefined): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value) if ((value as JsonObject)[key] !== undefined) return false;
  return true;
}
