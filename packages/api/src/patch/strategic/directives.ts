/** The directives of a strategic merge patch, and how one that cannot be applied is told. */
import { goText, goType } from "../go-text.ts";

export const PATCH = "$patch";
export const RETAIN_KEYS = "$retainKeys";
export const DELETE_FROM_LIST = "$deleteFromPrimitiveList";
export const SET_ORDER = "$setElementOrder";

/** The patch cannot be applied; the message is upstream's (apimachinery/pkg/util/mergepatch, strategicpatch). */
export class StrategicMergeError extends Error {
  override readonly name = "StrategicMergeError";
  /** `malformed`: the patch is not well formed. `unprocessable`: it is, and does not fit the object. */
  readonly fault: "malformed" | "unprocessable";

  constructor(message: string, fault: StrategicMergeError["fault"] = "malformed") {
    super(message);
    this.fault = fault;
  }
}

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectOf(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw unexpectedType("map[string]interface {}", value);
}

export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpectedType("[]interface {}", value);
}

function unexpectedType(expected: string, value: unknown): StrategicMergeError {
  return new StrategicMergeError(`expected a ${expected}, but received a ${goType(value)}`);
}

export function noMergeKey(item: unknown, mergeKey: string): StrategicMergeError {
  return new StrategicMergeError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

export function unknownDirective(directive: unknown, holder: JsonObject): StrategicMergeError {
  return new StrategicMergeError(`unknown patch type: ${goText(directive)} in map: ${goText(holder)}`);
}

/** `$setElementOrder/containers` -> `containers` */
export function listNamedBy(key: string, prefix: typeof SET_ORDER | typeof DELETE_FROM_LIST): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const what = prefix === SET_ORDER ? "setElementOrder list" : "primitive list";
  throw new StrategicMergeError(`invalid patch format of ${what}`);
}

/** What is taken from a patch as it is loses its directives; a value that is one itself is dropped (undefined). */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter(each => each !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, PATCH)) return undefined;
  const kept = Object.entries(value).map(([key, each]) => [key, withoutDirectives(each)] as const);
  return Object.fromEntries(kept.filter(([, each]) => each !== undefined));
}

/** Members that are null; items stay, so that a list keeps its length. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutNulls(each)]));
}

/** Defined, not assigned: a member may be called "__proto__". */
export function setMember(holder: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
