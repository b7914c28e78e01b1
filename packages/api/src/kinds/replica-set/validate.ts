/** What a ReplicaSet must satisfy: pkg/apis/apps/validation, ValidateReplicaSet. */
import type { ReplicaSet } from "../../apps/replica-set.ts";
import type { FieldError } from "../../validation/field-error.ts";
import { immutable, nonNegative } from "../../validation/fields.ts";
import { validateSelector, validateServingTemplate } from "../template/validate.ts";

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  const { replicas, minReadySeconds, selector, template } = spec;
  return [
    ...nonNegative("spec.replicas", replicas),
    ...nonNegative("spec.minReadySeconds", minReadySeconds),
    // Upstream's message says so.
    ...validateSelector(selector, template, "deployment"),
    ...validateServingTemplate(template, "ReplicaSet"),
  ];
}

export function validateReplicaSetUpdate(next: ReplicaSet, stored: ReplicaSet): FieldError[] {
  return immutable("spec.selector", next.spec.selector, stored.spec.selector);
}
