/** What a template of Pods, and the workload that holds it, must satisfy: pkg/apis/apps/validation. */
import type { LabelSelector } from "../../core/meta.ts";
import type { PodTemplateSpec } from "../../core/pod-template.ts";
import { labelMatcher, matchesLabels } from "../../selectors/label.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { under } from "../../validation/fields.ts";
import { validateLabelSelector } from "../../validation/label-selector.ts";
import { validateAnnotations, validateLabels } from "../../validation/metadata.ts";
import { validatePodSpec } from "../pod/validate.ts";

const TEMPLATE = "spec.template";

/** ValidatePodTemplateSpec. */
export function validateTemplate(template: PodTemplateSpec | undefined): FieldError[] {
  const { metadata, spec } = template ?? {};
  const errors = [
    ...validateLabels(metadata?.labels ?? {}, `${TEMPLATE}.labels`),
    ...validateAnnotations(metadata?.annotations ?? {}, `${TEMPLATE}.annotations`),
  ];
  if (spec === undefined) return [...errors, fieldRequired(`${TEMPLATE}.spec.containers`)];
  if (spec.ephemeralContainers?.length) {
    const detail = "ephemeral containers not allowed in pod template";
    errors.push(fieldForbidden(`${TEMPLATE}.spec.ephemeralContainers`, detail));
  }
  return [...errors, ...under(TEMPLATE, validatePodSpec(spec))];
}

/** The template of Pods that run for ever. */
export function validateServingTemplate(template: PodTemplateSpec | undefined, kind: string): FieldError[] {
  const errors = validateTemplate(template);
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== undefined && restartPolicy !== "Always") {
    errors.push(fieldNotSupported(`${TEMPLATE}.spec.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(fieldForbidden(`${TEMPLATE}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

/**
 * A workload selects the Pods that its template makes; `kind` and `unusable`, said of a selector that is none, as
 * upstream's messages have them.
 */
export function validateSelector(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
  unusable: string | null = "invalid label selector",
): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabelSelector(selector, "spec.selector");
  const isEmpty = !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length;
  if (isEmpty) {
    errors.push(fieldInvalid("spec.selector", selector, `empty selector is invalid for ${kind}`));
  }
  if (errors.length > 0) {
    const isUnusable = errors.some(error => error.field.startsWith("spec.selector."));
    if (!isUnusable || unusable === null) return errors;
    return [...errors, fieldInvalid("spec.selector", selector, unusable)];
  }
  return [...errors, ...validateMatch(selector, template)];
}

export function validateMatch(selector: LabelSelector, template: PodTemplateSpec | undefined): FieldError[] {
  const labels = template?.metadata?.labels;
  if (matchesLabels(labelMatcher(selector)!, labels)) return [];
  const detail = "`selector` does not match template `labels`";
  return [fieldInvalid(`${TEMPLATE}.metadata.labels`, labels, detail)];
}
