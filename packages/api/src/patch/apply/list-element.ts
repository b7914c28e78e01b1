/** How an item of a list is named: by its key, or in a set by itself (structured-merge-diff, typed/helpers.go). */
import type { FieldSchema, ListSchema } from "../../schema/schema.ts";
import { type ItemKey, keyElement, type PathElement, valueElement } from "./path-element.ts";

/** Lists of which writers may own single items. */
export function isGranularList(list: ListSchema): boolean {
  return list.key !== undefined || list.set === true;
}

/** Throws an Error in upstream's words when the item has no name. */
export function listElement(list: ListSchema, item: unknown): PathElement {
  if (list.key === undefined) return setElement(item);
  if (item === null || item === undefined) {
    throw new Error("associative list with keys may not have a null element");
  }
  if (typeof item !== "object" || Array.isArray(item)) {
    throw new Error("associative list with keys may not have non-map elements");
  }
  const key: ItemKey = list.key.flatMap(name => {
    const value = Object.hasOwn(item, name)
      ? (item as Record<string, unknown>)[name]
      : keyDefault(list, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (key.length === 0) {
    const names = list.key.map(name => JSON.stringify(name)).join(" ");
    throw new Error(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(key);
}

function setElement(item: unknown): PathElement {
  if (item === null || item === undefined) {
    throw new Error("associative list without keys has an element that's an explicit null");
  }
  if (Array.isArray(item)) throw new Error("not supported: associative list with lists as elements");
  if (typeof item === "object") {
    throw new Error("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}

/** A required field that is left out reads as Go's zero value, which OpenAPI gives as its default. */
function keyDefault({ items }: ListSchema, name: string): unknown {
  const field = items.node === "object" ? items.fields.get(name) : undefined;
  if (field === undefined) return undefined;
  return field.fallback ?? (field.presence === "required" ? zeroOf(field) : undefined);
}

function zeroOf({ schema }: FieldSchema): unknown {
  if (schema.node !== "scalar") return undefined;
  return schema.format === "int32" || schema.format === "int64" ? 0 : "";
}
