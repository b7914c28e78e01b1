/**
 * Keeps each Node's condition Ready and its taints true to its heartbeats. A heartbeat that changes the verdict is
 * acted on at once; silence is noticed by one timer, set to when the node that has been silent longest becomes
 * NotReady. A Node annotated podwire.dev/foreign "true" has no daemon and is left alone.
 */
import { formatTime, isReason, kinds, type Node, type Pod } from "@podwire/api";
import { NODE_ANNOTATIONS } from "@podwire/apiserver/sync";
import type { Controller, ControllerContext, HeartbeatSource } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { referenceTo } from "../workloads/ownership.ts";
import { agrees, judge, taintsAgree, type Verdict, withConditions, withTaints } from "./judge.ts";

import { isServing, marked, unmarked, wasMarked } from "./pod-readiness.ts";

const CONCURRENCY = 32;
const ORIGIN = { component: "node-controller" } as const;

export interface NodeLifecycleOptions {
  readonly heartbeats: HeartbeatSource;
  readonly silenceMs?: number;
  /** Wall-clock time for timestamps. */
  readonly wallClockMs?: () => number;
}

export function startNodeLifecycle(context: ControllerContext, options: NodeLifecycleOptions): Controller {
  const lifecycle = new NodeLifecycle(context, options);
  return { stop: () => lifecycle.stop() };
}

class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #options: NodeLifecycleOptions;
  readonly #queue: WorkQueue;
  /** By uid: when this process saw the Node first; before, it could not have been heard. */
  readonly #firstSeenMs = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #cancelTimer: (() => void) | undefined;

  constructor(context: ControllerContext, options: NodeLifecycleOptions) {
    this.#context = context;
    this.#options = options;
    const { clock, log, nodes } = context;
    const reconcile = (name: string) => this.#reconcile(name);
    this.#queue = new WorkQueue({ name: "node-lifecycle", reconcile, clock, log, concurrency: CONCURRENCY });
    this.#unsubscribe = options.heartbeats.subscribe(name => this.#look(name));
    nodes.onChange(({ key, before, after }) => {
      if (after === undefined) this.#firstSeenMs.delete(before!.metadata.uid);
      else if (!this.#firstSeenMs.has(after.metadata.uid)) {
        this.#firstSeenMs.set(after.metadata.uid, clock.nowMs());
        this.#armTimer();
      }
      this.#look(key);
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#cancelTimer?.();
    this.#queue.stop();
  }

  /** Queues a Node whose object does not say what it should. */
  #look(name: string): void {
    const node = this.#kept(name);
    const verdict = node && this.#verdict(node);
    if (node && verdict && !agrees(node, verdict)) this.#queue.add(name);
  }

  async #reconcile(name: string): Promise<void> {
    const { api, nodes } = this.#context;
    const node = this.#kept(name);
    const verdict = node && this.#verdict(node);
    if (!node || !verdict || agrees(node, verdict)) return;
    const now = formatTime((this.#options.wallClockMs ?? Date.now)());
    const status = (copy: Node) => {
      if (copy.metadata.uid === node.metadata.uid)
        copy.status.conditions = withConditions(copy, verdict, now);
    };
    const taints = (copy: Node) => {
      if (copy.metadata.uid !== node.metadata.uid || taintsAgree(copy, verdict)) return;
      copy.spec.taints = withTaints(copy, verdict, now);
    };
    try {
      nodes.observe(await api.mutate(kinds.nodes, { name }, status, { subresource: "status" }));
      if (!taintsAgree(node, verdict)) nodes.observe(await api.mutate(kinds.nodes, { name }, taints));
      await this.#tellPods(name, verdict, now);
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
    this.#armTimer();
  }

  /** Pods of a node that is not Ready serve nobody; when it is again, what it said of them last holds again. */
  async #tellPods(node: string, verdict: Verdict, now: string): Promise<void> {
    const { api, pods, podsByNode, recordEvent } = this.#context;
    const isReady = verdict.status === "True";
    const affected = podsByNode.on(node).filter(pod => (isReady ? wasMarked(pod) : isServing(pod)));
    const tell = async (pod: Pod) => {
      const change = (copy: Pod) => {
        if (copy.metadata.uid !== pod.metadata.uid) return;
        copy.status.conditions = isReady ? unmarked(copy, now) : marked(copy, now);
      };
      const written = await api.mutate(kinds.pods, pod.metadata, change, { subresource: "status" });
      pods.observe(written);
      if (isReady) return;
      recordEvent(referenceTo(pod), "Warning", "NodeNotReady", "Node is not ready", ORIGIN);
    };
    const results = await Promise.allSettled(affected.map(tell));
    for (const result of results) {
      if (result.status === "rejected" && !isReason(result.reason, "NotFound")) throw result.reason;
    }
  }

  #kept(name: string): Node | undefined {
    const node = this.#context.nodes.get({ name });
    return node?.metadata.annotations?.[NODE_ANNOTATIONS.foreign] === "true" ? undefined : node;
  }

  #verdict(node: Node): Verdict | undefined {
    const last = this.#options.heartbeats.last(node.metadata.name);
    const heardAtMs = this.#heardAtMs(node);
    // An older heartbeat was of another Node of this name.
    const observation = { heardAtMs, notReady: last?.atMs === heardAtMs ? last.notReady : undefined };
    return judge(node, { ...observation, nowMs: this.#context.clock.nowMs(), silenceMs: this.#silenceMs });
  }

  #heardAtMs(node: Node): number {
    const firstSeenMs = this.#firstSeenMs.get(node.metadata.uid) ?? this.#context.clock.nowMs();
    return Math.max(this.#options.heartbeats.last(node.metadata.name)?.atMs ?? 0, firstSeenMs);
  }

  get #silenceMs(): number {
    return this.#options.silenceMs ?? LIMITS.nodeSilenceMs;
  }

  /** Set to the earliest end of patience with a Node that is not known to be silent; one timer is enough. */
  #armTimer(): void {
    if (this.#cancelTimer !== undefined) return;
    const { clock, nodes } = this.#context;
    const watched = nodes.values().filter(node => this.#kept(node.metadata.name) && !this.#isSilent(node));
    if (watched.length === 0) return;
    const earliestMs = Math.min(...watched.map(node => this.#heardAtMs(node))) + this.#silenceMs;
    this.#cancelTimer = clock.after(Math.max(earliestMs - clock.nowMs(), 1), () => {
      this.#cancelTimer = undefined;
      for (const node of nodes.values()) this.#look(node.metadata.name);
      this.#armTimer();
    });
  }

  #isSilent(node: Node): boolean {
    return this.#context.clock.nowMs() - this.#heardAtMs(node) >= this.#silenceMs;
  }
}
