/**
 * The way of a manifest into the system: decode, then default. What comes out has the types it claims, and every
 * default is in place; whether it is valid is for `validateNew` and `validateUpdate` to say.
 */
import type { KubernetesObject } from "./core/meta.ts";
import { type ApiError, badRequest } from "./errors.ts";
import { apiVersionOf, type Kind } from "./kinds/kind.ts";
import { type Decoded, DecodeError, decode } from "./schema/decode.ts";
import { applyFallbacks } from "./schema/defaults.ts";
import type { ObjectSchema } from "./schema/schema.ts";

/** What happens to fields that the schema does not know. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface Admitted<T> {
  readonly object: T;
  readonly warnings: readonly string[];
}

/** The error to throw when a value is no object of its kind. */
export type Refuse = (why: string) => ApiError;

/** Throws a BadRequest, or what `refuse` makes of it, in upstream's words, when the value is no object of the kind. */
export function admit<T extends KubernetesObject>(
  kind: Kind<T>,
  value: unknown,
  fieldValidation: FieldValidation = "Warn",
  refuse: Refuse = cannotBeHandled(kind),
): Admitted<T> {
  const { object, unknownFields } = decodeKind(kind.schema, value, fieldValidation, refuse);
  checkTypeMeta(kind, object);
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  object.metadata ??= {} as T["metadata"];
  keepReset(value, object.metadata);
  setDefaults(kind, object);
  const warnings = fieldValidation === "Warn" ? unknownFields.map(path => `unknown field "${path}"`) : [];
  return { object, warnings };
}

/** An empty list of managers is no list left out: it resets them. */
function keepReset(value: unknown, metadata: KubernetesObject["metadata"]): void {
  const given = (value as { metadata?: { managedFields?: unknown } | null } | null)?.metadata?.managedFields;
  if (Array.isArray(given)) metadata.managedFields ??= [];
}

/** In place; twice does no more than once. */
export function setDefaults<T extends KubernetesObject>(kind: Kind<T>, object: T): void {
  applyFallbacks(kind.schema, object);
  // An object without its spec is invalid, and has nothing in it that could have defaults.
  if ("spec" in object || !kind.schema.fields.has("spec")) kind.applyDefaults(object);
}

/** Decodes a value that is not of a kind of the table, such as DeleteOptions. */
export function decodeNamed<T>(version: string, schema: ObjectSchema<T>, value: unknown): T {
  return decodeKind(schema, value, "Ignore", cannotBeHandled({ version, kind: schema.name })).object;
}

function cannotBeHandled({ version, kind }: { version: string; kind: string }): Refuse {
  return why => badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

function decodeKind<T>(
  schema: ObjectSchema<T>,
  value: unknown,
  fieldValidation: FieldValidation,
  refuse: Refuse,
): Decoded<T> {
  try {
    const decoded = decode(schema, value);
    if (fieldValidation === "Strict" && decoded.unknownFields.length > 0) {
      const list = decoded.unknownFields.map(path => `unknown field "${path}"`).join(", ");
      throw refuse(`strict decoding error: ${list}`);
    }
    return decoded;
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error.message) : error;
  }
}

function checkTypeMeta(kind: Kind, object: Partial<KubernetesObject>): void {
  const expected = apiVersionOf(kind);
  if (object.apiVersion && object.apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (object.kind && object.kind !== kind.kind) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): got kind ${JSON.stringify(object.kind)}`,
    );
  }
}
