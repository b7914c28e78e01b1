/**
 * Deployments roll from one revision of their template to the next by growing and shrinking ReplicaSets. What a
 * Deployment does in one turn is in rollout.ts; this file decides when it is looked at: when it, one of its
 * ReplicaSets or, for those that wait for old Pods to end, one of its Pods changes, and when its progress deadline
 * ends.
 */
import { type Deployment, isReason, kinds, type Pod, type ReplicaSet } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { WorkQueue } from "../work-queue.ts";
import { claim } from "../workloads/claim.ts";
import { findCondition } from "../workloads/conditions.ts";
import type { Owned } from "../workloads/owned.ts";
import { controllerOf, referenceTo } from "../workloads/ownership.ts";
import { hasEnded } from "../workloads/pod-state.ts";
import { Rollout } from "./rollout.ts";
import { deadlineMs, hasProgressDeadline, isComplete } from "./status.ts";

const ORIGIN = { component: "deployment-controller" } as const;

export function startDeployments(
  context: ControllerContext,
  pods: Owned<Pod>,
  replicaSets: Owned<ReplicaSet>,
  deployments: Owned<Deployment>,
): Controller {
  const { api, clock, log, recordEvent } = context;
  const port = {
    deployments,
    replicaSets,
    hasPods: ({ metadata }: ReplicaSet) => pods.of(metadata.uid).some(pod => !hasEnded(pod)),
    event: (about: Deployment, type: "Normal" | "Warning", reason: string, message: string) =>
      recordEvent(referenceTo(about), type, reason, message, ORIGIN),
    wallMs: () => clock.wallMs(),
  };

  const reconcile = async (key: string) => {
    const deployment = deployments.informer.byKey(key);
    if (deployment === undefined) return;
    const { matchLabels = {}, matchExpressions = [] } = deployment.spec.selector;
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
      const why = "This deployment is selecting all pods. A non-empty selector is required.";
      return port.event(deployment, "Warning", "SelectingAll", why);
    }
    try {
      const claimed = await claim(api, replicaSets, kinds.deployments, deployment);
      // One that was deleted here is as good as gone, whatever the cache still says.
      const present = claimed.filter(
        each => each.metadata.deletionTimestamp !== undefined || !replicaSets.isGoing(each),
      );
      lookAgain(key, await new Rollout(port, deployment, present).turn());
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  };

  /** A rollout that makes no progress has to be told so although nothing happens. */
  const lookAgain = (key: string, deployment: Deployment) => {
    const condition = findCondition(deployment.status.conditions, "Progressing");
    if (!hasProgressDeadline(deployment) || condition === undefined) return;
    const isOver = ["ProgressDeadlineExceeded", "NewReplicaSetAvailable", "DeploymentPaused"];
    if (isComplete(deployment, deployment.status) || isOver.includes(condition.reason ?? "")) return;
    // A second more: timestamps are cut to seconds.
    queue.addAfter(key, Math.max(deadlineMs(deployment, condition) - clock.wallMs(), 0) + 1_000);
  };

  const concurrency = LIMITS.workloadsAtOnce;
  const queue = new WorkQueue({ name: "deployment", reconcile, clock, log, concurrency });
  deployments.informer.onChange(({ key }) => queue.add(key));
  replicaSets.follow(kinds.deployments, deployments.informer, key => queue.add(key));
  pods.informer.onChange(({ before, after }) => {
    if (before === undefined || (after !== undefined && !hasEnded(after))) return;
    const deployment = deploymentOf(before);
    if (deployment?.spec.strategy?.type === "Recreate") queue.add(keyOf(deployment));
  });

  const deploymentOf = (pod: Pod): Deployment | undefined => {
    const { namespace } = pod.metadata;
    const owner = controllerOf(pod);
    const replicaSet =
      owner?.kind === "ReplicaSet" && replicaSets.informer.get({ namespace, name: owner.name });
    const above = replicaSet && controllerOf(replicaSet);
    return above ? deployments.informer.get({ namespace, name: above.name }) : undefined;
  };
  return { stop: () => queue.stop() };
}

function keyOf({ metadata: { namespace, name } }: Deployment): string {
  return `${namespace}/${name}`;
}
