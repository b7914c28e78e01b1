/** Where a Pod may run, by labels of Nodes and by other Pods: validateAffinity. */
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../../core/scheduling.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { validateLabelSelector } from "../../validation/label-selector.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from "../../validation/names.ts";
import { validateLabelKeys } from "./validate-label-keys.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const WEIGHT_MAX = 100;

export function validateAffinity(affinity: Affinity | undefined): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const field = "spec.affinity.nodeAffinity";
  return [
    ...(nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []).flatMap((term, at) =>
      validateTerm(term, `${field}.${REQUIRED}.nodeSelectorTerms[${at}]`, "values"),
    ),
    ...(nodeAffinity?.[PREFERRED] ?? []).flatMap(({ weight, preference }, at) => [
      ...validateWeight(weight, `${field}.${PREFERRED}[${at}].weight`),
      ...validateTerm(preference ?? {}, `${field}.${PREFERRED}[${at}].preference`, "any values"),
    ]),
    ...validatePodAffinity(podAffinity, "spec.affinity.podAffinity"),
    ...validatePodAffinity(podAntiAffinity, "spec.affinity.podAntiAffinity"),
  ];
}

function validateWeight(weight: number, field: string): FieldError[] {
  if (weight >= 1 && weight <= WEIGHT_MAX) return [];
  return [fieldInvalid(field, weight, `must be in the range 1-${WEIGHT_MAX}`)];
}

/** Preferences may name values that no label can have: upstream never checked those. */
function validateTerm(term: NodeSelectorTerm, field: string, check: "values" | "any values"): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, at) => {
      const place = `${field}.matchExpressions[${at}]`;
      const values = check === "values" ? (requirement.values ?? []) : [];
      return [
        ...validateValueCount(requirement, `${place}.values`),
        ...(requirement.key ? shaped(`${place}.key`, requirement.key, labelKeyProblems) : []),
        ...values.flatMap((value, index) => shaped(`${place}.values[${index}]`, value, labelValueProblems)),
      ];
    }),
    ...(term.matchFields ?? []).flatMap((requirement, at) =>
      validateFieldRequirement(requirement, `${field}.matchFields[${at}]`),
    ),
  ];
}

function validateValueCount({ operator, values = [] }: NodeSelectorRequirement, field: string): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length > 0) return [];
      return [fieldRequired(field, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      if (values.length === 0) return [];
      return [fieldForbidden(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case "Gt":
    case "Lt":
      if (values.length === 1) return [];
      return [fieldRequired(field, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      // The schema has said which there are.
      return [];
  }
}

/** There is one field of a Node that can be asked for. */
function validateFieldRequirement(requirement: NodeSelectorRequirement, field: string): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(fieldInvalid(`${field}.operator`, operator, "not a valid selector operator"));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(fieldRequired(`${field}.values`, detail));
  }
  if (key !== "metadata.name") {
    return [...errors, fieldInvalid(`${field}.key`, key, "not a valid field selector key")];
  }
  const names = values.flatMap((value, at) => shaped(`${field}.values[${at}]`, value, dnsSubdomainProblems));
  return [...errors, ...names];
}

function validatePodAffinity(affinity: PodAffinity | undefined, field: string): FieldError[] {
  return [
    ...(affinity?.[REQUIRED] ?? []).flatMap((term, at) =>
      validatePodTerm(term, `${field}.${REQUIRED}[${at}]`),
    ),
    ...(affinity?.[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, at) => [
      ...validateWeight(weight, `${field}.${PREFERRED}[${at}].weight`),
      ...validatePodTerm(podAffinityTerm, `${field}.${PREFERRED}[${at}].podAffinityTerm`),
    ]),
  ];
}

function validatePodTerm(term: PodAffinityTerm | undefined, field: string): FieldError[] {
  if (term === undefined) return [];
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...validateLabelSelector(labelSelector, `${field}.labelSelector`),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...namespaces.flatMap(name => shaped(`${field}.namespace`, name, dnsLabelProblems)),
    ...validateLabelKeys(term, field),
    ...(topologyKey ? shaped(`${field}.topologyKey`, topologyKey, labelKeyProblems) : []),
  ];
}
