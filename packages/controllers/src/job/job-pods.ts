/** The Pods of a Job: what a new one is like, which are given up, how one is let go; mostly pure. */
import { type Container, type Job, kinds, type NewObject, type Pod } from "@podwire/api";
import { byDeletion } from "../replica-set/rank.ts";
import { podFromTemplate } from "../workloads/pod-control.ts";
import { finishedMs } from "./backoff.ts";
import { INDEX, indexOf } from "./indexes.ts";
import { judgeFailure } from "./policies.ts";

/** Holds an ended Pod until it has been counted. */
export const TRACKING = "batch.kubernetes.io/job-tracking";
const FAILURES = "batch.kubernetes.io/job-index-failure-count";
const IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count";

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === "Indexed";
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING) === true;
}

/** A deleted Pod is replaced only when it has ended. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec.podReplacementPolicy === "Failed" || spec.podFailurePolicy !== undefined;
}

export function newJobPod(job: Job, index: number | undefined, replaced: Pod | undefined): NewObject<Pod> {
  const { metadata, spec } = podFromTemplate(job.spec.template, kinds.jobs, job);
  const finalizers = [...new Set([...(metadata.finalizers ?? []), TRACKING])];
  if (index === undefined) return { metadata: { ...metadata, finalizers }, spec };
  const mark = { [INDEX]: String(index) };
  const failures = job.spec.backoffLimitPerIndex === undefined ? {} : failureCounts(job, replaced);
  const withIndex = (container: Container): Container => ({ ...container, env: envWithIndex(container.env) });
  return {
    metadata: {
      ...metadata,
      finalizers,
      generateName: indexedPrefix(job.metadata.name, index),
      labels: { ...metadata.labels, ...mark },
      annotations: { ...metadata.annotations, ...mark, ...failures },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndex) }),
    },
  };
}

const PREFIX_LENGTH = 58;

/** A long name gives way to the index, not the other way round. */
function indexedPrefix(name: string, index: number): string {
  const end = `-${index}-`;
  return `${name.slice(0, PREFIX_LENGTH - end.length)}${end}`;
}

const ENV = "JOB_COMPLETION_INDEX";

function envWithIndex(env: Container["env"] = []): Container["env"] {
  if (env.some(({ name }) => name === ENV)) return env;
  return [...env, { name: ENV, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } } }];
}

function failureCounts(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (replaced === undefined) return { [FAILURES]: "0" };
  const { counts } = judgeFailure(job, replaced);
  const ignored = countOf(replaced, IGNORED_FAILURES) + (counts ? 0 : 1);
  return {
    [FAILURES]: String(indexFailures(replaced) + (counts ? 1 : 0)),
    ...(ignored > 0 && { [IGNORED_FAILURES]: String(ignored) }),
  };
}

function countOf({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? "0";
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}

/** Of the same index before this Pod. */
function indexFailures(pod: Pod): number {
  return countOf(pod, FAILURES);
}

/** Those that did not count against the limit included. */
export function allIndexFailures(pod: Pod): number {
  return indexFailures(pod) + countOf(pod, IGNORED_FAILURES);
}

/** Whether this failure is the last one its index may have. */
export function failsItsIndex(job: Job, pod: Pod): boolean {
  const { counts, failsIndex } = judgeFailure(job, pod);
  return failsIndex === true || (counts && indexFailures(pod) >= job.spec.backoffLimitPerIndex!);
}

/** Of an index's failed Pods the one that its next Pod takes over from. */
export function latestFailure(pods: readonly Pod[]): Pod | undefined {
  const sorted = [...pods].sort(
    (a, b) => allIndexFailures(a) - allIndexFailures(b) || finishedMs(a) - finishedMs(b),
  );
  return sorted.at(-1);
}

/** Second Pods of an index first, then those that serve least, until `count` have been named. */
export function toGiveUp(job: Job, active: readonly Pod[], count: number, wallMs: number): Pod[] {
  const ranked = byDeletion(active, { relatedOn: () => 0, wallMs });
  if (!isIndexed(job)) return ranked.slice(0, count);
  const kept = new Set<number>();
  const surplus: Pod[] = [];
  const left: Pod[] = [];
  for (const pod of [...ranked].reverse()) {
    const index = indexOf(pod);
    const isSurplus = index === undefined || index >= (job.spec.completions ?? 0) || kept.has(index);
    if (index !== undefined) kept.add(index);
    (isSurplus ? surplus : left).unshift(pod);
  }
  return [...surplus, ...left.slice(0, Math.max(count - surplus.length, 0))];
}
