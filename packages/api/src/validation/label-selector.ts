/** Label selectors of specs: apimachinery/pkg/apis/meta/v1/validation, ValidateLabelSelector. */
import type { LabelSelector } from "../core/meta.ts";
import { type FieldError, fieldForbidden, fieldRequired } from "./field-error.ts";
import { shaped } from "./fields.ts";
import { validateLabels } from "./metadata.ts";
import { labelKeyProblems, labelValueProblems } from "./names.ts";

/** What the schema says of keys and operators is taken as checked. */
export function validateLabelSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  const expressions = (selector?.matchExpressions ?? []).flatMap(({ key, operator, values = [] }, at) => {
    const place = `${field}.matchExpressions[${at}]`;
    const errors: FieldError[] = [];
    if ((operator === "In" || operator === "NotIn") && values.length === 0) {
      const detail = "must be specified when `operator` is 'In' or 'NotIn'";
      errors.push(fieldRequired(`${place}.values`, detail));
    }
    if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(fieldForbidden(`${place}.values`, detail));
    }
    return [
      ...errors,
      ...(key ? shaped(`${place}.key`, key, labelKeyProblems) : []),
      ...values.flatMap((value, index) => shaped(`${place}.values[${index}]`, value, labelValueProblems)),
    ];
  });
  return [...validateLabels(selector?.matchLabels ?? {}, `${field}.matchLabels`), ...expressions];
}
