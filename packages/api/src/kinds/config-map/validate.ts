/** What ConfigMaps and Secrets must satisfy: pkg/apis/core/validation, ValidateConfigMap. */
import type { ConfigMap } from "../../core/config-map.ts";
import { type FieldError, fieldForbidden, fieldInvalid, fieldTooLong } from "../../validation/field-error.ts";
import { dataKeyProblems } from "../../validation/names.ts";
import { jsonEqual } from "../../values/equal.ts";

/** Of the values together. */
export const DATA_MAX_BYTES = 1024 * 1024;

export function validateDataKeys(field: string, data: Readonly<Record<string, string>>): FieldError[] {
  return Object.keys(data).flatMap(key =>
    dataKeyProblems(key).map(problem => fieldInvalid(`${field}[${key}]`, key, problem)),
  );
}

/** Of the bytes that base64 stands for. */
export function decodedBytes(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors = [...validateDataKeys("data", data), ...validateDataKeys("binaryData", binaryData)];
  for (const key of Object.keys(data)) {
    if (!Object.hasOwn(binaryData, key)) continue;
    errors.push(fieldInvalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
  }
  const encoder = new TextEncoder();
  const texts = Object.values(data).reduce((sum, text) => sum + encoder.encode(text).length, 0);
  const bytes = Object.values(binaryData).reduce((sum, each) => sum + decodedBytes(each), texts);
  // About the whole object.
  return bytes > DATA_MAX_BYTES ? [...errors, fieldTooLong("[]", DATA_MAX_BYTES)] : errors;
}

const FROZEN = "field is immutable when `immutable` is set";

export function validateFrozen<T extends { immutable?: boolean | undefined }>(
  next: T,
  stored: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!stored.immutable) return [];
  const errors = next.immutable ? [] : [fieldForbidden("immutable", FROZEN)];
  const changed = fields.filter(field => !jsonEqual(next[field], stored[field]));
  return [...errors, ...changed.map(field => fieldForbidden(field, FROZEN))];
}
