/**
 * Collects Pods that nobody will end: those of a Node that does not exist, after a quarantine (the Node may not
 * have registered yet); those marked for deletion that never got a node; those marked for deletion on a Node that is
 * not Ready and that somebody has tainted node.kubernetes.io/out-of-service. Each is Failed before it goes, so that
 * who counts ends (a Job) counts it.
 */
import { formatTime, isReason, kinds, type Node, type Pod } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { readyCondition } from "../node-lifecycle/judge.ts";
import { WorkQueue } from "../work-queue.ts";
import { hasEnded } from "../workloads/pod-state.ts";

const CONCURRENCY = 32;
const ORIGIN = { component: "pod-garbage-collector" } as const;

export function startPodGc(
  context: ControllerContext,
  quarantineMs: number = LIMITS.missingNodeQuarantineMs,
): Controller {
  const { api, nodes, pods, podsByNode, clock, log, recordEvent } = context;
  /** Nodes that Pods name and that do not exist: since when, and the timer that looks again. */
  const missing = new Map<string, { sinceMs: number; cancel: () => void }>();

  const reconcile = async (key: string) => {
    const pod = pods.byKey(key);
    if (pod === undefined) return;
    const why = collectable(pod);
    if (why === undefined) return;
    const { namespace, name, uid } = pod.metadata;
    recordEvent(
      { kind: "Pod", apiVersion: "v1", namespace, name, uid },
      "Normal",
      "PodGarbageCollected",
      why,
      ORIGIN,
    );
    const fail = (copy: Pod) => {
      if (copy.metadata.uid === uid) markFailed(copy, why, formatTime(clock.wallMs()));
    };
    try {
      await api.mutate(kinds.pods, { namespace, name }, fail, { subresource: "status" });
      await api.delete(kinds.pods, { namespace, name }, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
    }
  };

  const collectable = ({ metadata, spec }: Pod): string | undefined => {
    const { nodeName } = spec;
    if (!nodeName) return metadata.deletionTimestamp && "the Pod was deleted before it had a node";
    const since = missing.get(nodeName)?.sinceMs;
    if (since !== undefined && clock.nowMs() - since >= quarantineMs)
      return `Node "${nodeName}" does not exist`;
    const node = nodes.get({ name: nodeName });
    if (metadata.deletionTimestamp === undefined || node === undefined || !isOutOfService(node))
      return undefined;
    return `Node "${nodeName}" is out of service`;
  };

  const lookAtNode = (name: string) => {
    if (nodes.get({ name }) !== undefined) forget(name);
    else if (!missing.has(name)) {
      const cancel = clock.after(quarantineMs, () => queuePodsOf(name));
      missing.set(name, { sinceMs: clock.nowMs(), cancel });
    }
  };

  const queuePodsOf = (node: string) => {
    const affected = podsByNode.on(node);
    for (const { metadata } of affected) queue.add(`${metadata.namespace}/${metadata.name}`);
    if (affected.length === 0) forget(node);
  };

  /** Without Pods a Node need not be remembered; the next Pod that names it begins a new quarantine. */
  const forget = (node: string) => {
    missing.get(node)?.cancel();
    missing.delete(node);
  };

  const queue = new WorkQueue({ name: "pod-gc", reconcile, clock, log, concurrency: CONCURRENCY });
  nodes.onChange(({ key, after }) => {
    if (after !== undefined && isOutOfService(after)) queuePodsOf(key);
    if (after === undefined || missing.has(key)) lookAtNode(key);
  });
  pods.onChange(({ key, before, after }) => {
    const left = after === undefined ? before?.spec.nodeName : undefined;
    if (left && missing.has(left) && podsByNode.on(left).length === 0) forget(left);
    if (after === undefined) return;
    if (after.spec.nodeName) lookAtNode(after.spec.nodeName);
    if (collectable(after) !== undefined) queue.add(key);
  });
  return {
    stop: () => {
      queue.stop();
      for (const { cancel } of missing.values()) cancel();
    },
  };
}

function isOutOfService(node: Node): boolean {
  const isTainted = node.spec.taints?.some(({ key }) => key === "node.kubernetes.io/out-of-service") === true;
  return isTainted && readyCondition(node)?.status !== "True";
}

function markFailed(pod: Pod, why: string, now: string): void {
  if (hasEnded(pod)) return;
  pod.status.phase = "Failed";
  if (!pod.spec.nodeName) return;
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== "DisruptionTarget");
  const target = { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC" } as const;
  pod.status.conditions = [...others, { ...target, message: `PodGC: ${why}`, lastTransitionTime: now }];
}
