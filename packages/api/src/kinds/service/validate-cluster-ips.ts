/**
 * The addresses and families that a Service asks for: ValidateServiceClusterIPsRelatedFields. Who gives out addresses
 * asks this first, so that it can rely on them.
 */
import { familyOf, parseAddress } from "@podwire/wire/address";
import type { ServiceSpec } from "../../core/service.ts";
import { validateAddress } from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { isHeadless } from "./by-type.ts";

const MOST = 2;
const FIELD = "spec.clusterIPs";
const FAMILIES: readonly string[] = ["IPv4", "IPv6"];
const POLICIES: readonly string[] = ["SingleStack", "PreferDualStack", "RequireDualStack"];

export function validateServiceAddresses(spec: ServiceSpec): FieldError[] {
  const { type, clusterIPs = [] } = spec;
  if (type === "ExternalName") return [];
  const shapes = validateShapes(clusterIPs);
  const tooMany =
    clusterIPs.length > MOST ? [fieldInvalid(FIELD, clusterIPs, `may only hold up to ${MOST} values`)] : [];
  const errors = [
    ...validateFirst(spec),
    ...validateFamilies(spec),
    ...validatePolicy(spec),
    ...shapes,
    ...tooMany,
  ];
  if (shapes.length > 0) return errors;
  return [...errors, ...validateOneOfEach(clusterIPs), ...validateMatch(spec)];
}

function validateFirst({ clusterIP, clusterIPs = [] }: ServiceSpec): FieldError[] {
  if (!clusterIP) {
    if (clusterIPs.length === 0) return [];
    return [fieldInvalid(FIELD, clusterIPs, "must be empty when `clusterIP` is not specified")];
  }
  if (clusterIPs.length === 0) return [fieldRequired(FIELD)];
  if (clusterIPs[0] === clusterIP) return [];
  return [fieldInvalid(FIELD, clusterIPs, "first value must match `clusterIP`")];
}

function validateFamilies({ ipFamilies = [] }: ServiceSpec): FieldError[] {
  return ipFamilies.flatMap((family, at) => {
    const field = `spec.ipFamilies[${at}]`;
    return [
      ...(FAMILIES.includes(family) ? [] : [fieldNotSupported(field, family, FAMILIES)]),
      ...(ipFamilies.indexOf(family) < at ? [fieldDuplicate(field, family)] : []),
    ];
  });
}

function validatePolicy({ ipFamilyPolicy: policy }: ServiceSpec): FieldError[] {
  if (policy === undefined || POLICIES.includes(policy)) return [];
  return [fieldNotSupported("spec.ipFamilyPolicy", policy, POLICIES)];
}

function validateShapes(clusterIPs: readonly string[]): FieldError[] {
  return clusterIPs.flatMap((address, at) => {
    if (at > 0 || address !== "None") return validateAddress(`${FIELD}[${at}]`, address);
    if (clusterIPs.length === 1) return [];
    return [fieldInvalid(FIELD, clusterIPs, "'None' must be the first and only value")];
  });
}

const familyOfText = (text: string) => familyOf(parseAddress(text)!);

function validateOneOfEach(clusterIPs: readonly string[]): FieldError[] {
  if (clusterIPs.length < MOST || new Set(clusterIPs.map(familyOfText)).size === MOST) return [];
  return [fieldInvalid(FIELD, clusterIPs, "may specify no more than one IP for each IP family")];
}

function validateMatch(spec: ServiceSpec): FieldError[] {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  if (isHeadless(spec)) return [];
  return clusterIPs.slice(0, ipFamilies.length).flatMap((address, at) => {
    const expected = ipFamilies[at]!;
    if (!FAMILIES.includes(expected) || expected === `IPv${familyOfText(address)}`) return [];
    const detail = `expected an ${expected} value as indicated by \`ipFamilies[${at}]\``;
    return [fieldInvalid(`${FIELD}[${at}]`, address, detail)];
  });
}
