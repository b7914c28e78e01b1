/**
 * Deletes Pods that do not tolerate a NoExecute taint of their node, or no longer do (upstream:
 * pkg/controller/tainteviction). A node that is silent or not Ready is tainted so (node-lifecycle), which is how its
 * Pods come to be replaced elsewhere: after 300 s, or what their tolerations say.
 */
import { formatTime, isReason, jsonEqual, kinds, type Pod, type PodCondition } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { referenceTo } from "../workloads/ownership.ts";
import { deadlineMs, noExecute } from "./deadline.ts";

const CONCURRENCY = 32;
const ORIGIN = { component: "taint-eviction-controller" } as const;

export function startTaintEviction(context: ControllerContext): Controller {
  const { nodes, pods, podsByNode, clock, log, recordEvent } = context;
  /** Pods whose deletion is due some time: since when their node's taints are known here. */
  const pending = new Map<string, number>();

  const reconcile = async (key: string) => {
    const pod = pods.byKey(key);
    const { nodeName } = pod?.spec ?? {};
    if (pod === undefined || !nodeName || pod.metadata.deletionTimestamp !== undefined)
      return void pending.delete(key);
    const taints = noExecute(nodes.get({ name: nodeName })?.spec.taints);
    const seenMs = pending.get(key) ?? clock.wallMs();
    const deadline = deadlineMs(taints, pod.spec.tolerations, seenMs);
    if (deadline === Number.POSITIVE_INFINITY) {
      if (pending.delete(key)) tell(pod, `Cancelling deletion of Pod ${key}`);
      return;
    }
    pending.set(key, seenMs);
    const waitMs = deadline - clock.wallMs();
    if (waitMs > 0) return queue.addAfter(key, waitMs);
    pending.delete(key);
    tell(pod, `Marking for deletion Pod ${key}`);
    await evict(context, pod);
  };

  const tell = (pod: Pod, message: string) =>
    recordEvent(referenceTo(pod), "Normal", "TaintManagerEviction", message, ORIGIN);

  const queue = new WorkQueue({ name: "taint-eviction", reconcile, clock, log, concurrency: CONCURRENCY });
  nodes.onChange(({ key, before, after }) => {
    if (jsonEqual(noExecute(before?.spec.taints), noExecute(after?.spec.taints))) return;
    for (const { metadata } of podsByNode.on(key)) queue.add(`${metadata.namespace}/${metadata.name}`);
  });
  pods.onChange(({ key, after }) => {
    if (pending.has(key)) queue.add(key);
    if (after?.spec.nodeName === undefined) return;
    const taints = nodes.get({ name: after.spec.nodeName })?.spec.taints;
    if (noExecute(taints).length > 0) queue.add(key);
  });
  return { stop: () => queue.stop() };
}

async function evict({ api, pods, clock }: ControllerContext, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const target: PodCondition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: formatTime(clock.wallMs()),
  };
  const note = (copy: Pod) => {
    if (copy.metadata.uid !== uid) return;
    const others = (copy.status.conditions ?? []).filter(({ type }) => type !== target.type);
    copy.status.conditions = [...others, target];
  };
  try {
    pods.observe(await api.mutate(kinds.pods, { namespace, name }, note, { subresource: "status" }));
    await api.delete(kinds.pods, { namespace, name }, { uid });
  } catch (error) {
    if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
  }
}
