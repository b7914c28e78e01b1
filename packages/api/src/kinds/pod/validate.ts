/** What a new Pod must satisfy beyond its schema: kubernetes/pkg/apis/core/validation, ValidatePodSpec. */
import { parseAddress } from "@podwire/wire/address";
import type { Pod, PodSpec } from "../../core/pod.ts";
import type { Toleration } from "../../core/scheduling.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from "../../validation/names.ts";
import { between } from "../../validation/range.ts";
import { validateContainers } from "./validate-container.ts";
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
    ...validateDeadlines(spec),
    ...validateHostNames(spec),
    ...validateNodeSelector(spec.nodeSelector ?? {}),
    ...validateTolerations(spec.tolerations ?? []),
    ...validateHostAccess(spec),
    ...validateDns(spec),
  ];
}

function validateDeadlines(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.push(fieldInvalid("spec.activeDeadlineSeconds", deadline, between(1, INT32_MAX)));
  }
  if (grace !== undefined && grace < 0) {
    const detail = "must be greater than or equal to 0";
    errors.push(fieldInvalid("spec.terminationGracePeriodSeconds", grace, detail));
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
    ...(spec.hostAliases ?? []).flatMap((alias, at) => {
      const field = `spec.hostAliases[${at}]`;
      const ip = alias.ip && parseAddress(alias.ip) === undefined;
      return [
        ...(ip ? [fieldInvalid(`${field}.ip`, alias.ip, "must be a valid IP address")] : []),
        ...(alias.hostnames ?? []).flatMap((name, index) =>
          check(`${field}.hostnames[${index}]`, name, dnsSubdomainProblems),
        ),
      ];
    }),
  ];
}

function validateNodeSelector(selector: Record<string, string>): FieldError[] {
  const field = "spec.nodeSelector";
  return Object.entries(selector).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map(problem => fieldInvalid(field, key, problem)),
    ...labelValueProblems(value).map(problem => fieldInvalid(field, value, problem)),
  ]);
}

export function validateTolerations(tolerations: readonly Toleration[]): FieldError[] {
  return tolerations.flatMap((toleration, at) => {
    const field = `spec.tolerations[${at}]`;
    const { key, operator, value, effect, tolerationSeconds } = toleration;
    const errors: FieldError[] = [];
    if (key) errors.push(...labelKeyProblems(key).map(text => fieldInvalid(`${field}.key`, key, text)));
    else if (operator !== "Exists") {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(fieldInvalid(`${field}.operator`, operator ?? "", detail));
    }
    if (operator === "Exists" && value) {
      const detail = "value must be empty when `operator` is 'Exists'";
      errors.push(fieldInvalid(`${field}.operator`, toleration, detail));
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

function validateHostAccess(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostPID && spec.shareProcessNamespace) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(fieldInvalid("spec.shareProcessNamespace", true, detail));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    const detail = "cannot be set until all schedulingGates have been cleared";
    errors.push(fieldForbidden("spec.nodeName", detail));
  }
  return errors;
}

const MAX_NAMESERVERS = 3;

function validateDns({ dnsPolicy, dnsConfig }: PodSpec): FieldError[] {
  const field = "spec.dnsConfig";
  const servers = dnsConfig?.nameservers ?? [];
  const errors: FieldError[] = [];
  if (dnsPolicy === "None" && servers.length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    errors.push(fieldRequired(dnsConfig ? `${field}.nameservers` : field, detail));
  }
  if (servers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    errors.push(fieldInvalid(`${field}.nameservers`, servers, detail));
  }
  for (const [at, server] of servers.entries()) {
    if (parseAddress(server) !== undefined) continue;
    errors.push(fieldInvalid(`${field}.nameservers[${at}]`, server, "must be valid IP address"));
  }
  return errors;
}
