/** Everything that must hold of an object before it is stored: its schema, its metadata, its kind's own rules. */
import type { KubernetesObject } from "../core/meta.ts";
import type { Kind } from "../kinds/kind.ts";
import { checkSchema } from "../schema/check.ts";
import type { FieldError } from "./field-error.ts";
import { validateMetadata, validateMetadataUpdate } from "./metadata.ts";

export function validateNew<T extends KubernetesObject>(kind: Kind<T>, object: T): FieldError[] {
  return [...validateMetadata(kind, object), ...checkFields(kind, object), ...kind.validate(object)];
}

export function validateUpdate<T extends KubernetesObject>(kind: Kind<T>, next: T, stored: T): FieldError[] {
  return [
    ...validateMetadataUpdate(next.metadata, stored.metadata),
    ...validateNew(kind, next),
    ...kind.validateUpdate(next, stored),
  ];
}

/** Without the status, which the system writes itself. */
function checkFields<T extends KubernetesObject>(kind: Kind<T>, object: T): FieldError[] {
  const { status: _, ...rest } = object as T & { status?: unknown };
  return checkSchema(kind.schema, rest);
}
