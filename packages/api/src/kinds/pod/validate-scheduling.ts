/** When and where the scheduler may place a Pod: spreading, tolerations, gates. */
import type { PodSpec } from "../../core/pod.ts";
import type { Toleration, TopologySpreadConstraint } from "../../core/scheduling.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
} from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { validateLabelSelector } from "../../validation/label-selector.ts";
import { labelKeyProblems, labelValueProblems } from "../../validation/names.ts";
import { validateLabelKeys } from "./validate-label-keys.ts";

export function validateNodeSelector(selector: Record<string, string>): FieldError[] {
  const field = "spec.nodeSelector";
  return Object.entries(selector).flatMap(([key, value]) => [
    ...shaped(field, key, labelKeyProblems),
    ...shaped(field, value, labelValueProblems),
  ]);
}

export function validateSpread(constraints: readonly TopologySpreadConstraint[]): FieldError[] {
  return constraints.flatMap((constraint, at) => {
    const field = `spec.topologySpreadConstraints[${at}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = constraint;
    const isRepeated = constraints
      .slice(at + 1)
      .some(each => each.topologyKey === topologyKey && each.whenUnsatisfiable === whenUnsatisfiable);
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    return [
      ...positive(`${field}.maxSkew`, maxSkew),
      ...(isRepeated ? [fieldDuplicate(`${field}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
      ...validateMinDomains(constraint, `${field}.minDomains`),
      ...validateLabelKeys(constraint, field),
      ...validateLabelSelector(labelSelector, `${field}.labelSelector`),
    ];
  });
}

function positive(field: string, value: number | undefined): FieldError[] {
  if (value === undefined || value > 0) return [];
  return [fieldInvalid(field, value, "must be greater than zero")];
}

function validateMinDomains(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const { minDomains, whenUnsatisfiable } = constraint;
  const errors = positive(field, minDomains);
  if (minDomains === undefined || whenUnsatisfiable === "DoNotSchedule") return errors;
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [...errors, fieldInvalid(field, minDomains, detail)];
}

export function validateGates({
  schedulingGates = [],
  readinessGates = [],
  nodeName,
}: PodSpec): FieldError[] {
  const seen = new Set<string>();
  const errors = schedulingGates.flatMap(({ name }, at) => {
    const field = `spec.schedulingGates[${at}]`;
    const isTwice = seen.has(name);
    seen.add(name);
    return [
      ...(name ? shaped(field, name, labelKeyProblems) : []),
      ...(isTwice ? [fieldDuplicate(field, name)] : []),
    ];
  });
  for (const [at, { conditionType }] of readinessGates.entries()) {
    if (!conditionType) continue;
    errors.push(...shaped(`spec.readinessGates[${at}].conditionType`, conditionType, labelKeyProblems));
  }
  if (nodeName && schedulingGates.length > 0) {
    const detail = "cannot be set until all schedulingGates have been cleared";
    errors.push(fieldForbidden("spec.nodeName", detail));
  }
  return errors;
}

export function validateTolerations(tolerations: readonly Toleration[]): FieldError[] {
  return tolerations.flatMap(({ key, operator, value, effect, tolerationSeconds }, at) => {
    const field = `spec.tolerations[${at}]`;
    const errors: FieldError[] = [];
    if (key) errors.push(...labelKeyProblems(key).map(text => fieldInvalid(`${field}.key`, key, text)));
    else if (operator !== "Exists") {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(fieldInvalid(`${field}.operator`, operator ?? "", detail));
    }
    if (operator === "Exists" && value) {
      const detail = "value must be empty when `operator` is 'Exists'";
      errors.push(fieldInvalid(`${field}.operator`, value, detail));
    } else if (value) {
      errors.push(...labelValueProblems(value).map(text => fieldInvalid(`${field}.operator`, value, text)));
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(fieldInvalid(`${field}.effect`, effect ?? "", detail));
    }
    return errors;
  });
}
