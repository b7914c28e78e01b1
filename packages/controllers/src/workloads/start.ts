/** The workload controllers over caches that they share: a Pod is indexed once for all of them. */
import { type Kind, type KubernetesObject, kinds } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { startDaemonSets } from "../daemon-set/daemon-set.ts";
import { startDeployments } from "../deployment/deployment.ts";
import { startJobs } from "../job/job.ts";
import { startReplicaSets } from "../replica-set/replica-set.ts";
import { startStatefulSets } from "../stateful-set/stateful-set.ts";
import { Owned } from "./owned.ts";

export interface Workloads extends Controller {
  /** Fills the caches; resolves when the controllers have seen what there is. To be called when Pods are known. */
  start(): Promise<void>;
}

/** To be called before the context's informers start. */
export function workloads(context: ControllerContext): Workloads {
  const { api, log } = context;
  const pods = new Owned(api, kinds.pods, context.pods);
  const cache = <T extends KubernetesObject>(kind: Kind<T>) =>
    new Owned(api, kind, new Informer(api, kind, { log }));
  const replicaSets = cache(kinds.replicaSets);
  const deployments = cache(kinds.deployments);
  const revisions = cache(kinds.controllerRevisions);
  const statefulSets = cache(kinds.statefulSets);
  const daemonSets = cache(kinds.daemonSets);
  const jobs = cache(kinds.jobs);
  const running: Controller[] = [
    startReplicaSets(context, pods, replicaSets),
    startDeployments(context, pods, replicaSets, deployments),
    startStatefulSets(context, pods, revisions, statefulSets),
    startDaemonSets(context, pods, revisions, daemonSets),
    startJobs(context, pods, jobs),
  ];
  const caches = [replicaSets, deployments, revisions, statefulSets, daemonSets, jobs];
  return {
    start: async () => {
      // Dependents first: an owner must not look like one that has none.
      for (const { informer } of caches) await informer.start();
      for (const each of running) each.started?.();
    },
    stop: () => {
      for (const each of [...running, ...caches.map(({ informer }) => informer)]) each.stop();
    },
  };
}
