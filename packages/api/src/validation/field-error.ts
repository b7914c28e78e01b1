/** One thing wrong with one field, and the words upstream uses for it (apimachinery/pkg/util/validation/field). */
import type { StatusCause } from "../errors.ts";

const KINDS = {
  invalid: ["FieldValueInvalid", "Invalid value"],
  required: ["FieldValueRequired", "Required value"],
  duplicate: ["FieldValueDuplicate", "Duplicate value"],
  notSupported: ["FieldValueNotSupported", "Unsupported value"],
  notFound: ["FieldValueNotFound", "Not found"],
  forbidden: ["FieldValueForbidden", "Forbidden"],
  tooLong: ["FieldValueTooLong", "Too long"],
  tooMany: ["FieldValueTooMany", "Too many"],
} as const;

export interface FieldError {
  readonly kind: keyof typeof KINDS;
  /** `spec.containers[0].name` */
  readonly field: string;
  readonly value?: unknown;
  readonly detail: string;
}

const OMITTED = Symbol("omitted");
const WITHOUT_VALUE = new Set<FieldError["kind"]>(["required", "forbidden", "tooLong"]);

export const fieldInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  kind: "invalid",
  field,
  value,
  detail,
});
export const fieldRequired = (field: string, detail = ""): FieldError => ({
  kind: "required",
  field,
  detail,
});
export const fieldDuplicate = (field: string, value: unknown): FieldError => ({
  kind: "duplicate",
  field,
  value,
  detail: "",
});
export const fieldNotFound = (field: string, value: unknown): FieldError => ({
  kind: "notFound",
  field,
  value,
  detail: "",
});
export const fieldForbidden = (field: string, detail: string): FieldError => ({
  kind: "forbidden",
  field,
  detail,
});
export const fieldTooLong = (field: string, maxBytes: number): FieldError => ({
  kind: "tooLong",
  field,
  detail: `may not be more than ${maxBytes} bytes`,
});

export const fieldTooMany = (field: string, count: number, most: number): FieldError => ({
  kind: "tooMany",
  field,
  value: count,
  detail: `must have at most ${most} ${most === 1 ? "item" : "items"}`,
});
/** About a whole that would not be good to read. */
export const fieldInvalidWhole = (field: string, detail: string): FieldError => ({
  kind: "invalid",
  field,
  value: OMITTED,
  detail,
});

/** Upstream lists most of its sets sorted, and some as they are written down. */
export function fieldNotSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
  order: "sorted" | "asTheyAre" = "sorted",
): FieldError {
  const listed = order === "sorted" ? [...supported].sort() : supported;
  const allowed = listed.map(each => JSON.stringify(each));
  return { kind: "notSupported", field, value, detail: `supported values: ${allowed.join(", ")}` };
}

/** The text without the field: what a cause's `message` carries. */
function body(error: FieldError): string {
  const value = WITHOUT_VALUE.has(error.kind) || error.value === OMITTED ? "" : `: ${printed(error.value)}`;
  const detail = error.detail === "" ? "" : `: ${error.detail}`;
  return `${KINDS[error.kind][1]}${value}${detail}`;
}

function printed(value: unknown): string {
  return value === undefined || value === null ? "null" : JSON.stringify(value);
}

export function describeFieldError(error: FieldError): string {
  return `${error.field}: ${body(error)}`;
}

/** One error stands alone; several stand in brackets, each said once. */
export function describeFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(describeFieldError))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

export function toCause(error: FieldError): StatusCause {
  return { reason: KINDS[error.kind][0], message: body(error), field: error.field };
}
