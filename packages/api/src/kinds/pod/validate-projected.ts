/** Several sources brought together in one volume: validateProjectedVolumeSource. */
import type { NamedItemsProjection, ProjectedVolumeSource, VolumeProjection } from "../../core/volume.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { unreservedPath } from "../../validation/paths.ts";
import { validateDownwardFile, validateItems, validateMode } from "./validate-files.ts";

const TOKEN_SECONDS_MIN = 10 * 60;
const TOKEN_SECONDS_MAX = 2 ** 32;

export function validateProjected(source: ProjectedVolumeSource, field: string): FieldError[] {
  const paths = new Set<string>();
  return [
    ...validateMode(source.defaultMode, `${field}.defaultMode`),
    ...(source.sources ?? []).flatMap((each, at) =>
      validateProjection(each, field, `${field}.sources[${at}]`, paths),
    ),
  ];
}

/** `paths`: the files that the sources before make. */
function validateProjection(
  source: VolumeProjection,
  whole: string,
  field: string,
  paths: Set<string>,
): FieldError[] {
  const taken = (path: string | undefined, named: string | undefined) => {
    const isTaken = path !== undefined && paths.has(path);
    if (path) paths.add(path);
    return isTaken ? [fieldInvalid(whole, named, "conflicting duplicate paths")] : [];
  };
  const named = (part: NamedItemsProjection | undefined, place: string) => {
    if (part === undefined) return [];
    return [
      ...(part.name ? [] : [fieldRequired(`${place}.name`)]),
      ...validateItems(part.items ?? [], `${place}.items`),
      ...(part.items ?? []).flatMap(({ path }) => taken(path, part.name)),
    ];
  };
  const errors = [
    ...named(source.secret, `${field}.secret`),
    ...named(source.configMap, `${field}.configMap`),
    ...(source.downwardAPI?.items ?? []).flatMap(file => [
      ...validateDownwardFile(file, `${field}.downwardAPI`),
      ...taken(file.path, file.path),
    ]),
    ...validateToken(source, whole, `${field}.serviceAccountToken`),
  ];
  if (Object.keys(source).length > 1) {
    errors.push(fieldForbidden(field, "may not specify more than 1 volume type per source"));
  }
  return errors;
}

function validateToken(
  { serviceAccountToken }: VolumeProjection,
  whole: string,
  field: string,
): FieldError[] {
  if (serviceAccountToken === undefined) return [];
  const { expirationSeconds: seconds, path } = serviceAccountToken;
  const errors = unreservedPath(`${whole}.path`, path ?? "");
  if (seconds !== undefined && seconds < TOKEN_SECONDS_MIN) {
    const detail = "may not specify a duration less than 10 minutes";
    errors.push(fieldInvalid(`${field}.expirationSeconds`, seconds, detail));
  }
  if (seconds !== undefined && seconds > TOKEN_SECONDS_MAX) {
    const detail = "may not specify a duration larger than 2^32 seconds";
    errors.push(fieldInvalid(`${field}.expirationSeconds`, seconds, detail));
  }
  return errors;
}
