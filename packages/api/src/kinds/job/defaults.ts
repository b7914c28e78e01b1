/** What of a Job depends on other fields (pkg/apis/batch/v1/defaults.go), and the selector that the server gives it. */
import type { Job } from "../../batch/job.ts";

const UNLIMITED = 2 ** 31 - 1;

export function defaultJob({ metadata, spec }: Job): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // Each index has a limit of its own then.
  if (spec.backoffLimit === undefined)
    spec.backoffLimit = spec.backoffLimitPerIndex === undefined ? 6 : UNLIMITED;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  const { labels } = spec.template?.metadata ?? {};
  if (labels !== undefined && metadata.labels === undefined) metadata.labels = { ...labels };
}

const UID = "controller-uid";
const NAME = "job-name";
const PREFIX = "batch.kubernetes.io/";

/** Unless the client manages the selector, it is the Job's uid, and its Pods carry that (generateSelector). */
export function prepareNewJob(job: Job): void {
  job.status = {};
  const { metadata, spec } = job;
  if (spec.manualSelector || spec.template === undefined) return;
  const { uid, name } = metadata;
  const identity = { [UID]: uid, [PREFIX + UID]: uid, [NAME]: name, [PREFIX + NAME]: name };
  const template = spec.template.metadata;
  spec.template.metadata = { ...template!, labels: { ...template?.labels, ...identity } };
  spec.selector = {
    ...spec.selector,
    matchLabels: { ...spec.selector?.matchLabels, [PREFIX + UID]: uid },
  };
}
