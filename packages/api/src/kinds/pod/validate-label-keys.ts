/** Labels whose values are taken from the Pod itself: ValidateMatchLabelKeysAndMismatchLabelKeys. */
import type { LabelSelector } from "../../core/meta.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { labelKeyProblems } from "../../validation/names.ts";

interface WithLabelKeys {
  readonly labelSelector?: LabelSelector | undefined;
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
}

export function validateLabelKeys(rule: WithLabelKeys, field: string): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = rule;
  const both = matchLabelKeys.flatMap((key, at) => {
    if (!mismatchLabelKeys.includes(key)) return [];
    const detail = "exists in both matchLabelKeys and mismatchLabelKeys";
    return [fieldInvalid(`${field}.matchLabelKeys[${at}]`, key, detail)];
  });
  return [
    ...validateKeys(matchLabelKeys, rule.labelSelector, `${field}.matchLabelKeys`),
    ...validateKeys(mismatchLabelKeys, rule.labelSelector, `${field}.mismatchLabelKeys`),
    ...both,
  ];
}

function validateKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  if (keys.length > 0 && selector === undefined) {
    return [fieldForbidden(field, "must not be specified when labelSelector is not set")];
  }
  return keys.flatMap((key, at) => shaped(`${field}[${at}]`, key, labelKeyProblems));
}
