/** Numbers that may be shares: pkg/apis/apps/validation, ValidatePositiveIntOrPercent. */
import { type FieldError, fieldInvalid } from "./field-error.ts";
import { nonNegative } from "./fields.ts";

const PERCENT = /^[0-9]+%$/;
const NOT_A_PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
const WHOLE = 100;

export function validateIntOrPercent(field: string, value: number | string | undefined): FieldError[] {
  if (typeof value !== "string") return nonNegative(field, value);
  return PERCENT.test(value) ? [] : [fieldInvalid(field, value, NOT_A_PERCENT)];
}

export function notMoreThanWhole(field: string, value: number | string | undefined): FieldError[] {
  const isMore = typeof value === "string" && PERCENT.test(value) && amountOf(value) > WHOLE;
  return isMore ? [fieldInvalid(field, value, "must not be greater than 100%")] : [];
}

/** The number, of things or of hundredths. */
export function amountOf(value: number | string | undefined): number {
  if (typeof value !== "string") return value ?? 0;
  return PERCENT.test(value) ? Number(value.slice(0, -1)) : 0;
}
