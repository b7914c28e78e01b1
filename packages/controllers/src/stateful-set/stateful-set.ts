/**
 * StatefulSets (upstream: pkg/controller/statefulset). A reconcile claims the Pods and revisions, takes the steps
 * that plan.ts gives for what there is, and writes the status; the steps' effects bring the next one.
 */
import { type ControllerRevision, jsonEqual, kinds, type Pod, type StatefulSet } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { claim } from "../workloads/claim.ts";
import type { Owned } from "../workloads/owned.ts";
import { referenceTo } from "../workloads/ownership.ts";
import { isNamespaceTerminating } from "../workloads/pod-control.ts";
import { untilAvailableMs } from "../workloads/pod-state.ts";
import { beyondHistory, recordRevision, templateOf } from "../workloads/revisions.ts";
import { slowStart } from "../workloads/slow-start.ts";
import { identityLabels, isMember, newPod, podNameOf, REVISION_LABEL } from "./identity.ts";
import { plan, type Situation, type Step, statefulSetStatus } from "./plan.ts";

const ORIGIN = { component: "statefulset-controller" } as const;
const REVISIONS = { ownerKind: kinds.statefulSets, hashLabel: "controller.kubernetes.io/hash" } as const;

export function startStatefulSets(
  context: ControllerContext,
  pods: Owned<Pod>,
  revisions: Owned<ControllerRevision>,
  sets: Owned<StatefulSet>,
): Controller {
  return new StatefulSets(context, pods, revisions, sets);
}

class StatefulSets implements Controller {
  readonly #context: ControllerContext;
  readonly #pods: Owned<Pod>;
  readonly #revisions: Owned<ControllerRevision>;
  readonly #sets: Owned<StatefulSet>;
  readonly #queue: WorkQueue;

  constructor(
    context: ControllerContext,
    pods: Owned<Pod>,
    revisions: Owned<ControllerRevision>,
    sets: Owned<StatefulSet>,
  ) {
    this.#context = context;
    this.#pods = pods;
    this.#revisions = revisions;
    this.#sets = sets;
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({ name: "stateful-set", reconcile, clock, log, concurrency });
    sets.informer.onChange(({ key }) => this.#queue.add(key));
    pods.follow(kinds.statefulSets, sets.informer, key => this.#queue.add(key));
    revisions.follow(kinds.statefulSets, sets.informer, key => this.#queue.add(key));
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const set = this.#sets.informer.byKey(key);
    if (set === undefined) return;
    const { api, clock } = this.#context;
    const claimed = await claim(api, this.#revisions, kinds.statefulSets, set);
    const pods = await claim(api, this.#pods, kinds.statefulSets, set, { also: pod => isMember(set, pod) });
    if (set.metadata.deletionTimestamp !== undefined && claimed.length === 0) return;
    const history = await this.#history(set, claimed);
    if (history === undefined) return;
    const { revisions, update, collisionCount } = history;
    const current = revisions.find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update;
    const isGoing = (pod: Pod) => this.#pods.isGoing(pod);
    const situation = { set, pods, isGoing, current, update, wallMs: clock.wallMs() };
    const error = await this.#take(set, plan(situation));
    await this.#writeStatus(set, statefulSetStatus(situation, collisionCount));
    if (error !== undefined) throw error;
    await this.#dropHistory(situation, revisions);
    const waitMs = untilAvailableMs(pods, set.spec.minReadySeconds ?? 0, clock.wallMs());
    if (waitMs !== undefined) this.#queue.addAfter(key, waitMs);
  }

  async #history(set: StatefulSet, claimed: readonly ControllerRevision[]) {
    try {
      return await recordRevision(this.#revisions, claimed, set, REVISIONS);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      throw error;
    }
  }

  async #take(set: StatefulSet, steps: readonly Step[]): Promise<unknown> {
    const { error } = await slowStart(steps, step => this.#step(set, step));
    return error;
  }

  async #step(set: StatefulSet, step: Step): Promise<void> {
    if (step.do === "create") {
      const { ordinal, revision } = step;
      const pod = newPod(set, templateOf(revision), revision.metadata.name, ordinal);
      return this.#told(set, "create", podNameOf(set, ordinal), this.#pods.create(pod));
    }
    const { name } = step.pod.metadata;
    if (step.do === "delete") return this.#told(set, "delete", name, this.#pods.delete(step.pod));
    const relabel = (copy: Pod) => {
      copy.metadata.labels = { ...copy.metadata.labels, ...identityLabels(name, step.ordinal) };
    };
    return this.#told(set, "update", name, this.#pods.mutate(step.pod, relabel));
  }

  async #told(set: StatefulSet, verb: string, pod: string, work: Promise<unknown>): Promise<void> {
    const { recordEvent } = this.#context;
    const what = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`;
    const Verb = verb[0]!.toUpperCase() + verb.slice(1);
    try {
      await work;
      recordEvent(referenceTo(set), "Normal", `Successful${Verb}`, `${what} successful`, ORIGIN);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const message = `${what} failed error: ${(error as Error).message}`;
      recordEvent(referenceTo(set), "Warning", `Failed${Verb}`, message, ORIGIN);
      throw error;
    }
  }

  async #writeStatus(seen: StatefulSet, status: StatefulSet["status"]): Promise<void> {
    if (jsonEqual(status, seen.status)) return;
    const write = (copy: StatefulSet) => {
      copy.status = status;
    };
    await this.#sets.mutateIfThere(seen, write, { subresource: "status" });
  }

  async #dropHistory(situation: Situation, revisions: readonly ControllerRevision[]): Promise<void> {
    const { set, pods, current, update } = situation;
    const used = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_LABEL]));
    const isLive = (each: ControllerRevision) =>
      each === current || each === update || used.has(each.metadata.name);
    const live = new Set(revisions.filter(isLive));
    for (const each of beyondHistory(revisions, set.spec.revisionHistoryLimit, live)) {
      await this.#revisions.delete(each);
    }
  }
}
