/** What validation can tell from the schema alone: required fields that are missing, values outside of an enum. */
import { type FieldError, fieldNotSupported, fieldRequired } from "../validation/field-error.ts";
import type { Schema } from "./schema.ts";

/** `path` is the field that holds `value`; "" for a whole object. */
export function checkSchema(schema: Schema, value: unknown, path = ""): FieldError[] {
  const errors: FieldError[] = [];
  visit(schema, value, path, errors);
  return errors;
}

function visit(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined) return;
  switch (schema.node) {
    case "object":
      for (const [key, field] of schema.fields) {
        const inner = (value as Record<string, unknown>)[key];
        const innerPath = path === "" ? key : `${path}.${key}`;
        if (isEmpty(inner)) {
          if (field.presence === "required") errors.push(fieldRequired(innerPath, field.requiredDetail));
        } else visit(field.schema, inner, innerPath, errors);
      }
      return;
    case "list":
      (value as unknown[]).forEach((item, at) => {
        visit(schema.items, item, `${path}[${at}]`, errors);
      });
      return;
    case "map":
      for (const [key, item] of Object.entries(value as object)) {
        visit(schema.values, item, `${path}[${key}]`, errors);
      }
      return;
    case "scalar":
      if (schema.values !== undefined && !schema.values.includes(value as string)) {
        errors.push(fieldNotSupported(path, value, schema.values));
      }
  }
}

/** A required 0 or false is a value; upstream's few exceptions (such as containerPort) are the kind's own. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
