/** Paths inside volumes, which must not lead out of them: ValidateLocalDescendingPath, ValidateLocalNonReservedPath. */
import { type FieldError, fieldInvalid } from "./field-error.ts";

export function withoutBacksteps(field: string, path: string): FieldError[] {
  return path.split("/").includes("..") ? [fieldInvalid(field, path, "must not contain '..'")] : [];
}

export function descendingPath(field: string, path: string): FieldError[] {
  const absolute = path.startsWith("/") ? [fieldInvalid(field, path, "must be a relative path")] : [];
  return [...absolute, ...withoutBacksteps(field, path)];
}

/** Names that begin with two dots are taken: the files of a volume are swapped as a whole by way of them. */
export function unreservedPath(field: string, path: string): FieldError[] {
  const reserved = path.startsWith("..") && !path.startsWith("../");
  const taken = reserved ? [fieldInvalid(field, path, "must not start with '..'")] : [];
  return [...descendingPath(field, path), ...taken];
}
