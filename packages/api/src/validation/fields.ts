/** Rules that many fields have, in upstream's words. */
import { jsonEqual } from "../values/equal.ts";
import { type FieldError, fieldInvalid, fieldTooMany } from "./field-error.ts";
import { between, isPort, PORT_MAX } from "./range.ts";

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  if (value === undefined || value >= 0) return [];
  return [fieldInvalid(field, value, "must be greater than or equal to 0")];
}

export function immutable(field: string, next: unknown, stored: unknown): FieldError[] {
  return jsonEqual(next, stored) ? [] : [fieldInvalid(field, next, "field is immutable")];
}

/** A text and what is wrong with it; one that is absent is for others to judge. */
export function shaped(
  field: string,
  value: string | undefined,
  problems: (text: string) => readonly string[],
): FieldError[] {
  return value === undefined ? [] : problems(value).map(problem => fieldInvalid(field, value, problem));
}

export function portNumber(field: string, port: number | undefined): FieldError[] {
  if (port === undefined || isPort(port)) return [];
  return [fieldInvalid(field, port, between(1, PORT_MAX))];
}

export function atMost(field: string, values: readonly unknown[] | undefined, most: number): FieldError[] {
  const count = values?.length ?? 0;
  return count > most ? [fieldTooMany(field, count, most)] : [];
}

/** The same errors about a part that stands deeper: of a template's `spec`, say. */
export function under(prefix: string, errors: readonly FieldError[]): FieldError[] {
  return errors.map(error => ({ ...error, field: `${prefix}.${error.field}` }));
}
