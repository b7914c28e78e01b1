/** What a new Pod must satisfy beyond its schema: kubernetes/pkg/apis/core/validation, ValidatePodSpec. */
import type { Pod, PodSpec } from "../../core/pod.ts";
import { type FieldError, fieldInvalid } from "../../validation/field-error.ts";
import { dnsLabelProblems, dnsSubdomainProblems } from "../../validation/names.ts";
import { between } from "../../validation/range.ts";
import { validateAffinity } from "./validate-affinity.ts";
import { validateContainers } from "./validate-container.ts";
import { validateDns, validateHostAliases } from "./validate-dns.ts";
import {
  validateGates,
  validateNodeSelector,
  validateSpread,
  validateTolerations,
} from "./validate-scheduling.ts";
import { validatePodSecurity } from "./validate-security.ts";
import { validateVolumes } from "./validate-volumes.ts";

const INT32_MAX = 2 ** 31 - 1;

export function validatePod({ spec }: Pod): FieldError[] {
  return validatePodSpec(spec);
}

/** Also of the Pods of a template, whose errors are about `spec` there. */
export function validatePodSpec(spec: PodSpec): FieldError[] {
  return [
    ...validateVolumes(spec.volumes ?? []),
    ...validateContainers(spec),
    ...validatePodSecurity(spec),
    ...validateDns(spec),
    ...validateHostAliases(spec),
    ...validateDeadlines(spec),
    ...validateHostNames(spec),
    ...validateNodeSelector(spec.nodeSelector ?? {}),
    ...validateAffinity(spec.affinity),
    ...validateTolerations(spec.tolerations ?? []),
    ...validateSpread(spec.topologySpreadConstraints ?? []),
    ...validateGates(spec),
  ];
}

function validateDeadlines(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.push(fieldInvalid("spec.activeDeadlineSeconds", deadline, between(1, INT32_MAX)));
  }
  return errors;
}

function validateHostNames(spec: PodSpec): FieldError[] {
  const check = (field: string, value: string | undefined, problems: (text: string) => string[]) =>
    value ? problems(value).map(problem => fieldInvalid(field, value, problem)) : [];
  return [
    ...check("spec.hostname", spec.hostname, dnsLabelProblems),
    ...check("spec.subdomain", spec.subdomain, dnsLabelProblems),
    ...check("spec.nodeName", spec.nodeName, dnsSubdomainProblems),
    ...check("spec.serviceAccountName", spec.serviceAccountName, dnsSubdomainProblems),
  ];
}
