/** What the policies of a Job must satisfy: validatePodFailurePolicy, validateSuccessPolicy. */
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../../batch/job.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldInvalid,
  fieldInvalidWhole,
  fieldRequired,
} from "../../validation/field-error.ts";
import { atMost, nonNegative, shaped } from "../../validation/fields.ts";
import { labelKeyProblems } from "../../validation/names.ts";

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PATTERNS_MAX = 20;

export function validateFailurePolicy(spec: JobSpec): FieldError[] {
  const { podFailurePolicy, template } = spec;
  if (podFailurePolicy === undefined) return [];
  const field = "spec.podFailurePolicy.rules";
  const { initContainers = [], containers = [] } = template?.spec ?? {};
  const names = [...containers, ...initContainers].map(container => container.name);
  const { rules = [] } = podFailurePolicy;
  return [
    ...atMost(field, rules, RULES_MAX),
    ...rules.flatMap((rule, at) => validateFailureRule(spec, rule, `${field}[${at}]`, names)),
  ];
}

function validateFailureRule(
  spec: JobSpec,
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  field: string,
  names: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldInvalid(`${field}.action`, action, "requires the backoffLimitPerIndex to be set"));
  }
  if (onExitCodes !== undefined)
    errors.push(...validateExitCodes(onExitCodes, `${field}.onExitCodes`, names));
  errors.push(
    ...atMost(`${field}.onPodConditions`, onPodConditions, PATTERNS_MAX),
    ...onPodConditions.flatMap(({ type }, at) =>
      type ? shaped(`${field}.onPodConditions[${at}].type`, type, labelKeyProblems) : [],
    ),
  );
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    const detail = "specifying both OnExitCodes and OnPodConditions is not supported";
    errors.push(fieldInvalidWhole(field, detail));
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.push(fieldInvalidWhole(field, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
  return errors;
}

function validateExitCodes(
  { operator, containerName, values = [] }: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
  field: string,
  names: readonly string[],
): FieldError[] {
  const place = `${field}.values`;
  const errors: FieldError[] = [];
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    errors.push(fieldInvalid(`${field}.containerName`, containerName, detail));
  }
  errors.push(...atMost(place, values, EXIT_CODES_MAX));
  for (const [at, value] of values.entries()) {
    if (operator === "In" && value === 0) {
      errors.push(fieldInvalid(`${place}[${at}]`, value, "must not be 0 for the In operator"));
    }
    if (values.indexOf(value) < at) errors.push(fieldDuplicate(`${place}[${at}]`, value));
  }
  const isOrdered = values.every((value, at) => at === 0 || values[at - 1]! <= value);
  return isOrdered ? errors : [...errors, fieldInvalid(place, values, "must be ordered")];
}

export function validateSuccessPolicy({
  successPolicy,
  completionMode,
  completions = 0,
}: JobSpec): FieldError[] {
  if (successPolicy === undefined) return [];
  if (completionMode !== "Indexed") {
    return [fieldInvalid("spec.successPolicy", successPolicy, "requires indexed completion mode")];
  }
  const field = "spec.successPolicy.rules";
  const { rules = [] } = successPolicy;
  return [
    ...atMost(field, rules, RULES_MAX),
    ...rules.flatMap((rule, at) => validateSuccessRule(rule, completions, `${field}[${at}]`)),
  ];
}

function validateSuccessRule(
  { succeededIndexes: indexes, succeededCount: count }: SuccessPolicyRule,
  completions: number,
  field: string,
): FieldError[] {
  if (indexes === undefined && count === undefined) {
    return [fieldRequired(field, "at least one of succeededCount or succeededIndexes must be specified")];
  }
  const errors: FieldError[] = [];
  const parsed = indexes === undefined ? undefined : countIndexes(indexes, completions);
  if (typeof parsed === "string") {
    const detail = `error parsing succeededIndexes: ${parsed}`;
    errors.push(fieldInvalid(`${field}.succeededIndexes`, indexes, detail));
  }
  if (count === undefined) return errors;
  const place = `${field}.succeededCount`;
  errors.push(...nonNegative(place, count));
  if (count > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(fieldInvalid(place, count, detail));
  }
  const total = typeof parsed === "number" ? parsed : 0;
  if (indexes !== undefined && count > total) {
    const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(fieldInvalid(place, count, detail));
  }
  return errors;
}

/** How many `0,2-4` is; or what is wrong with it (validateIndexesFormat). */
function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let total = 0;
  let last: number | undefined;
  for (const interval of text.split(",")) {
    const limits = interval.split("-");
    if (limits.length > 2) {
      return `the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const [x, y] = limits.map(limit => (/^[+-]?\d+$/.test(limit) ? Number(limit) : limit));
    for (const limit of [x, y]) {
      if (typeof limit === "string")
        return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    }
    const [first, end] = [x as number, y as number | undefined];
    const tooLarge = [first, end].find(limit => limit !== undefined && limit >= completions);
    if (tooLarge !== undefined) return `too large index: ${JSON.stringify(String(tooLarge))}`;
    if (last !== undefined && last >= first)
      return `non-increasing order, previous: ${last}, current: ${first}`;
    if (end !== undefined && first >= end) return `non-increasing order, previous: ${first}, current: ${end}`;
    total += (end ?? first) - first + 1;
    last = end ?? first;
  }
  return total;
}
