/** A control plane in the test's own process: store, registry, controllers and node server on a unix socket. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Kind,
  type KubernetesObject,
  kinds,
  type Node,
  type NodeCondition,
  type Pod,
} from "@podwire/api";
import { openRegistry, type Registry } from "@podwire/apiserver";
import { eventRecorder, Heartbeats, type NodeServer, serveNodes } from "@podwire/apiserver/sync";
import { testNodeServerCredentials } from "@podwire/pki/testing";
import { openMemoryStore, type Store } from "@podwire/store";
import { type Clock, type Controller, systemClock } from "../context.ts";
import { startControllers } from "../controllers.ts";
import { nodeRanges } from "../node-ipam/cluster-cidrs.ts";
import { registryApi } from "../registry-api.ts";

export const CLUSTER_CIDRS = ["10.244.0.0/16", "fd00:10:244::/56"];

export interface TestControlPlaneOptions {
  store?: Store;
  clock?: Clock;
  clusterCidrs?: string[];
  clusterDns?: string[];
  drainTimeoutMs?: number;
  attachTimeoutMs?: number;
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), `podwire-control-${process.pid}-`));
}

export class TestControlPlane {
  readonly directory = temporaryDirectory();
  readonly socket = join(this.directory, "nodes.sock");
  readonly log: string[] = [];
  readonly #options: TestControlPlaneOptions;
  store!: Store;
  registry!: Registry;
  server!: NodeServer;
  #controllers!: Controller;

  private constructor(options: TestControlPlaneOptions) {
    this.#options = options;
  }

  static async start(options: TestControlPlaneOptions = {}): Promise<TestControlPlane> {
    const plane = new TestControlPlane(options);
    await plane.startOn(options.store ?? openMemoryStore());
    return plane;
  }

  get address(): string {
    return `unix:${this.socket}`;
  }

  async startOn(store: Store): Promise<void> {
    const { clock = systemClock, clusterCidrs = CLUSTER_CIDRS, clusterDns } = this.#options;
    const log = (message: string) => void this.log.push(message);
    this.store = store;
    this.registry = await openRegistry(store);
    this.#heartbeats = new Heartbeats(() => clock.nowMs());
    const ranges = nodeRanges({ clusterCidrs, nodeMaskSizes: { ipv4: 24, ipv6: 64 } });
    const shared = { recordEvent: eventRecorder(this.registry, log), heartbeats: this.#heartbeats, log };
    this.#controllers = await startControllers({
      api: registryApi(this.registry),
      ranges,
      rootCa: "the cluster's CA certificate",
      apiServer: { clusterIP: "10.96.0.1", address: "172.30.0.1", port: 6443 },
      clusterDns,
      clock,
      ...shared,
    });
    await this.serve();
  }

  #heartbeats!: Heartbeats;

  /** The node server alone, over the registry that is there. */
  async serve(): Promise<void> {
    const { drainTimeoutMs, attachTimeoutMs, clusterCidrs = CLUSTER_CIDRS } = this.#options;
    const log = (message: string) => void this.log.push(message);
    this.server = await serveNodes({
      registry: this.registry,
      address: this.address,
      credentials: await testNodeServerCredentials(),
      clusterCidrs,
      serviceCidrs: ["10.96.0.0/12"],
      heartbeats: this.#heartbeats,
      recordEvent: eventRecorder(this.registry, log),
      log,
      ...(drainTimeoutMs !== undefined && { drainTimeoutMs }),
      ...(attachTimeoutMs !== undefined && { attachTimeoutMs }),
    });
  }

  /** Everything but the directory ends, as when the process stops. */
  async halt(): Promise<void> {
    this.#controllers.stop();
    await this.server.close();
    await this.store.close();
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Resolves with the object when it is as wanted, now or by a later change. */
  async until<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: { namespace?: string; name: string },
    wanted: (object: T | undefined) => boolean,
  ): Promise<T | undefined> {
    const { items, revision } = await this.registry.list(kind);
    const isIt = ({ metadata }: KubernetesObject) =>
      metadata.name === ref.name && (metadata.namespace ?? "") === (ref.namespace ?? "");
    let object = items.map(stored => stored.object).find(isIt);
    const watch = this.registry.watch(kind, { afterRevision: revision });
    try {
      while (!wanted(object)) {
        for (const event of (await watch.next()) ?? []) {
          if (!isIt(event.stored.object)) continue;
          object = event.type === "DELETED" ? undefined : event.stored.object;
          if (wanted(object)) break;
        }
      }
      return object;
    } finally {
      watch.close();
    }
  }

  untilReady(name: string, status: NodeCondition["status"]): Promise<Node | undefined> {
    return this.until(kinds.nodes, { name }, node => readyStatus(node) === status);
  }

  async createPod(name: string, spec: Partial<Pod["spec"]> = {}): Promise<Pod> {
    const containers = [{ name: "main", image: "agnhost" }];
    const metadata = { namespace: "default", name };
    return (await this.registry.create(kinds.pods, { metadata, spec: { containers, ...spec } })).object;
  }
}

export function readyStatus(node: Node | undefined): string | undefined {
  return node?.status.conditions?.find(({ type }) => type === "Ready")?.status;
}
