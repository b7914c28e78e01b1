/** What a container asks for: ValidateContainerResourceRequirements. */
import type { Container } from "../../core/container.ts";
import type { PodSpec } from "../../core/pod.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { labelKeyProblems } from "../../validation/names.ts";
import { compareQuantities, quantityNanos } from "../../values/quantity.ts";

const STANDARD = ["cpu", "memory", "ephemeral-storage"];
const isHugePages = (name: string) => name.startsWith("hugepages-");
const isNative = (name: string) => !name.includes("/") || name.includes("kubernetes.io/");
const mayOvercommit = (name: string) => isNative(name) && !isHugePages(name);
const WHOLE = 1_000_000_000n;

export function validateResources(spec: PodSpec, { resources }: Container, field: string): FieldError[] {
  const { limits = {}, requests = {}, claims = [] } = resources ?? {};
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const errors = [
    ...Object.entries(limits).flatMap(each => validateAmount(each, `${field}.limits`)),
    ...Object.entries(requests).flatMap(each => [
      ...validateAmount(each, `${field}.requests`),
      ...validateRequest(each, limits, field),
    ]),
  ];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(fieldForbidden(field, "HugePages require cpu or memory"));
  }
  return [...errors, ...validateClaims(spec, claims, `${field}.claims`)];
}

function validateAmount([name, amount]: [string, string], list: string): FieldError[] {
  const field = `${list}[${name}]`;
  const nanos = quantityNanos(amount)!;
  const errors = nameProblems(name).map(problem => fieldInvalid(field, name, problem));
  if (nanos < 0n) errors.push(fieldInvalid(field, amount, "must be greater than or equal to 0"));
  if (!isNative(name) && nanos % WHOLE !== 0n) {
    errors.push(fieldInvalid(field, amount, "must be an integer"));
  }
  if (isHugePages(name)) {
    const size = quantityNanos(name.slice("hugepages-".length));
    if (size && nanos % size !== 0n) {
      errors.push(fieldInvalid(field, amount, `${amount} is not positive integer multiple of ${name}`));
    }
  }
  return errors;
}

function nameProblems(name: string): string[] {
  const problems = labelKeyProblems(name);
  if (name.includes("/")) {
    const isExtended = isNative(name) || !name.startsWith("requests.");
    return isExtended ? problems : [...problems, "doesn't follow extended resource name standard"];
  }
  if (STANDARD.includes(name) || isHugePages(name)) return problems;
  if (problems.length === 0) problems.push("must be a standard resource type or fully qualified");
  return [...problems, "must be a standard resource for containers"];
}

/** What cannot be shared out twice must be limited to what is asked for. */
function validateRequest(
  [name, request]: [string, string],
  limits: Record<string, string>,
  field: string,
): FieldError[] {
  const limit = limits[name];
  if (limit === undefined) {
    if (mayOvercommit(name)) return [];
    return [fieldRequired(`${field}.limits`, "Limit must be set for non overcommitable resources")];
  }
  const order = compareQuantities(request, limit);
  const isExact = !mayOvercommit(name);
  if (order === 0 || (order < 0 && !isExact)) return [];
  const detail = `must be ${isExact ? "equal to" : "less than or equal to"} ${name} limit of ${limit}`;
  return [fieldInvalid(`${field}.requests`, request, detail)];
}

function validateClaims(spec: PodSpec, claims: readonly { name: string }[], field: string): FieldError[] {
  const known = (spec.resourceClaims ?? []).map(claim => claim.name);
  const list = known.length === 0 ? " which is empty" : `: ${known.join(", ")}`;
  return claims.flatMap(({ name }, at): FieldError[] => {
    if (!name || known.includes(name)) return [];
    const detail = `must be one of the names in pod.spec.resourceClaims${list}`;
    return [{ kind: "notFound", field: `${field}[${at}]`, value: name, detail }];
  });
}
