/** What a Deployment must satisfy: pkg/apis/apps/validation, ValidateDeployment. */
import type { Deployment, DeploymentSpec } from "../../apps/deployment.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { immutable, nonNegative } from "../../validation/fields.ts";
import { amountOf, notMoreThanWhole, validateIntOrPercent } from "../../validation/int-or-percent.ts";
import { validateSelector, validateServingTemplate } from "../template/validate.ts";

export function validateDeployment({ spec }: Deployment): FieldError[] {
  const { replicas, selector, template, minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  const errors = [
    ...nonNegative("spec.replicas", replicas),
    ...validateSelector(selector, template, "deployment"),
    ...(template === undefined ? [] : validateServingTemplate(template, "ReplicaSet")),
    ...validateStrategy(spec),
    ...nonNegative("spec.minReadySeconds", minReadySeconds),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...nonNegative("spec.progressDeadlineSeconds", deadline),
  ];
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.push(
      fieldInvalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"),
    );
  }
  return errors;
}

function validateStrategy({ strategy }: DeploymentSpec): FieldError[] {
  const field = "spec.strategy.rollingUpdate";
  const { type, rollingUpdate } = strategy ?? {};
  if (rollingUpdate === undefined) return [];
  if (type === "Recreate") {
    return [fieldForbidden(field, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== "RollingUpdate") return [];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(`${field}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${field}.maxSurge`, maxSurge),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const detail = "may not be 0 when `maxSurge` is 0";
    errors.push(fieldInvalid(`${field}.maxUnavailable`, maxUnavailable, detail));
  }
  return [...errors, ...notMoreThanWhole(`${field}.maxUnavailable`, maxUnavailable)];
}

export function validateDeploymentUpdate(next: Deployment, stored: Deployment): FieldError[] {
  return immutable("spec.selector", next.spec.selector, stored.spec.selector);
}
