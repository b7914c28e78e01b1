/** What a Job must satisfy: pkg/apis/batch/validation, ValidateJob and ValidateJobUpdate. */
import type { Job, JobSpec } from "../../batch/job.ts";
import type { PodTemplateSpec } from "../../core/pod-template.ts";
import { labelMatcher, matchesLabels } from "../../selectors/label.ts";
import {
  type FieldError,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
  fieldTooLong,
} from "../../validation/field-error.ts";
import { immutable, nonNegative } from "../../validation/fields.ts";
import { validateLabelSelector } from "../../validation/label-selector.ts";
import { dnsLabelProblems, validateDomainPath } from "../../validation/names.ts";
import { jsonEqual } from "../../values/equal.ts";
import { validateMatch, validateTemplate } from "../template/validate.ts";
import {
  CONTROLLER_UID_LABEL,
  JOB_NAME_LABEL,
  LEGACY_CONTROLLER_UID_LABEL,
  LEGACY_JOB_NAME_LABEL,
} from "./defaults.ts";
import { validateFailurePolicy, validateSuccessPolicy } from "./validate-policies.ts";

export function validateJob(job: Job): FieldError[] {
  const { spec } = job;
  return [
    ...validateGenerated(job),
    ...validateCounts(spec),
    ...(spec.completionMode === "Indexed" ? validateIndexed(spec) : validateNonIndexed(spec)),
    ...validateFailurePolicy(spec),
    ...validateSuccessPolicy(spec),
    ...validateReplacement(spec),
    ...(spec.template === undefined ? [] : validateTemplate(spec.template)),
    ...validateRestart(spec),
    ...validateLabelSelector(spec.selector, "spec.selector"),
    ...validateSelected(spec),
    ...validateHostName(job),
  ];
}

function validateSelected({ selector, template }: JobSpec): FieldError[] {
  if (selector === undefined) return [fieldRequired("spec.selector")];
  return validateMatch(selector, template);
}

const MANAGED_BY_MAX = 63;

function validateCounts(spec: JobSpec): FieldError[] {
  const counts = [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
  ] as const;
  const errors = counts.flatMap(name => nonNegative(`spec.${name}`, spec[name]));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldRequired("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified"));
  }
  const { managedBy } = spec;
  if (managedBy === undefined) return errors;
  errors.push(...validateDomainPath("spec.managedBy", managedBy));
  if (managedBy.length > MANAGED_BY_MAX) errors.push(fieldTooLong("spec.managedBy", MANAGED_BY_MAX));
  return errors;
}

/** Their indexes are listed in the status, which must not grow without end. */
const INDEXES_MAX = 100_000;
const FEWER_MAX = 10_000;

function validateIndexed(spec: JobSpec): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const bound = (field: "parallelism" | "maxFailedIndexes", most: number | undefined, detail: string) => {
    const value = spec[field];
    if (value !== undefined && most !== undefined && value > most) {
      errors.push(fieldInvalid(`spec.${field}`, value, `must be less than or equal to ${detail}`));
    }
  };
  if (completions === undefined) {
    errors.push(fieldRequired("spec.completions", "when completion mode is Indexed"));
  }
  bound("parallelism", INDEXES_MAX, `${INDEXES_MAX} when completion mode is Indexed`);
  bound("maxFailedIndexes", completions, "completions");
  bound("maxFailedIndexes", INDEXES_MAX, `${INDEXES_MAX}`);
  if (completions === undefined || completions <= INDEXES_MAX || backoffLimitPerIndex === undefined) {
    return errors;
  }
  if (failed === undefined) {
    const detail = `must be specified when completions is above ${INDEXES_MAX}`;
    errors.push(fieldRequired("spec.maxFailedIndexes", detail));
  }
  const many = `${FEWER_MAX} when completions are above ${INDEXES_MAX} and used with backoff limit per index`;
  if (parallelism > FEWER_MAX) bound("parallelism", FEWER_MAX, many);
  bound("maxFailedIndexes", FEWER_MAX, many);
  return errors;
}

function validateNonIndexed(spec: JobSpec): FieldError[] {
  const names = ["backoffLimitPerIndex", "maxFailedIndexes"] as const;
  return names
    .filter(name => spec[name] !== undefined)
    .map(name => fieldInvalid(`spec.${name}`, spec[name], "requires indexed completion mode"));
}

function validateReplacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec): FieldError[] {
  if (podFailurePolicy === undefined || policy === undefined || policy === "Failed") return [];
  return [fieldNotSupported("spec.podReplacementPolicy", policy, ["Failed"])];
}

function validateRestart({ template, podFailurePolicy }: JobSpec): FieldError[] {
  const field = "spec.template.spec.restartPolicy";
  const restartPolicy = template?.spec?.restartPolicy;
  if (restartPolicy === undefined) return [];
  if (restartPolicy === "Always") return [fieldRequired(field, 'valid values: "OnFailure", "Never"')];
  if (restartPolicy !== "OnFailure" && restartPolicy !== "Never") {
    return [fieldNotSupported(field, restartPolicy, ["OnFailure", "Never"])];
  }
  if (podFailurePolicy === undefined || restartPolicy === "Never") return [];
  const detail = 'only "Never" is supported when podFailurePolicy is specified';
  return [fieldInvalid(field, restartPolicy, detail)];
}

/** Who leaves the selector to the server gets the one that fits the Job alone. */
function validateGenerated({ metadata, spec }: Job): FieldError[] {
  const { uid, name } = metadata;
  if (spec.manualSelector || spec.selector === undefined || spec.template === undefined) return [];
  const expected = {
    [LEGACY_CONTROLLER_UID_LABEL]: uid,
    [LEGACY_JOB_NAME_LABEL]: name,
    [CONTROLLER_UID_LABEL]: uid,
    [JOB_NAME_LABEL]: name,
  };
  const labels = spec.template.metadata?.labels ?? {};
  const errors = Object.entries(expected).flatMap(([key, value]) => {
    const place = "spec.template.metadata.labels";
    if (labels[key] === undefined) return [fieldRequired(`${place}[${key}]`, `must be '${value}'`)];
    return labels[key] === value ? [] : [fieldInvalid(`${place}[${key}]`, labels, `must be '${value}'`)];
  });
  if (!matchesLabels(labelMatcher(spec.selector)!, expected)) {
    errors.push(fieldInvalid("spec.selector", spec.selector, "`selector` not auto-generated"));
  }
  return errors;
}

/** Pods of an Indexed Job have the Job's name and their index as host name. */
function validateHostName({ metadata: { name }, spec }: Job): FieldError[] {
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== "Indexed" || completions <= 0 || !name) return [];
  const last = `${name}-${completions - 1}`;
  if (dnsLabelProblems(last).length === 0) return [];
  return [fieldInvalid("metadata.name", name, `will not able to create pod with invalid DNS label: ${last}`)];
}

const IMMUTABLE = [
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
] as const;

export function validateJobUpdate(next: Job, stored: Job): FieldError[] {
  return [
    ...validateCompletionsUpdate(next.spec, stored.spec),
    ...immutable("spec.selector", next.spec.selector, stored.spec.selector),
    ...validateTemplateUpdate(next.spec, stored),
    ...IMMUTABLE.flatMap(name => immutable(`spec.${name}`, next.spec[name], stored.spec[name])),
  ];
}

function validateCompletionsUpdate(next: JobSpec, stored: JobSpec): FieldError[] {
  const { completionMode, completions, parallelism } = next;
  const field = "spec.completions";
  if (completionMode !== "Indexed") return immutable(field, completions, stored.completions);
  if (completions === stored.completions || completions === parallelism) return [];
  const detail = "can only be modified in tandem with spec.parallelism";
  return [fieldInvalid(field, completions, `${detail}`)];
}

/** Where its Pods may run can be changed until there are some. */
function validateTemplateUpdate({ template }: JobSpec, stored: Job): FieldError[] {
  const before = stored.spec.template;
  // One that lacks its template is told so by the schema.
  if (template === undefined || before === undefined) return [];
  const isMutable = stored.spec.suspend && stored.status.startTime === undefined;
  const kept = isMutable ? withScheduling(before, template) : before;
  return jsonEqual(template, kept) ? [] : immutable("spec.template", template, kept);
}

function withScheduling(stored: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = next.spec ?? {};
  const { nodeAffinity: _, ...otherAffinity } = stored.spec?.affinity ?? {};
  const merged = { ...otherAffinity, ...(affinity?.nodeAffinity && { nodeAffinity: affinity.nodeAffinity }) };
  const isNone = affinity === undefined && Object.keys(merged).length === 0;
  const { labels, annotations } = next.metadata ?? {};
  return {
    ...stored,
    metadata: { ...stored.metadata!, labels, annotations },
    spec: {
      ...stored.spec!,
      nodeSelector,
      tolerations,
      schedulingGates,
      affinity: isNone ? undefined : merged,
    },
  };
}
