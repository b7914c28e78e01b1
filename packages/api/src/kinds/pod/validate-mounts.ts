/** Where containers mount volumes: ValidateVolumeMounts, ValidateVolumeDevices. */
import type { Container, VolumeMount } from "../../core/container.ts";
import type { PodSpec } from "../../core/pod.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
} from "../../validation/field-error.ts";
import { descendingPath } from "../../validation/paths.ts";

/** The claims of a StatefulSet's template are volumes too, which its Pods alone know of: those are in `spec` there. */
export function validateMounts(spec: PodSpec, container: Container, field: string): FieldError[] {
  const volumes = new Set((spec.volumes ?? []).map(volume => volume.name));
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, at) => {
    const { name, mountPath, subPath, subPathExpr } = mount;
    const place = `${field}[${at}]`;
    const errors: FieldError[] = [];
    if (!volumes.has(name)) errors.push(fieldNotFound(`${place}.name`, name ?? ""));
    if (paths.has(mountPath)) errors.push(fieldInvalid(`${place}.mountPath`, mountPath, "must be unique"));
    paths.add(mountPath);
    // From here on upstream names the list, not the mount.
    errors.push(...descendingPath(`${field}.subPath`, subPath ?? ""));
    if (subPath && subPathExpr) {
      const detail = "subPathExpr and subPath are mutually exclusive";
      errors.push(fieldInvalid(`${place}.subPathExpr`, subPathExpr, detail));
    }
    return [
      ...errors,
      ...descendingPath(`${field}.subPathExpr`, subPathExpr ?? ""),
      ...validatePropagation(mount, container, `${field}.mountPropagation`),
      ...validateRecursive(mount, `${field}.recursiveReadOnly`),
    ];
  });
}

function validatePropagation({ mountPropagation }: VolumeMount, container: Container, field: string) {
  const needsPrivilege = mountPropagation === "Bidirectional" && !container.securityContext?.privileged;
  const detail = "Bidirectional mount propagation is available only to privileged containers";
  return needsPrivilege ? [fieldForbidden(field, detail)] : [];
}

const RECURSIVE = ["Disabled", "Enabled", "IfPossible"];

function validateRecursive(mount: VolumeMount, field: string): FieldError[] {
  const { recursiveReadOnly, readOnly, mountPropagation = "None" } = mount;
  if (recursiveReadOnly === undefined || recursiveReadOnly === "Disabled") return [];
  if (!RECURSIVE.includes(recursiveReadOnly)) {
    return [fieldNotSupported(field, recursiveReadOnly, RECURSIVE)];
  }
  const errors: FieldError[] = [];
  if (!readOnly) errors.push(fieldForbidden(field, "may only be specified when readOnly is true"));
  if (mountPropagation !== "None") {
    const detail = "may only be specified when mountPropagation is None or not specified";
    errors.push(fieldForbidden(field, detail));
  }
  return errors;
}

export function validateDevices(spec: PodSpec, container: Container, field: string): FieldError[] {
  const [names, paths] = [new Set<string>(), new Set<string>()];
  const mounts = container.volumeMounts ?? [];
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, at) => {
    const errors: FieldError[] = [];
    const invalid = (key: "name" | "devicePath", detail: string) =>
      errors.push(fieldInvalid(`${field}[${at}].${key}`, key === "name" ? name : devicePath, detail));
    const volume = spec.volumes?.find(each => each.name === name);
    if (names.has(name)) invalid("name", "must be unique");
    if (volume === undefined) errors.push(fieldNotFound(`${field}[${at}].name`, name ?? ""));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      invalid("name", "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (paths.has(devicePath)) invalid("devicePath", "must be unique");
    if (devicePath?.split("/").includes("..")) invalid("devicePath", "can not contain backsteps ('..')");
    if (mounts.some(mount => mount.name === name)) invalid("name", "must not already exist in volumeMounts");
    if (mounts.some(mount => mount.mountPath === devicePath)) {
      invalid("devicePath", "must not already exist as a path in volumeMounts");
    }
    names.add(name);
    paths.add(devicePath);
    return errors;
  });
}
