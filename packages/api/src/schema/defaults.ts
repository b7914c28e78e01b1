/** Fills in a schema's fallbacks, from the outside in, so that an object that was itself a fallback gets its own. */
import type { FieldSchema, Schema } from "./schema.ts";

/** Changes `value` in place. */
export function applyFallbacks(schema: Schema, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (schema.node === "list") {
    for (const item of value as unknown[]) applyFallbacks(schema.items, item);
  } else if (schema.node === "map") {
    for (const item of Object.values(value)) applyFallbacks(schema.values, item);
  } else if (schema.node === "object") {
    const record = value as Record<string, unknown>;
    for (const [key, field] of schema.fields) {
      if (field.fallback !== undefined && isAbsent(field, record[key])) {
        record[key] = structuredClone(field.fallback);
      }
      applyFallbacks(field.schema, record[key]);
    }
  }
}

function isAbsent(field: FieldSchema, value: unknown): boolean {
  return value === undefined || value === "" || (value === 0 && field.zeroIsAbsent === true);
}
