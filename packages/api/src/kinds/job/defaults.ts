/** Defaults of a Job that depend on other fields, and what it generates: registry/batch/job/strategy.go. */
import type { Job } from "../../batch/job.ts";
import { defaultTemplate } from "../pod/defaults.ts";

const INT32_MAX = 2 ** 31 - 1;
const BACKOFF_LIMIT = 6;

export function defaultJob({ metadata, spec }: Job): void {
  // Without a number of completions, one success of many is enough; without either, there is one.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // Where each index has its own limit, the Job has none.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
  defaultTemplate(spec.template);
}

export const CONTROLLER_UID_LABEL = "batch.kubernetes.io/controller-uid";
export const JOB_NAME_LABEL = "batch.kubernetes.io/job-name";
/** The labels of before they had prefixes; clients still select by them. */
export const LEGACY_CONTROLLER_UID_LABEL = "controller-uid";
export const LEGACY_JOB_NAME_LABEL = "job-name";

/** A Job selects its own Pods, by its uid, unless its author took that over (`manualSelector`). */
export function prepareNewJob(object: Job): void {
  const { metadata, spec } = object;
  object.status = {};
  if (spec.manualSelector || spec.template === undefined) return;
  // Without a name it is refused, for that.
  const { uid, name = "" } = metadata;
  // Labels that are there stay: validation says that they do not match.
  const { template } = spec;
  const labels = {
    [LEGACY_JOB_NAME_LABEL]: name,
    [JOB_NAME_LABEL]: name,
    [LEGACY_CONTROLLER_UID_LABEL]: uid,
    [CONTROLLER_UID_LABEL]: uid,
    ...template.metadata?.labels,
  };
  // What the Job has taken over from its template it shares with it, as upstream.
  if (metadata.labels !== undefined && metadata.labels === template.metadata?.labels)
    metadata.labels = { ...labels };
  template.metadata = { ...template.metadata, labels } as NonNullable<typeof template.metadata>;
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  spec.selector ??= {};
  spec.selector.matchLabels = { [CONTROLLER_UID_LABEL]: uid, ...spec.selector.matchLabels };
}
