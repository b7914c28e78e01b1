/**
 * One turn of a Job, over what the caches hold now (upstream: pkg/controller/job/job_controller.go).
 *
 *   count what has ended -> is the Job over? -> yes: its other Pods go
 *                                            -> no: make or give up Pods
 *   ended Pods: into status.uncountedTerminatedPods -> lose their finalizer -> counted -> out of the list
 *
 * The finalizer holds an ended Pod until the status knows of it, and the list says which of those that still have it
 * are known; so each end is counted once, wherever the process dies on the way.
 */
import { formatTime, type Job, type JobCondition, jsonEqual, type Pod, parseTime } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import { findCondition } from "../workloads/conditions.ts";
import type { Owned } from "../workloads/owned.ts";
import type { PodControl } from "../workloads/pod-control.ts";
import { hasEnded, isReady } from "../workloads/pod-state.ts";
import { slowStart } from "../workloads/slow-start.ts";
import { countFailures, type Failures, finishedMs, remainingMs } from "./backoff.ts";
import { firstFree, formatIndexes, indexOf, parseIndexes } from "./indexes.ts";
import {
  allIndexFailures,
  failsItsIndex,
  isIndexed,
  isTracked,
  latestFailure,
  newJobPod,
  replacesOnlyFailed,
  TRACKING,
  toGiveUp,
} from "./job-pods.ts";
import { judgeFailure, metSuccessPolicy } from "./policies.ts";

export interface JobPort {
  readonly jobs: Owned<Job>;
  readonly podControl: PodControl;
  wallMs(): number;
}

export interface Outcome {
  readonly job: Job;
  readonly failures: Failures;
  /** Look again after this although nothing happens. */
  readonly waitMs: number | undefined;
  readonly error: unknown;
}

type Status = Job["status"];

/** Ends so far, those included that the status does not know yet. */
interface Counted {
  readonly succeeded: number;
  readonly failed: number;
  /** Of an Indexed Job. */
  readonly succeededIndexes?: ReadonlySet<number>;
  readonly failedIndexes?: ReadonlySet<number>;
}

/** For a new Pod. */
interface Place {
  readonly index: number | undefined;
  /** The failed Pod that it takes over from. */
  readonly replaced: Pod | undefined;
}

export class JobTurn {
  readonly #port: JobPort;
  readonly #job: Job;
  readonly #pods: readonly Pod[];
  /** Deleted before this turn: what the turn itself deletes has not failed by that. */
  readonly #going: ReadonlySet<Pod>;
  readonly #active: Pod[];
  readonly #terminating: number;
  readonly #status: Status;
  #written: Job;
  #failures: Failures;
  /** Pods that this turn has made or given up. */
  #change = { active: 0, ready: 0, terminating: 0 };
  #waitMs: number | undefined;
  #error: unknown;

  constructor(port: JobPort, job: Job, pods: readonly Pod[], failures: Failures) {
    this.#port = port;
    this.#job = job;
    this.#pods = pods;
    this.#failures = failures;
    this.#going = new Set(pods.filter(pod => port.podControl.pods.isGoing(pod)));
    this.#active = pods.filter(pod => !hasEnded(pod) && !this.#isGoing(pod));
    this.#terminating = pods.filter(pod => !hasEnded(pod) && this.#isGoing(pod)).length;
    this.#written = job;
    this.#status = structuredClone(job.status);
    this.#status.uncountedTerminatedPods ??= {};
  }

  async run(): Promise<Outcome> {
    const { spec } = this.#job;
    if (this.#status.startTime === undefined && !spec.suspend) this.#status.startTime = this.#now;
    const fresh = this.#freshlyEnded();
    const failures = countFailures(this.#failures, fresh.succeeded, fresh.failed);
    const counted = this.#counts(fresh);
    let over = this.#over(counted);
    if (over !== undefined) over = await this.#endOthers(over);
    else over = await this.#manage(counted, failures);
    this.#status.active = this.#active.length + this.#change.active || undefined;
    this.#status.ready = this.#active.filter(isReady).length + this.#change.ready;
    this.#status.terminating = this.#terminating + this.#change.terminating;
    await this.#track(over, counted, failures);
    return { job: this.#written, failures: this.#failures, waitMs: this.#waitMs, error: this.#error };
  }

  /** Ended, and the status does not know yet. */
  #freshlyEnded() {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods!;
    const valid = this.#pods.filter(pod => isTracked(pod) && this.#hasPlace(pod));
    const isKnown = ({ metadata }: Pod, known: readonly string[]) => known.includes(metadata.uid);
    return {
      succeeded: valid.filter(pod => pod.status.phase === "Succeeded" && !isKnown(pod, succeeded)),
      failed: valid.filter(pod => this.#isFailed(pod) && !isKnown(pod, failed)),
    };
  }

  #counts(fresh: { succeeded: readonly Pod[]; failed: readonly Pod[] }): Counted {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods!;
    const counting = fresh.failed.filter(pod => judgeFailure(this.#job, pod).counts).length;
    const failures = (this.#status.failed ?? 0) + failed.length + counting;
    if (!isIndexed(this.#job)) {
      const successes = (this.#status.succeeded ?? 0) + succeeded.length + fresh.succeeded.length;
      return { succeeded: successes, failed: failures };
    }
    const { completions = 0, backoffLimitPerIndex } = this.#job.spec;
    const succeededIndexes = parseIndexes(this.#status.completedIndexes, completions);
    const failedIndexes = parseIndexes(this.#status.failedIndexes, completions);
    for (const pod of this.#pods) {
      if (!isTracked(pod) || !this.#hasPlace(pod)) continue;
      if (pod.status.phase === "Succeeded") succeededIndexes.add(indexOf(pod)!);
      const hasLimit = backoffLimitPerIndex !== undefined && this.#isFailed(pod);
      if (hasLimit && failsItsIndex(this.#job, pod)) failedIndexes.add(indexOf(pod)!);
    }
    return { succeeded: succeededIndexes.size, failed: failures, succeededIndexes, failedIndexes };
  }

  /** The condition with which the Job ends, or begins to. */
  #over(counted: Counted): JobCondition | undefined {
    const { conditions } = this.#status;
    const success = findCondition(conditions, "SuccessCriteriaMet");
    if (success?.status === "True") return success;
    const target = findCondition(conditions, "FailureTarget");
    if (target?.status === "True") return this.#condition("Failed", target.reason!, target.message!);
    const failure = this.#policyFailure() ?? this.#limitFailure(counted);
    if (failure !== undefined) return this.#condition("FailureTarget", ...failure);
    const met = counted.succeededIndexes && metSuccessPolicy(this.#job, counted.succeededIndexes);
    return met === undefined ? undefined : this.#condition("SuccessCriteriaMet", "SuccessPolicy", met);
  }

  #policyFailure(): [string, string] | undefined {
    if (this.#job.spec.podFailurePolicy === undefined) return undefined;
    for (const pod of this.#pods.filter(each => this.#isFailed(each))) {
      const { failsJob } = judgeFailure(this.#job, pod);
      if (failsJob !== undefined) return ["PodFailurePolicy", failsJob];
    }
    return undefined;
  }

  #limitFailure({ failed, succeeded, failedIndexes }: Counted): [string, string] | undefined {
    const { spec } = this.#job;
    if (failed > this.#backoffLimit || this.#restartsExceed()) {
      return ["BackoffLimitExceeded", "Job has reached the specified backoff limit"];
    }
    if (this.#isPastDeadline()) return ["DeadlineExceeded", "Job was active longer than specified deadline"];
    if (spec.backoffLimitPerIndex === undefined || failedIndexes === undefined) return undefined;
    if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes) {
      return ["MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"];
    }
    const isDone = failedIndexes.size > 0 && failedIndexes.size + succeeded >= (spec.completions ?? 0);
    return isDone ? ["FailedIndexes", "Job has failed indexes"] : undefined;
  }

  get #backoffLimit(): number {
    return this.#job.spec.backoffLimit ?? 6;
  }

  /** With restartPolicy OnFailure the restarts of containers count. */
  #restartsExceed(): boolean {
    if (this.#job.spec.template.spec?.restartPolicy !== "OnFailure") return false;
    const living = this.#pods.filter(
      ({ status }) => status.phase === "Running" || status.phase === "Pending",
    );
    const restarts = living
      .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
    return this.#backoffLimit === 0 ? restarts > 0 : restarts >= this.#backoffLimit;
  }

  #isPastDeadline(): boolean {
    const { activeDeadlineSeconds, suspend } = this.#job.spec;
    const startMs = parseTime(this.#status.startTime ?? "");
    if (activeDeadlineSeconds === undefined || suspend || startMs === undefined) return false;
    const leftMs = startMs + activeDeadlineSeconds * 1_000 - this.#port.wallMs();
    if (leftMs > 0) this.#lookAfter(leftMs);
    return leftMs <= 0;
  }

  /** Undefined when not all could be deleted: the next turn tries again. */
  async #endOthers(over: JobCondition): Promise<JobCondition | undefined> {
    const results = await Promise.allSettled(
      this.#active.map(pod => this.#port.podControl.delete(this.#job, pod)),
    );
    const failed = results.find(result => result.status === "rejected");
    this.#error = failed?.reason;
    const deleted = this.#active.filter((_, at) => results[at]!.status === "fulfilled");
    this.#gaveUp(deleted);
    return failed === undefined ? over : undefined;
  }

  #gaveUp(pods: readonly Pod[]): void {
    this.#change.active -= pods.length;
    this.#change.terminating += pods.length;
    this.#change.ready -= pods.filter(isReady).length;
  }

  /** The right number of Pods; a condition when there is nothing left to do. */
  async #manage(counted: Counted, failures: Failures): Promise<JobCondition | undefined> {
    const { metadata, spec } = this.#job;
    const isLeaving = metadata.deletionTimestamp !== undefined;
    if (!isLeaving) await this.#adjust(counted, failures);
    const isEnough =
      spec.completions === undefined ? counted.succeeded > 0 : counted.succeeded >= spec.completions;
    if (isEnough && this.#active.length + this.#change.active === 0) {
      return this.#condition(
        "SuccessCriteriaMet",
        "CompletionsReached",
        "Reached expected number of succeeded pods",
      );
    }
    if (!isLeaving) this.#noteSuspension();
    return undefined;
  }

  async #adjust(counted: Counted, failures: Failures): Promise<void> {
    const { spec } = this.#job;
    const active = this.#active.length;
    if (spec.suspend) return this.#giveUp(active);
    const parallelism = spec.parallelism ?? 1;
    const wanted =
      spec.completions === undefined
        ? counted.succeeded > 0
          ? active
          : parallelism
        : Math.max(Math.min(spec.completions - counted.succeeded, parallelism), 0);
    const surplus = toGiveUp(this.#job, this.#active, Math.max(active - wanted, 0), this.#port.wallMs());
    if (surplus.length > 0) return this.#letGo(surplus.slice(0, LIMITS.podsAtOnce));
    const terminating = replacesOnlyFailed(this.#job) ? this.#terminating : 0;
    const missing = Math.min(wanted - terminating - active, LIMITS.podsAtOnce);
    if (missing > 0) await this.#make(missing, counted, failures);
  }

  #giveUp(count: number): Promise<void> {
    return this.#letGo(toGiveUp(this.#job, this.#active, count, this.#port.wallMs()));
  }

  /** Without its finalizer a Pod that is given up does not count as failed. */
  async #letGo(pods: readonly Pod[]): Promise<void> {
    const letGo = async (pod: Pod) => this.#port.podControl.delete(this.#job, await this.#untrack(pod));
    const results = await Promise.allSettled(pods.map(letGo));
    this.#error = results.find(result => result.status === "rejected")?.reason;
    this.#gaveUp(pods.filter((_, at) => results[at]!.status === "fulfilled"));
  }

  async #make(missing: number, counted: Counted, failures: Failures): Promise<void> {
    const hasLimitPerIndex = this.#job.spec.backoffLimitPerIndex !== undefined;
    const waitMs = hasLimitPerIndex ? 0 : remainingMs(failures, this.#port.wallMs());
    if (waitMs > 0) return this.#lookAfter(waitMs);
    const places: readonly Place[] = isIndexed(this.#job)
      ? this.#freeIndexes(missing, counted)
      : Array.from({ length: missing }, () => ({ index: undefined, replaced: undefined }));
    const { succeeded, error } = await slowStart(places, ({ index, replaced }) =>
      this.#port.podControl.create(this.#job, newJobPod(this.#job, index, replaced)),
    );
    this.#change.active += succeeded;
    this.#error = error;
  }

  /** Indexes to make Pods for, each with the failed Pod that its Pod takes over from. */
  #freeIndexes(missing: number, { succeededIndexes, failedIndexes }: Counted): Place[] {
    const { completions = 0, backoffLimitPerIndex } = this.#job.spec;
    const present = this.#pods.filter(
      pod => !hasEnded(pod) && (!this.#isGoing(pod) || replacesOnlyFailed(this.#job)),
    );
    const taken = new Set([
      ...succeededIndexes!,
      ...failedIndexes!,
      ...present.map(pod => indexOf(pod) ?? -1),
    ]);
    const places = firstFree(missing, completions, taken).map(index => ({
      index,
      replaced: backoffLimitPerIndex === undefined ? undefined : this.#awaitingSuccessor(index),
    }));
    const waits = places.map(({ replaced }) => (replaced === undefined ? 0 : this.#waitOf(replaced)));
    const ready = places.filter((_, at) => waits[at] === 0);
    if (ready.length === 0 && places.length > 0) this.#lookAfter(Math.min(...waits));
    return ready;
  }

  #awaitingSuccessor(index: number): Pod | undefined {
    return latestFailure(
      this.#pods.filter(pod => isTracked(pod) && this.#isFailed(pod) && indexOf(pod) === index),
    );
  }

  #waitOf(failed: Pod): number {
    const failures = { sinceSuccess: allIndexFailures(failed) + 1, lastMs: finishedMs(failed) };
    return remainingMs(failures, this.#port.wallMs());
  }

  #noteSuspension(): void {
    const { conditions = [] } = this.#status;
    const current = findCondition(conditions, "Suspended");
    const isSuspended = this.#job.spec.suspend === true;
    if ((current?.status === "True") === isSuspended) return;
    const next = isSuspended
      ? this.#condition("Suspended", "JobSuspended", "Job suspended")
      : { ...this.#condition("Suspended", "JobResumed", "Job resumed"), status: "False" };
    this.#status.conditions =
      current === undefined
        ? [...conditions, next]
        : conditions.map(each => (each === current ? next : each));
    this.#port.podControl.event(this.#job, "Normal", isSuspended ? "Suspended" : "Resumed", next.message!);
    if (!isSuspended) this.#status.startTime = this.#now;
  }

  /** Ended Pods into the list, the list into the store, their finalizers off, and the list into the counters. */
  async #track(over: JobCondition | undefined, counted: Counted, failures: Failures) {
    const tracked = new Set(this.#pods.filter(isTracked).map(({ metadata }) => metadata.uid));
    this.#countUntracked(tracked);
    const { ended, isPart } = this.#listEnded(over, counted);
    if (counted.failedIndexes !== undefined && this.#job.spec.backoffLimitPerIndex !== undefined) {
      this.#status.failedIndexes = formatIndexes(counted.failedIndexes);
    }
    const final = this.#begin(over);
    await this.#write();
    this.#failures = failures;
    const results = await Promise.allSettled(ended.map(pod => this.#untrack(pod)));
    for (const [at, pod] of ended.entries()) {
      if (results[at]!.status === "fulfilled") tracked.delete(pod.metadata.uid);
    }
    this.#countUntracked(tracked);
    const failed = results.find(result => result.status === "rejected");
    const isOver = failed === undefined && !isPart && this.#finish(final);
    await this.#write();
    if (failed !== undefined) this.#error ??= failed.reason;
    if (isPart) this.#lookAfter(1);
    if (isOver) this.#tellFinished(final!);
  }

  /** Those in the list that have lost their finalizer are counted. */
  #countUntracked(tracked: ReadonlySet<string>): void {
    const uncounted = this.#status.uncountedTerminatedPods!;
    for (const end of ["succeeded", "failed"] as const) {
      const listed = uncounted[end] ?? [];
      const left = listed.filter(uid => tracked.has(uid));
      const isTold = isIndexed(this.#job) && end === "succeeded";
      if (!isTold && left.length < listed.length) {
        this.#status[end] = (this.#status[end] ?? 0) + listed.length - left.length;
      }
      uncounted[end] = left.length > 0 ? left : undefined;
    }
  }

  /** Ended Pods whose finalizer may go once the status is written; not all of very many at once. */
  #listEnded(over: JobCondition | undefined, counted: Counted) {
    const uncounted = this.#status.uncountedTerminatedPods!;
    const succeeded = new Set(uncounted.succeeded);
    const failed = new Set(uncounted.failed);
    const indexes = parseIndexes(this.#status.completedIndexes, this.#job.spec.completions ?? 0);
    const ended: Pod[] = [];
    let isPart = false;
    for (const pod of this.#pods) {
      if (!isTracked(pod) || !this.#mayLetGo(pod, over, counted)) continue;
      isPart = ended.length >= LIMITS.uncountedPods;
      if (isPart) break;
      ended.push(pod);
      const { uid } = pod.metadata;
      const endsWithJob = over !== undefined && over.type !== "SuccessCriteriaMet";
      if (pod.status.phase === "Succeeded" && !failed.has(uid)) {
        if (!isIndexed(this.#job)) succeeded.add(uid);
        else if (this.#hasPlace(pod)) indexes.add(indexOf(pod)!);
      } else if ((this.#isFailed(pod) || endsWithJob) && this.#hasPlace(pod)) {
        if (judgeFailure(this.#job, pod).counts) failed.add(uid);
      }
    }
    uncounted.succeeded = succeeded.size > 0 ? [...succeeded] : undefined;
    uncounted.failed = failed.size > 0 ? [...failed] : undefined;
    if (isIndexed(this.#job)) {
      this.#status.completedIndexes = formatIndexes(indexes) || undefined;
      this.#status.succeeded = indexes.size || undefined;
    }
    return { ended, isPart };
  }

  #mayLetGo(pod: Pod, over: JobCondition | undefined, counted: Counted): boolean {
    if (this.#job.metadata.deletionTimestamp !== undefined || over !== undefined) return true;
    if (pod.status.phase === "Succeeded") return true;
    if (!this.#isFailed(pod)) return false;
    const index = indexOf(pod);
    if (this.#job.spec.backoffLimitPerIndex === undefined || index === undefined) return true;
    // The index's next Pod takes its failure count over from this one.
    const isSettled =
      counted.succeededIndexes!.has(index) ||
      counted.failedIndexes!.has(index) ||
      this.#active.some(each => indexOf(each) === index);
    return isSettled || this.#awaitingSuccessor(index) !== pod;
  }

  /** The first condition of the end, and the one that closes it. */
  #begin(over: JobCondition | undefined): JobCondition | undefined {
    if (over === undefined || over.type === "Failed") return over;
    const { conditions = [] } = this.#status;
    if (findCondition(conditions, over.type) === undefined) this.#status.conditions = [...conditions, over];
    const type = over.type === "FailureTarget" ? "Failed" : "Complete";
    return this.#condition(type, over.reason!, over.message!);
  }

  /** Only when every Pod has ended and been counted. */
  #finish(final: JobCondition | undefined): boolean {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods!;
    if (final === undefined || succeeded.length + failed.length > 0 || this.#status.terminating! > 0)
      return false;
    this.#status.conditions = [...(this.#status.conditions ?? []), final];
    if (final.type === "Complete") this.#status.completionTime = final.lastTransitionTime;
    return true;
  }

  #tellFinished({ type, reason, message }: JobCondition): void {
    const { podControl } = this.#port;
    if (type === "Complete") podControl.event(this.#job, "Normal", "Completed", "Job completed");
    else podControl.event(this.#job, "Warning", reason!, message!);
  }

  async #untrack(pod: Pod): Promise<Pod> {
    if (!isTracked(pod)) return pod;
    return untrack(this.#port.podControl.pods, pod);
  }

  async #write(): Promise<void> {
    const status = structuredClone(this.#status);
    if (jsonEqual(status, this.#written.status)) return;
    const write = (copy: Job) => {
      copy.status = status;
    };
    this.#written = await this.#port.jobs.mutate(this.#job, write, { subresource: "status" });
  }

  #isGoing(pod: Pod): boolean {
    return this.#going.has(pod);
  }

  #isFailed(pod: Pod): boolean {
    if (pod.status.phase === "Failed") return true;
    return !replacesOnlyFailed(this.#job) && this.#isGoing(pod) && pod.status.phase !== "Succeeded";
  }

  /** Of an Indexed Job only Pods of its indexes count. */
  #hasPlace(pod: Pod): boolean {
    if (!isIndexed(this.#job)) return true;
    const index = indexOf(pod);
    return index !== undefined && index < (this.#job.spec.completions ?? 0);
  }

  #condition(type: string, reason: string, message: string): JobCondition {
    const now = this.#now;
    return { type, status: "True", reason, message, lastProbeTime: now, lastTransitionTime: now };
  }

  get #now(): string {
    return formatTime(this.#port.wallMs());
  }

  #lookAfter(waitMs: number): void {
    this.#waitMs = Math.min(waitMs, this.#waitMs ?? waitMs);
  }
}

/** That it is gone already is as good. */
export async function untrack(pods: Owned<Pod>, pod: Pod): Promise<Pod> {
  const drop = (copy: Pod) => {
    const left = copy.metadata.finalizers?.filter(each => each !== TRACKING) ?? [];
    copy.metadata.finalizers = left.length > 0 ? left : undefined;
  };
  return (await pods.mutateIfThere(pod, drop)) ?? pod;
}
