/**
 * The scheduler: a Pod without a node is given one as soon as it appears.
 *
 *   Pod appears -> choose (sees all Pods placed so far) -> counted as placed -> bind, in the background
 *                     \-> no Node fits: condition PodScheduled=False, Event FailedScheduling, and again when a
 *                         Node changes or a Pod leaves
 *
 * Decisions are made one after the other, so that each sees the ones before; the writes overlap, so that many Pods
 * at once cost few commits.
 */
import { formatTime, isReason, kinds, type Pod, type PodCondition } from "@podwire/api";
import type { Change } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { referenceTo } from "../workloads/ownership.ts";
import { hasEnded } from "../workloads/pod-state.ts";
import { choose } from "./choose.ts";
import type { ClusterView } from "./cluster-view.ts";
import { Placements } from "./placements.ts";

const SCHEDULER_NAME = "default-scheduler";
const ORIGIN = { component: SCHEDULER_NAME } as const;

export function startScheduler(
  context: ControllerContext,
  namespaceLabels: ClusterView["namespaceLabels"],
): Controller {
  const scheduler = new Scheduler(context, namespaceLabels);
  return { stop: () => scheduler.stop() };
}

class Scheduler {
  readonly #context: ControllerContext;
  readonly #view: ClusterView;
  readonly #placements = new Placements();
  readonly #queue: WorkQueue;
  /** Pods that no Node fits: the message they were told. */
  readonly #unschedulable = new Map<string, string>();

  constructor(context: ControllerContext, namespaceLabels: ClusterView["namespaceLabels"]) {
    this.#context = context;
    this.#view = { placed: node => this.#placements.placed(node), namespaceLabels };
    const { clock, log, nodes, pods } = context;
    const reconcile = (key: string) => this.#schedule(key);
    this.#queue = new WorkQueue({ name: "scheduler", reconcile, clock, log });
    pods.onChange(change => this.#podChanged(change));
    nodes.onChange(() => this.#retryUnschedulable());
  }

  stop(): void {
    this.#queue.stop();
  }

  #podChanged({ key, before, after }: Change<Pod>): void {
    const effect = this.#placements.observe(key, after);
    if (after === undefined || !wantsNode(after)) this.#unschedulable.delete(key);
    else if (!this.#unschedulable.has(key) || generation(before) !== generation(after)) this.#queue.add(key);
    if (effect === "freed") this.#retryUnschedulable();
    if (effect === "placed") this.#retryUnschedulable(dependsOnOthers);
  }

  #retryUnschedulable(which: (pod: Pod) => boolean = () => true): void {
    for (const key of this.#unschedulable.keys()) {
      const pod = this.#context.pods.byKey(key);
      if (pod !== undefined && which(pod)) this.#queue.add(key);
    }
  }

  async #schedule(key: string): Promise<void> {
    const pod = this.#context.pods.byKey(key);
    if (pod === undefined || !wantsNode(pod) || this.#placements.isBinding(key)) return;
    const nodes = this.#context.nodes.values();
    const choice = choose(pod, nodes, this.#view);
    if ("message" in choice) return this.#tellUnschedulable(key, pod, choice.message);
    this.#unschedulable.delete(key);
    this.#placements.beginBinding(key, choice.node, pod);
    void this.#bind(key, pod, choice.node);
  }

  async #bind(key: string, pod: Pod, node: string): Promise<void> {
    const { api, recordEvent, log } = this.#context;
    const { namespace, name } = pod.metadata;
    try {
      await api.bind({ namespace, name }, node);
      recordEvent(referenceTo(pod), "Normal", "Scheduled", `Successfully assigned ${key} to ${node}`, ORIGIN);
    } catch (error) {
      this.#placements.bindingFailed(key);
      // Gone, or somebody else gave it a node: its own event tells. Anything else is tried again.
      if (isReason(error, "NotFound") || isReason(error, "Conflict")) return;
      log(`scheduler: ${key} cannot be bound to ${node}: ${(error as Error).message}`);
      this.#context.clock.after(LIMITS.bindRetryMs, () => this.#queue.add(key));
    }
  }

  async #tellUnschedulable(key: string, pod: Pod, message: string): Promise<void> {
    const told = this.#unschedulable.get(key);
    this.#unschedulable.set(key, message);
    if (told === message) return;
    const { api, recordEvent } = this.#context;
    recordEvent(referenceTo(pod), "Warning", "FailedScheduling", message, ORIGIN);
    const now = formatTime(this.#context.clock.wallMs());
    const change = (copy: Pod) => {
      if (copy.metadata.uid !== pod.metadata.uid || copy.spec.nodeName) return;
      copy.status.conditions = withUnschedulable(copy.status.conditions ?? [], message, now);
    };
    try {
      await api.mutate(kinds.pods, pod.metadata, change, {
        subresource: "status",
        fieldManager: "kube-scheduler",
      });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}

function wantsNode({ metadata, spec, status }: Pod): boolean {
  const ours = (spec.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME;
  const gated = (spec.schedulingGates ?? []).length > 0;
  return (
    ours &&
    !spec.nodeName &&
    !gated &&
    metadata.deletionTimestamp === undefined &&
    !hasEnded({ status } as Pod)
  );
}

/** Moves with the spec alone: the status written here does not bring the Pod up again. */
function generation(pod: Pod | undefined): number | undefined {
  return pod?.metadata.generation;
}

function withUnschedulable(
  conditions: readonly PodCondition[],
  message: string,
  now: string,
): PodCondition[] {
  const before = conditions.find(({ type }) => type === "PodScheduled");
  const since = before?.status === "False" ? (before.lastTransitionTime ?? now) : now;
  const others = conditions.filter(({ type }) => type !== "PodScheduled");
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable" } as const;
  return [...others, { ...condition, message, lastTransitionTime: since }];
}

/** Another Pod's being placed can make room for it: to be near that one, or because the spread is even again. */
function dependsOnOthers({ spec }: Pod): boolean {
  return spec.affinity?.podAffinity !== undefined || spec.topologySpreadConstraints !== undefined;
}
