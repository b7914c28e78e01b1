/** The workload controllers over caches that they share: a Pod is indexed once for all of them. */
import { kinds } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { startDeployments } from "../deployment/deployment.ts";
import { startReplicaSets } from "../replica-set/replica-set.ts";
import { Owned } from "./owned.ts";

export interface Workloads extends Controller {
  /** Fills the caches; resolves when the controllers have seen what there is. To be called when Pods are known. */
  start(): Promise<void>;
}

/** To be called before the context's informers start. */
export function workloads(context: ControllerContext): Workloads {
  const { api, log } = context;
  const pods = new Owned(api, kinds.pods, context.pods);
  const replicaSets = new Owned(api, kinds.replicaSets, new Informer(api, kinds.replicaSets, { log }));
  const deployments = new Owned(api, kinds.deployments, new Informer(api, kinds.deployments, { log }));
  const running = [
    startReplicaSets(context, pods, replicaSets),
    startDeployments(context, pods, replicaSets, deployments),
  ];
  const caches = [replicaSets, deployments];
  return {
    start: async () => {
      // Dependents first: an owner must not look like one that has none.
      for (const { informer } of caches) await informer.start();
    },
    stop: () => {
      for (const each of [...running, ...caches.map(({ informer }) => informer)]) each.stop();
    },
  };
}
