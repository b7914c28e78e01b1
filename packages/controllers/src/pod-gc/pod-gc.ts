/**
 * Collects Pods that nobody will end: those of a Node that does not exist, after a quarantine (the Node may not
 * have registered yet), and those marked for deletion that never got a node.
 */
import { isReason, kinds, type Pod } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";

const CONCURRENCY = 32;
const ORIGIN = { component: "pod-garbage-collector" } as const;

export function startPodGc(
  context: ControllerContext,
  quarantineMs: number = LIMITS.missingNodeQuarantineMs,
): Controller {
  const { api, nodes, pods, clock, log, recordEvent } = context;
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
    try {
      await api.delete(kinds.pods, { namespace, name }, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
    }
  };

  const collectable = ({ metadata, spec }: Pod): string | undefined => {
    const { nodeName } = spec;
    if (!nodeName) return metadata.deletionTimestamp && "the Pod was deleted before it had a node";
    const since = missing.get(nodeName)?.sinceMs;
    if (since === undefined || clock.nowMs() - since < quarantineMs) return undefined;
    return `Node "${nodeName}" does not exist`;
  };

  const lookAtNode = (name: string) => {
    if (nodes.get({ name }) !== undefined) forget(name);
    else if (!missing.has(name)) {
      const cancel = clock.after(quarantineMs, () => queuePodsOf(name));
      missing.set(name, { sinceMs: clock.nowMs(), cancel });
    }
  };

  const queuePodsOf = (node: string) => {
    const affected = pods.values().filter(({ spec }) => spec.nodeName === node);
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
    if (after === undefined || missing.has(key)) lookAtNode(key);
  });
  pods.onChange(({ key, before, after }) => {
    const left = after === undefined ? before?.spec.nodeName : undefined;
    if (left && missing.has(left) && !pods.values().some(({ spec }) => spec.nodeName === left)) forget(left);
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
