/** The environment of a container: ValidateEnv, ValidateEnvFrom. */
import type { EnvFromSource, EnvVar, EnvVarSource, KeySelector } from "../../core/container.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { dataKeyProblems, dnsSubdomainProblems } from "../../validation/names.ts";
import {
  ENVIRONMENT_FIELDS,
  validateFieldReference,
  validateResourceReference,
} from "./validate-references.ts";

const VARIABLE_NAME = /^[ -<>-~]+$/;

function variableProblems(name: string): string[] {
  if (VARIABLE_NAME.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function validateEnv(env: readonly EnvVar[], field: string): FieldError[] {
  return env.flatMap(({ name, value, valueFrom }, at) => {
    const errors = name ? shaped(`${field}[${at}].name`, name, variableProblems) : [];
    if (valueFrom === undefined) return errors;
    return [...errors, ...validateSource(valueFrom, value, `${field}[${at}].valueFrom`)];
  });
}

function validateSource(source: EnvVarSource, value: string | undefined, field: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldReference(fieldRef, ENVIRONMENT_FIELDS, `${field}.fieldRef`));
  if (resourceFieldRef) {
    errors.push(...validateResourceReference(resourceFieldRef, `${field}.resourceFieldRef`, "environment"));
  }
  errors.push(...validateKey(configMapKeyRef, `${field}.configMapKeyRef`));
  errors.push(...validateKey(secretKeyRef, `${field}.secretKeyRef`));
  const detail = sourceProblem(Object.keys(source).length, value);
  return detail === undefined ? errors : [...errors, fieldInvalid(field, "", detail)];
}

function sourceProblem(sources: number, value: string | undefined): string | undefined {
  if (sources === 0) {
    return "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
  }
  if (value) return "may not be specified when `value` is not empty";
  return sources > 1 ? "may not have more than one field specified at a time" : undefined;
}

function validateKey(selector: KeySelector | undefined, field: string): FieldError[] {
  if (selector === undefined) return [];
  const { name = "", key } = selector;
  return [
    ...shaped(`${field}.name`, name, dnsSubdomainProblems),
    ...(key ? shaped(`${field}.key`, key, dataKeyProblems) : []),
  ];
}

export function validateEnvFrom(sources: readonly EnvFromSource[], field: string): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, at) => {
    const place = `${field}[${at}]`;
    const errors = prefix ? shaped(`${place}.prefix`, prefix, variableProblems) : [];
    for (const [key, reference] of Object.entries({ configMapRef, secretRef })) {
      if (reference === undefined) continue;
      if (!reference.name) errors.push(fieldRequired(`${place}.${key}.name`));
      else errors.push(...shaped(`${place}.${key}.name`, reference.name, dnsSubdomainProblems));
    }
    if (!configMapRef && !secretRef) {
      errors.push(fieldInvalid(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef && secretRef) {
      errors.push(fieldInvalid(field, "", "may not have more than one field specified at a time"));
    }
    return errors;
  });
}
