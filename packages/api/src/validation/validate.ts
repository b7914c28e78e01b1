/** Everything that must hold of an object before it is stored: its schema, its metadata, its kind's own rules. */
import type { KubernetesObject } from "../core/meta.ts";
import type { Kind, Subresource } from "../kinds/kind.ts";
import { checkSchema } from "../schema/check.ts";
import type { FieldError } from "./field-error.ts";
import { validateMetadata, validateMetadataUpdate } from "./metadata.ts";

export function validateNew<T extends KubernetesObject>(kind: Kind<T>, object: T): FieldError[] {
  const errors = [...validateMetadata(kind, object), ...checkFields(kind, object)];
  return isWhole(kind, object) ? [...errors, ...kind.validate(object)] : errors;
}

export function validateUpdate<T extends KubernetesObject>(kind: Kind<T>, next: T, stored: T): FieldError[] {
  const errors = [...validateMetadataUpdate(next.metadata, stored.metadata), ...validateNew(kind, next)];
  return isWhole(kind, next) ? [...errors, ...kind.validateUpdate(next, stored)] : errors;
}

/** A part written on its own, and the metadata that came with it. */
export function validatePart<T extends KubernetesObject>(
  kind: Kind<T>,
  part: Subresource<T>,
  next: T,
  stored: T,
): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, stored.metadata),
    ...validateMetadata(kind, next),
    ...part.validate(next, stored),
  ];
}

/** Without the status, which the system writes itself. */
function checkFields<T extends KubernetesObject>(kind: Kind<T>, object: T): FieldError[] {
  const { status: _, ...rest } = object as T & { status?: unknown };
  return checkSchema(kind.schema, rest);
}

/** Has its parts, such as the spec, that the kind's own rules are about. */
function isWhole<T extends KubernetesObject>(kind: Kind<T>, object: T): boolean {
  return [...kind.schema.fields].every(
    ([key, { presence, schema }]) => presence !== "required" || schema.node !== "object" || key in object,
  );
}
