/** What a DaemonSet must satisfy: pkg/apis/apps/validation, ValidateDaemonSet. */
import type { DaemonSet, DaemonSetSpec } from "../../apps/daemon-set.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { immutable, nonNegative } from "../../validation/fields.ts";
import { amountOf, notMoreThanWhole, validateIntOrPercent } from "../../validation/int-or-percent.ts";
import { validateSelector, validateServingTemplate } from "../template/validate.ts";

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  const { selector, template, minReadySeconds, revisionHistoryLimit } = spec;
  return [
    ...validateSelector(selector, template, "daemonset", null),
    ...(template === undefined ? [] : validateServingTemplate(template, "DaemonSet")),
    ...nonNegative("spec.minReadySeconds", minReadySeconds),
    ...validateStrategy(spec),
    ...nonNegative("spec.revisionHistoryLimit", revisionHistoryLimit),
  ];
}

function validateStrategy({ updateStrategy }: DaemonSetSpec): FieldError[] {
  const { type, rollingUpdate } = updateStrategy ?? {};
  if (type !== "RollingUpdate" || rollingUpdate === undefined) return [];
  const field = "spec.updateStrategy.rollingUpdate";
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(`${field}.maxUnavailable`, maxUnavailable),
    ...notMoreThanWhole(`${field}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${field}.maxSurge`, maxSurge),
    ...notMoreThanWhole(`${field}.maxSurge`, maxSurge),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    errors.push(
      fieldInvalid(`${field}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"),
    );
  }
  if (!hasUnavailable && !hasSurge) {
    errors.push(fieldRequired(`${field}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  }
  return errors;
}

export function validateDaemonSetUpdate(next: DaemonSet, stored: DaemonSet): FieldError[] {
  return immutable("spec.selector", next.spec.selector, stored.spec.selector);
}
