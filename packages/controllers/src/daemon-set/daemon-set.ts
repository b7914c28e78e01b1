/**
 * DaemonSets keep a Pod on every node that is for them (upstream: pkg/controller/daemon). A reconcile claims the
 * Pods and revisions, makes and deletes what plan.ts says, and writes the status. It is looked at again when the
 * set, one of its Pods, or what matters of a node changes.
 */
import { type ControllerRevision, type DaemonSet, jsonEqual, kinds, type Node, type Pod } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { claim } from "../workloads/claim.ts";
import type { Owned } from "../workloads/owned.ts";
import { isNamespaceTerminating, PodControl } from "../workloads/pod-control.ts";
import { untilAvailableMs } from "../workloads/pod-state.ts";
import { beyondHistory, recordRevision } from "../workloads/revisions.ts";
import { slowStart } from "../workloads/slow-start.ts";
import { daemonPod, HASH_LABEL, targetNode } from "./daemon-pod.ts";
import { FailureBackoff } from "./failure-backoff.ts";
import { daemonSetStatus, plan, type Situation } from "./plan.ts";

const COMPONENT = "daemonset-controller";
const REVISIONS = { ownerKind: kinds.daemonSets, hashLabel: HASH_LABEL } as const;

export function startDaemonSets(
  context: ControllerContext,
  pods: Owned<Pod>,
  revisions: Owned<ControllerRevision>,
  sets: Owned<DaemonSet>,
): Controller {
  return new DaemonSets(context, pods, revisions, sets);
}

class DaemonSets implements Controller {
  readonly #context: ControllerContext;
  readonly #pods: Owned<Pod>;
  readonly #revisions: Owned<ControllerRevision>;
  readonly #sets: Owned<DaemonSet>;
  readonly #podControl: PodControl;
  readonly #backoff = new FailureBackoff();
  readonly #queue: WorkQueue;

  constructor(
    context: ControllerContext,
    pods: Owned<Pod>,
    revisions: Owned<ControllerRevision>,
    sets: Owned<DaemonSet>,
  ) {
    this.#context = context;
    this.#pods = pods;
    this.#revisions = revisions;
    this.#sets = sets;
    this.#podControl = new PodControl(pods, context.recordEvent, COMPONENT);
    const { clock, log, nodes } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({ name: "daemon-set", reconcile, clock, log, concurrency });
    sets.informer.onChange(({ key, before, after }) => {
      const isSame = before?.metadata.generation === after?.metadata.generation;
      if (before !== undefined && !isSame) this.#backoff.forget(before.metadata.uid);
      this.#queue.add(key);
    });
    pods.follow(kinds.daemonSets, sets.informer, key => this.#queue.add(key));
    revisions.follow(kinds.daemonSets, sets.informer, key => this.#queue.add(key));
    nodes.onChange(({ before, after }) => {
      if (before !== undefined && after !== undefined && suitsTheSame(before, after)) return;
      for (const { metadata } of sets.informer.values())
        this.#queue.add(`${metadata.namespace}/${metadata.name}`);
    });
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const set = this.#sets.informer.byKey(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const { api, nodes, clock } = this.#context;
    const { matchLabels = {}, matchExpressions = [] } = set.spec.selector;
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
      const why = "This daemon set is selecting all pods. A non-empty selector is required.";
      return this.#podControl.event(set, "Warning", "SelectingAll", why);
    }
    const claimed = await claim(api, this.#revisions, kinds.daemonSets, set);
    const history = await this.#history(set, claimed);
    if (history === undefined) return;
    const { revisions, update, collisionCount } = history;
    const pods = await claim(api, this.#pods, kinds.daemonSets, set);
    const situation: Situation = {
      set,
      nodes: nodes.values(),
      pods,
      isGoing: pod => this.#pods.isGoing(pod),
      hash: update.metadata.labels![HASH_LABEL]!,
      wallMs: clock.wallMs(),
      mayReplaceFailed: node => this.#mayReplaceFailed(key, set, node),
    };
    const error = await this.#carryOut(situation);
    const own = this.#pods.of(set.metadata.uid);
    await this.#writeStatus(set, daemonSetStatus({ ...situation, pods: own }, collisionCount));
    if (error !== undefined) throw error;
    await this.#dropHistory(set, revisions, update, own);
    const waitMs = untilAvailableMs(own, set.spec.minReadySeconds ?? 0, clock.wallMs());
    if (waitMs !== undefined) this.#queue.addAfter(key, waitMs);
  }

  async #history(set: DaemonSet, claimed: readonly ControllerRevision[]) {
    try {
      return await recordRevision(this.#revisions, claimed, set, REVISIONS);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      throw error;
    }
  }

  #mayReplaceFailed(key: string, set: DaemonSet, node: string): boolean {
    const nowMs = this.#context.clock.nowMs();
    const waitMs = this.#backoff.waitMs(`${set.metadata.uid}/${node}`, nowMs);
    if (waitMs > 0) this.#queue.addAfter(key, waitMs);
    return waitMs === 0;
  }

  async #carryOut(situation: Situation): Promise<unknown> {
    const { set, hash } = situation;
    const made = plan(situation);
    const nodes = made.create.slice(0, LIMITS.daemonPodsAtOnce);
    const created = await slowStart(nodes, node => this.#podControl.create(set, daemonPod(set, node, hash)));
    const doomed = made.delete.slice(0, LIMITS.daemonPodsAtOnce);
    for (const pod of doomed) this.#tellEnded(set, pod);
    const deleted = await Promise.allSettled(doomed.map(pod => this.#podControl.delete(set, pod)));
    return created.error ?? deleted.find(result => result.status === "rejected")?.reason;
  }

  #tellEnded(set: DaemonSet, pod: Pod): void {
    const node = targetNode(pod)!;
    const { namespace, name } = pod.metadata;
    if (pod.status.phase === "Failed") {
      this.#backoff.replaced(`${set.metadata.uid}/${node}`, this.#context.clock.nowMs());
      const what = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`;
      this.#podControl.event(set, "Warning", "FailedDaemonPod", what);
    } else if (pod.status.phase === "Succeeded") {
      const what = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`;
      this.#podControl.event(set, "Normal", "SucceededDaemonPod", what);
    }
  }

  async #writeStatus(seen: DaemonSet, status: DaemonSet["status"]): Promise<void> {
    if (jsonEqual(status, seen.status)) return;
    const write = (copy: DaemonSet) => {
      copy.status = status;
    };
    await this.#sets.mutateIfThere(seen, write, { subresource: "status" });
  }

  async #dropHistory(
    set: DaemonSet,
    revisions: readonly ControllerRevision[],
    update: ControllerRevision,
    pods: readonly Pod[],
  ): Promise<void> {
    const used = new Set(pods.map(({ metadata }) => metadata.labels?.[HASH_LABEL]));
    const isLive = (each: ControllerRevision) =>
      each === update || used.has(each.metadata.labels?.[HASH_LABEL]);
    const live = new Set(revisions.filter(isLive));
    for (const each of beyondHistory(revisions, set.spec.revisionHistoryLimit, live)) {
      await this.#revisions.delete(each);
    }
  }
}

/** For the choice of nodes only labels and taints count. */
function suitsTheSame(before: Node, after: Node): boolean {
  return (
    jsonEqual(before.metadata.labels, after.metadata.labels) &&
    jsonEqual(before.spec.taints, after.spec.taints)
  );
}
