/** What an object says nothing with: such fields are left out of what the server keeps and shows (Go's omitempty). */
import type { FieldSchema } from "./schema.ts";

/** Zeros that stand for "nobody set it". */
export function isUnsaid({ presence, fallback, zeroIsAbsent }: FieldSchema, value: unknown): boolean {
  if (value === "") return zeroIsAbsent ?? fallback !== "";
  return (value === 0 || value === false) && presence === "optional" && zeroIsAbsent === true;
}

/** The same of a value in JSON, where lists and maps may be there and empty. */
export function isOmitted(field: FieldSchema, value: unknown): boolean {
  if (field.presence === "required") return false;
  const { node } = field.schema;
  if (node === "list" || node === "map") return Object.keys(value as object).length === 0;
  return isUnsaid(field, value);
}
