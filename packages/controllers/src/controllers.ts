/** All controllers over one pair of caches, started in the order in which the first node needs them. */
import { kinds, type Namespace, type Node, type Pod } from "@podwire/api";
import { type Api, Informer } from "@podwire/client";
import { AllObjects } from "./all-objects.ts";
import { startClusterDns } from "./cluster-dns/cluster-dns.ts";
import {
  type Clock,
  type Controller,
  type HeartbeatSource,
  type RecordEvent,
  systemClock,
} from "./context.ts";
import { startGarbageCollector } from "./garbage-collector/garbage-collector.ts";
import { type ApiServerEndpoint, startKubernetesService } from "./kubernetes-service/kubernetes-service.ts";
import { LoadBalancerController } from "./load-balancer/load-balancer.ts";
import type { PoolOptions } from "./load-balancer/pools.ts";
import { startNamespaceDefaults } from "./namespace-defaults/namespace-defaults.ts";
import { startNamespaceLifecycle } from "./namespace-lifecycle/namespace-lifecycle.ts";
import type { NodeRanges } from "./node-ipam/allocate.ts";
import { startNodeIpam } from "./node-ipam/node-ipam.ts";
import { startNodeLifecycle } from "./node-lifecycle/node-lifecycle.ts";
import { startPodGc } from "./pod-gc/pod-gc.ts";
import { PodsByNode } from "./pods-by-node.ts";
import { startScheduler } from "./scheduler/scheduler.ts";
import { startServiceCidrs } from "./service-cidrs/service-cidrs.ts";
import { serviceEndpoints } from "./service-endpoints/start.ts";
import { startTaintEviction } from "./taint-eviction/taint-eviction.ts";
import { workloads } from "./workloads/start.ts";

export interface ControllersOptions {
  readonly api: Api;
  readonly ranges: NodeRanges;
  /** The cluster's CA certificate, PEM, as Pods get it. */
  readonly rootCa: string;
  /** Where Pods reach the API server; absent: they do not. */
  readonly apiServer?: ApiServerEndpoint | undefined;
  /** Where Services get their addresses, at most one range a family; absent: they get none. */
  readonly serviceCidrs?: readonly string[] | undefined;
  /** Of load balancers' addresses, tried in this order. */
  readonly pools?: readonly PoolOptions[] | undefined;
  /** Addresses of the cluster's DNS, at most one a family; absent: it has none. */
  readonly clusterDns?: readonly string[] | undefined;
  readonly heartbeats: HeartbeatSource;
  readonly recordEvent: RecordEvent;
  readonly log: (message: string) => void;
  readonly clock?: Clock;
  /** Shortened by tests. */
  readonly nodeSilenceMs?: number;
}

/** Resolves when every controller has seen what there is. */
export async function startControllers(options: ControllersOptions): Promise<Controller> {
  const {
    api,
    ranges,
    heartbeats,
    recordEvent,
    log,
    clock = systemClock,
    nodeSilenceMs,
    apiServer,
    clusterDns = [],
    serviceCidrs = [],
  } = options;
  const nodes = new Informer<Node>(api, kinds.nodes, { log });
  const pods = new Informer<Pod>(api, kinds.pods, { log });
  const namespaces = new Informer<Namespace>(api, kinds.namespaces, { log });
  const objects = new AllObjects(api, log);
  const podsByNode = new PodsByNode(pods);
  const context = { api, nodes, pods, podsByNode, recordEvent, clock, log };
  const workloadControllers = workloads(context);
  const endpointControllers = serviceEndpoints(context);
  const loadBalancer = new LoadBalancerController(context, options.pools ?? []);
  const running = [
    loadBalancer,
    workloadControllers,
    endpointControllers,
    startNodeIpam(context, ranges),
    startNodeLifecycle(context, {
      heartbeats,
      ...(nodeSilenceMs !== undefined && { silenceMs: nodeSilenceMs }),
    }),
    startScheduler(context, name => namespaces.get({ name })?.metadata.labels),
    startPodGc(context),
    startTaintEviction(context),
    startNamespaceLifecycle(context, namespaces, objects),
    startNamespaceDefaults(context, namespaces, objects, options.rootCa),
    startGarbageCollector(context, objects),
  ];
  if (serviceCidrs.length > 0) running.push(startServiceCidrs(context, objects, serviceCidrs));
  if (apiServer !== undefined) running.push(startKubernetesService(context, objects, apiServer));
  if (clusterDns.length > 0) running.push(startClusterDns(context, nodes, objects, clusterDns));
  // Nodes first: a Pod must not look like one whose Node does not exist.
  await nodes.start();
  await pods.start();
  await namespaces.start();
  await workloadControllers.start();
  await endpointControllers.start();
  await objects.start();
  await loadBalancer.start();
  return {
    stop: () => {
      for (const each of [...running, nodes, pods, namespaces, objects]) each.stop();
    },
  };
}
