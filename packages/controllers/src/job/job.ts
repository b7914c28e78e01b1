/**
 * Jobs run Pods until enough have succeeded. What a Job does in one turn is in turn.ts; this file decides when it is
 * looked at, lets go of ended Pods that no Job counts any more, and removes finished Jobs when their time to live
 * ends (upstream: pkg/controller/job, pkg/controller/ttlafterfinished).
 */
import { isReason, type Job, kinds, type Pod, parseTime } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { claim } from "../workloads/claim.ts";
import { findCondition } from "../workloads/conditions.ts";
import type { Owned } from "../workloads/owned.ts";
import { controllerOf } from "../workloads/ownership.ts";
import { PodControl } from "../workloads/pod-control.ts";
import { type Failures, NO_FAILURES } from "./backoff.ts";
import { isTracked, TRACKING } from "./job-pods.ts";
import { JobTurn, untrack } from "./turn.ts";

const COMPONENT = "job-controller";

export function startJobs(context: ControllerContext, pods: Owned<Pod>, jobs: Owned<Job>): Controller {
  const controllers: Controller[] = [
    new Jobs(context, pods, jobs),
    letGoOfStrays(context, pods, jobs),
    removeExpired(context, jobs),
  ];
  return {
    started: () => {
      for (const each of controllers) each.started?.();
    },
    stop: () => {
      for (const each of controllers) each.stop();
    },
  };
}

/** Complete or Failed. */
function end({ status }: Job) {
  const conditions = status.conditions?.filter(each => each.status === "True");
  return findCondition(conditions, "Complete") ?? findCondition(conditions, "Failed");
}

class Jobs implements Controller {
  readonly #context: ControllerContext;
  readonly #pods: Owned<Pod>;
  readonly #jobs: Owned<Job>;
  readonly #podControl: PodControl;
  /** By uid. Lost with the process: a Job then waits as after its first failure, as upstream. */
  readonly #failures = new Map<string, Failures>();
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext, pods: Owned<Pod>, jobs: Owned<Job>) {
    this.#context = context;
    this.#pods = pods;
    this.#jobs = jobs;
    this.#podControl = new PodControl(pods, context.recordEvent, COMPONENT);
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({ name: "job", reconcile, clock, log, concurrency });
    jobs.informer.onChange(({ key, before, after }) => {
      if (before !== undefined && before.metadata.uid !== after?.metadata.uid)
        this.#failures.delete(before.metadata.uid);
      if (after !== undefined) this.#queue.add(key);
    });
    pods.follow(kinds.jobs, jobs.informer, key => this.#queue.add(key));
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const job = this.#jobs.informer.byKey(key);
    if (job === undefined || isManagedElsewhere(job)) return;
    const { uid } = job.metadata;
    if (end(job) !== undefined) {
      this.#failures.delete(uid);
      return;
    }
    const { api, clock } = this.#context;
    const pods = await claim(api, this.#pods, kinds.jobs, job, { finalizer: TRACKING });
    const port = { jobs: this.#jobs, podControl: this.#podControl, wallMs: () => clock.wallMs() };
    try {
      const turn = new JobTurn(port, job, pods, this.#failures.get(uid) ?? NO_FAILURES);
      const { failures, waitMs, error } = await turn.run();
      // A Job that went meanwhile has been forgotten, and stays so.
      if (this.#jobs.informer.byKey(key)?.metadata.uid === uid) this.#failures.set(uid, failures);
      if (error !== undefined) throw error;
      if (waitMs !== undefined) this.#queue.addAfter(key, waitMs);
    } catch (error) {
      // The Job is gone, or another has its name.
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}

function isManagedElsewhere({ spec }: Job): boolean {
  return spec.managedBy !== undefined && spec.managedBy !== "kubernetes.io/job-controller";
}

/** Pods that are held to be counted by a Job that is gone, has finished, or has let go of them. */
function letGoOfStrays({ clock, log }: ControllerContext, pods: Owned<Pod>, jobs: Owned<Job>): Controller {
  const isStray = (pod: Pod): boolean => {
    if (!isTracked(pod)) return false;
    const owner = controllerOf(pod);
    if (owner === undefined) return true;
    if (owner.kind !== "Job" || owner.apiVersion !== "batch/v1") return false;
    const job = jobs.informer.get({ namespace: pod.metadata.namespace, name: owner.name });
    if (job === undefined || job.metadata.uid !== owner.uid) return true;
    return !isManagedElsewhere(job) && end(job) !== undefined;
  };
  const reconcile = async (key: string) => {
    const pod = pods.informer.byKey(key);
    if (pod !== undefined && isStray(pod)) await untrack(pods, pod);
  };
  const queue = new WorkQueue({
    name: "job-strays",
    reconcile,
    clock,
    log,
    concurrency: LIMITS.workloadsAtOnce,
  });
  const add = ({ metadata }: Pod) => queue.add(`${metadata.namespace}/${metadata.name}`);
  let jobsAreKnown = false;
  pods.informer.onChange(({ after }) => {
    // Before the first list of Jobs every Pod would look like a stray.
    if (jobsAreKnown && after !== undefined && isStray(after)) add(after);
  });
  jobs.informer.onChange(({ before, after }) => {
    if (after !== undefined && end(after) === undefined) return;
    for (const pod of pods.of((after ?? before!).metadata.uid)) if (isTracked(pod)) add(pod);
  });
  return {
    started: () => {
      jobsAreKnown = true;
      for (const pod of pods.informer.values()) if (isStray(pod)) add(pod);
    },
    stop: () => queue.stop(),
  };
}

function removeExpired({ clock, log }: ControllerContext, jobs: Owned<Job>): Controller {
  const reconcile = async (key: string) => {
    const job = jobs.informer.byKey(key);
    const { ttlSecondsAfterFinished: ttl } = job?.spec ?? {};
    const finishedMs = parseTime((job && end(job)?.lastTransitionTime) ?? "");
    if (job === undefined || ttl === undefined || finishedMs === undefined || jobs.isGoing(job)) return;
    const leftMs = finishedMs + ttl * 1_000 - clock.wallMs();
    if (leftMs > 0) return queue.addAfter(key, leftMs);
    await jobs.delete(job, { propagationPolicy: "Foreground" });
  };
  const queue = new WorkQueue({
    name: "job-ttl",
    reconcile,
    clock,
    log,
    concurrency: LIMITS.workloadsAtOnce,
  });
  jobs.informer.onChange(({ key, after }) => {
    if (after?.spec.ttlSecondsAfterFinished !== undefined && end(after) !== undefined) queue.add(key);
  });
  return { stop: () => queue.stop() };
}
