/**
 * ReplicaSets keep a number of Pods (upstream: pkg/controller/replicaset). A reconcile reads the Pods that there are:
 *
 *   claim them -> too few: create, in growing batches | too many: delete, the least useful first -> status
 *
 * and looks again when a Pod changes, or when one has been ready for minReadySeconds.
 */
import { jsonEqual, kinds, type Pod, type ReplicaSet } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { claim } from "../workloads/claim.ts";
import type { Owned } from "../workloads/owned.ts";
import { controllerOf } from "../workloads/ownership.ts";
import { PodControl, podFromTemplate } from "../workloads/pod-control.ts";
import { hasEnded, untilAvailableMs } from "../workloads/pod-state.ts";
import { replicasOf } from "../workloads/replicas.ts";
import { slowStart } from "../workloads/slow-start.ts";
import { byDeletion } from "./rank.ts";
import { replicaSetStatus } from "./status.ts";

const COMPONENT = "replicaset-controller";

export function startReplicaSets(
  context: ControllerContext,
  pods: Owned<Pod>,
  replicaSets: Owned<ReplicaSet>,
): Controller {
  return new ReplicaSets(context, pods, replicaSets);
}

class ReplicaSets implements Controller {
  readonly #context: ControllerContext;
  readonly #pods: Owned<Pod>;
  readonly #replicaSets: Owned<ReplicaSet>;
  readonly #podControl: PodControl;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext, pods: Owned<Pod>, replicaSets: Owned<ReplicaSet>) {
    this.#context = context;
    this.#pods = pods;
    this.#replicaSets = replicaSets;
    this.#podControl = new PodControl(pods, context.recordEvent, COMPONENT);
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({ name: "replica-set", reconcile, clock, log, concurrency });
    replicaSets.informer.onChange(({ key }) => this.#queue.add(key));
    pods.follow(kinds.replicaSets, replicaSets.informer, key => this.#queue.add(key));
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const replicaSet = this.#replicaSets.informer.byKey(key);
    if (replicaSet === undefined) return;
    const { api, clock } = this.#context;
    const claimed = await claim(api, this.#pods, kinds.replicaSets, replicaSet, {
      also: pod => !hasEnded(pod),
    });
    const active = claimed.filter(pod => !this.#pods.isGoing(pod));
    const failure =
      replicaSet.metadata.deletionTimestamp === undefined ? await this.#scale(replicaSet, active) : undefined;
    await this.#writeStatus(replicaSet, active, failure);
    if (failure !== undefined) throw failure;
    const waitMs = untilAvailableMs(active, replicaSet.spec.minReadySeconds ?? 0, clock.wallMs());
    if (waitMs !== undefined) this.#queue.addAfter(key, waitMs);
  }

  async #scale(replicaSet: ReplicaSet, active: readonly Pod[]): Promise<Error | undefined> {
    const missing = replicasOf(replicaSet) - active.length;
    if (missing > 0) {
      const count = Math.min(missing, LIMITS.podsAtOnce);
      const made = await slowStart(Array.from({ length: count }), () => this.#createPod(replicaSet));
      return made.error as Error | undefined;
    }
    if (missing === 0) return undefined;
    const doomed = this.#ranked(replicaSet, active).slice(0, Math.min(-missing, LIMITS.podsAtOnce));
    const results = await Promise.allSettled(doomed.map(pod => this.#podControl.delete(replicaSet, pod)));
    return results.find(result => result.status === "rejected")?.reason as Error | undefined;
  }

  async #createPod(replicaSet: ReplicaSet): Promise<void> {
    const template = replicaSet.spec.template ?? {};
    await this.#podControl.create(replicaSet, podFromTemplate(template, kinds.replicaSets, replicaSet));
  }

  #ranked(replicaSet: ReplicaSet, active: readonly Pod[]): Pod[] {
    const onNode = new Map<string, number>();
    for (const related of this.#siblings(replicaSet)) {
      for (const pod of this.#pods.of(related.metadata.uid)) {
        if (hasEnded(pod) || this.#pods.isGoing(pod)) continue;
        const { nodeName = "" } = pod.spec;
        onNode.set(nodeName, (onNode.get(nodeName) ?? 0) + 1);
      }
    }
    return byDeletion(active, {
      relatedOn: node => onNode.get(node) ?? 0,
      wallMs: this.#context.clock.wallMs(),
    });
  }

  /** ReplicaSets of the same Deployment, itself included. */
  #siblings(replicaSet: ReplicaSet): ReplicaSet[] {
    const owner = controllerOf(replicaSet);
    if (owner === undefined) return [replicaSet];
    return this.#replicaSets.of(owner.uid);
  }

  async #writeStatus(seen: ReplicaSet, before: readonly Pod[], failure: Error | undefined): Promise<void> {
    const now = this.#context.clock.wallMs();
    const status = replicaSetStatus(seen, before, failure, now);
    if (jsonEqual(status, seen.status)) return;
    const write = (copy: ReplicaSet) => {
      copy.status = status;
    };
    await this.#replicaSets.mutateIfThere(seen, write, { subresource: "status" });
  }
}
