/** The addresses that a Service asks for: ValidateServiceClusterIPsRelatedFields. */
import { familyOf, parseAddress } from "@podwire/wire/address";
import type { ServiceSpec } from "../../core/service.ts";
import { validateAddress } from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";

const MOST = 2;

export function validateClusterIPs(spec: ServiceSpec): FieldError[] {
  const { type, clusterIP, clusterIPs = [], ipFamilies = [] } = spec;
  if (type === "ExternalName") return [];
  const field = "spec.clusterIPs";
  const errors: FieldError[] = [];
  if (clusterIP && clusterIPs.length === 0) errors.push(fieldRequired(field));
  else if (clusterIP && clusterIPs[0] !== clusterIP) {
    errors.push(fieldInvalid(field, clusterIPs, "first value must match `clusterIP`"));
  } else if (!clusterIP && clusterIPs.length > 0) {
    errors.push(fieldInvalid(field, clusterIPs, "must be empty when `clusterIP` is not specified"));
  }
  for (const [at, family] of ipFamilies.entries()) {
    if (ipFamilies.indexOf(family) < at) errors.push(fieldDuplicate(`spec.ipFamilies[${at}]`, family));
  }
  const shapes = validateShapes(clusterIPs, field);
  if (clusterIPs.length > MOST)
    shapes.push(fieldInvalid(field, clusterIPs, `may only hold up to ${MOST} values`));
  errors.push(...shapes);
  if (shapes.length > 0) return errors;
  return [...errors, ...validateFamilies(spec, clusterIPs, field)];
}

function validateShapes(clusterIPs: readonly string[], field: string): FieldError[] {
  return clusterIPs.flatMap((address, at) => {
    if (at > 0 || address !== "None") return validateAddress(`${field}[${at}]`, address);
    if (clusterIPs.length === 1) return [];
    return [fieldInvalid(field, clusterIPs, "'None' must be the first and only value")];
  });
}

function validateFamilies(
  { ipFamilies = [] }: ServiceSpec,
  clusterIPs: readonly string[],
  field: string,
): FieldError[] {
  if (clusterIPs[0] === "None") return [];
  const families = clusterIPs.map(text => familyOf(parseAddress(text)!));
  const errors: FieldError[] = [];
  if (new Set(families).size < families.length) {
    const detail = "may specify no more than one IP for each IP family";
    errors.push(fieldInvalid(field, clusterIPs, detail));
  }
  for (const [at, family] of families.entries()) {
    const expected = ipFamilies[at];
    if (expected === undefined || expected === `IPv${family}`) continue;
    const detail = `expected an ${expected} value as indicated by \`ipFamilies[${at}]\``;
    errors.push(fieldInvalid(`${field}[${at}]`, clusterIPs[at], detail));
  }
  return errors;
}
