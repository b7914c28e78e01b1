/** The files that volumes make of ConfigMaps, Secrets and fields of the Pod: validateKeyToPath, validateDownwardAPIVolumeFile. */
import type { DownwardAPIVolumeFile, KeyToPath } from "../../core/volume.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { unreservedPath } from "../../validation/paths.ts";
import { VOLUME_FIELDS, validateFieldReference, validateResourceReference } from "./validate-references.ts";

export function validateItems(items: readonly KeyToPath[], field: string): FieldError[] {
  return items.flatMap(({ path, mode }, at) => [
    ...unreservedPath(`${field}[${at}].path`, path ?? ""),
    ...validateMode(mode, `${field}[${at}].mode`),
  ]);
}

/** Upstream names the volume, not the item, here. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode } = file;
  const errors = unreservedPath(`${field}.path`, path ?? "");
  if (fieldRef !== undefined) {
    errors.push(...validateFieldReference(fieldRef, VOLUME_FIELDS, `${field}.fieldRef`));
    if (resourceFieldRef !== undefined) {
      const detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
      errors.push(fieldInvalid(field, "resource", detail));
    }
  } else if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceReference(resourceFieldRef, `${field}.resourceFieldRef`, "volume"));
  } else errors.push(fieldRequired(field, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...validateMode(mode, `${field}.mode`)];
}

const MODE_MAX = 0o777;

export function validateMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MODE_MAX)) return [];
  return [fieldInvalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")];
}
