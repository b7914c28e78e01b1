/** The volumes of a Pod, those at least that Podwire mounts: kubernetes/pkg/apis/core/validation, ValidateVolumes. */
import type { ConfigMapVolumeSource, SecretVolumeSource, Volume } from "../../core/volume.ts";
import { volumeSourceNames } from "../../core/volume.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { dnsLabelProblems } from "../../validation/names.ts";
import { withoutBacksteps } from "../../validation/paths.ts";
import { quantityNanos } from "../../values/quantity.ts";
import { validateDownwardFile, validateItems, validateMode } from "./validate-files.ts";
import { validateProjected } from "./validate-projected.ts";

/** In the order in which upstream looks: what comes first is taken as meant. */
const SOURCES = ["emptyDir" as const, ...volumeSourceNames.filter(name => name !== "emptyDir")];

export function validateVolumes(volumes: readonly Volume[]): FieldError[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, at) => {
    const field = `spec.volumes[${at}]`;
    const [, ...extra] = SOURCES.filter(source => source in volume);
    return [
      ...validateSource(volume, field),
      ...extra.map(source => fieldForbidden(`${field}.${source}`, "may not specify more than 1 volume type")),
      ...validateName(volume.name, `${field}.name`, seen),
    ];
  });
}

function validateName(name: string, field: string, seen: Set<string>): FieldError[] {
  if (!name) return [];
  const errors = dnsLabelProblems(name).map(text => fieldInvalid(field, name, text));
  if (seen.has(name)) errors.push(fieldDuplicate(field, name));
  seen.add(name);
  return errors;
}

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

function validateSource(volume: Volume, field: string): FieldError[] {
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, ephemeral } = volume;
  const errors: FieldError[] = [];
  if (emptyDir?.sizeLimit !== undefined && quantityNanos(emptyDir.sizeLimit)! < 0n) {
    const detail = "SizeLimit field must be a valid resource quantity";
    errors.push(fieldForbidden(`${field}.emptyDir.sizeLimit`, detail));
  }
  if (hostPath !== undefined) {
    errors.push(...withoutBacksteps(`${field}.hostPath.path`, hostPath.path ?? ""));
    const type = hostPath.type ?? "";
    if (!HOST_PATH_TYPES.includes(type)) {
      errors.push(fieldNotSupported(`${field}.hostPath.type`, type, HOST_PATH_TYPES));
    }
  }
  if (secret !== undefined) errors.push(...validateFiles(secret, `${field}.secret`, "secretName"));
  if (configMap !== undefined) errors.push(...validateFiles(configMap, `${field}.configMap`, "name"));
  if (downwardAPI !== undefined) {
    const place = `${field}.downwardAPI`;
    errors.push(...validateMode(downwardAPI.defaultMode, `${place}.defaultMode`));
    errors.push(...(downwardAPI.items ?? []).flatMap(file => validateDownwardFile(file, place)));
  }
  if (projected !== undefined) errors.push(...validateProjected(projected, `${field}.projected`));
  if (ephemeral !== undefined && ephemeral.volumeClaimTemplate === undefined) {
    errors.push(fieldRequired(`${field}.ephemeral.volumeClaimTemplate`));
  }
  return errors;
}

function validateFiles(
  source: SecretVolumeSource & ConfigMapVolumeSource,
  field: string,
  key: "secretName" | "name",
): FieldError[] {
  return [
    ...(source[key] ? [] : [fieldRequired(`${field}.${key}`)]),
    ...validateMode(source.defaultMode, `${field}.defaultMode`),
    ...validateItems(source.items ?? [], `${field}.items`),
  ];
}
