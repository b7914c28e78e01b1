/** Fields and resources of the Pod that environments and volumes refer to: the downward API. */
import type { ObjectFieldSelector, ResourceFieldSelector } from "../../core/volume.ts";
import {
  type FieldError,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { labelKeyProblems } from "../../validation/names.ts";
import { compareQuantities } from "../../values/quantity.ts";

const OF_METADATA = ["metadata.name", "metadata.namespace", "metadata.uid"];

export const ENVIRONMENT_FIELDS: readonly string[] = [
  ...OF_METADATA,
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
export const VOLUME_FIELDS: readonly string[] = [...OF_METADATA, "metadata.annotations", "metadata.labels"];

/** Those that the API knows at all, wherever they may be used: ConvertDownwardAPIFieldLabel. */
const KNOWN_FIELDS = new Set([
  ...ENVIRONMENT_FIELDS,
  ...VOLUME_FIELDS,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

const SUBSCRIPTED = /^(?<path>.*)\['(?<key>.*)'\]$/;

export function validateFieldReference(
  reference: ObjectFieldSelector,
  allowed: readonly string[],
  field: string,
): FieldError[] {
  const { apiVersion, fieldPath } = reference;
  const place = `${field}.fieldPath`;
  const failed = (why: string) => [fieldInvalid(place, fieldPath, `error converting fieldPath: ${why}`)];
  // The schema has said that it is missing.
  if (!fieldPath) return [];
  if (apiVersion && apiVersion !== "v1") return failed(`unsupported pod version: ${apiVersion}`);
  const { path, key } = SUBSCRIPTED.exec(fieldPath)?.groups ?? {};
  if (path === "metadata.labels") return shaped(field, key, labelKeyProblems);
  if (path === "metadata.annotations") return shaped(field, key?.toLowerCase(), labelKeyProblems);
  if (path !== undefined && KNOWN_FIELDS.has(path)) {
    return failed(`field label does not support subscript: ${fieldPath}`);
  }
  if (!KNOWN_FIELDS.has(fieldPath)) return failed(`field label not supported: ${fieldPath}`);
  return allowed.includes(fieldPath) ? [] : [fieldNotSupported(place, fieldPath, allowed)];
}

const RESOURCES = ["limits", "requests"].flatMap(part =>
  ["cpu", "ephemeral-storage", "memory"].map(name => `${part}.${name}`),
);
const HUGE_PAGES = /^(limits|requests)\.hugepages-/;
const CPU_DIVISORS = ["1m", "1"];
const BYTE_DIVISORS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

export function validateResourceReference(
  reference: ResourceFieldSelector,
  field: string,
  place: "environment" | "volume",
): FieldError[] {
  const { containerName, resource, divisor } = reference;
  const errors: FieldError[] = [];
  if (place === "volume" && !containerName) errors.push(fieldRequired(`${field}.containerName`));
  else if (resource && !RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    errors.push(fieldNotSupported(`${field}.resource`, resource, RESOURCES));
  }
  return [...errors, ...validateDivisor(resource ?? "", divisor ?? "0", `${field}.divisor`)];
}

function validateDivisor(resource: string, divisor: string, field: string): FieldError[] {
  const isCpu = resource.endsWith(".cpu");
  const allowed = isCpu ? CPU_DIVISORS : BYTE_DIVISORS;
  if (["0", ...allowed].some(each => compareQuantities(each, divisor) === 0)) return [];
  const what = divided(resource);
  if (what === undefined) return [];
  const list = isCpu ? allowed.join(" and ") : allowed.join(", ");
  const detail = `only divisor's values ${list} are supported with the ${what} resource`;
  return [fieldInvalid(field, resource, detail)];
}

/** What upstream's message calls the resource; a resource that is none has had its error. */
function divided(resource: string): string | undefined {
  if (HUGE_PAGES.test(resource)) return "hugepages";
  if (!RESOURCES.includes(resource)) return undefined;
  const name = resource.slice(resource.indexOf(".") + 1);
  return name === "ephemeral-storage" ? "local ephemeral storage" : name;
}
