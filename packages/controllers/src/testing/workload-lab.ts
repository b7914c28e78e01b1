/**
 * The workload controllers over a registry in memory, with a clock that only the test moves and nodes that are a
 * function: `behave` says what becomes of each Pod, and is asked again whenever the Pod changes.
 *
 *   const lab = await WorkloadLab.start();
 *   await lab.create(kinds.replicaSets, "web", { replicas: 3, ... });
 *   await lab.settle();               nothing moves any more until the clock does
 *   lab.pods(), lab.get(kinds.replicaSets, "web")
 */
import {
  formatTime,
  type Kind,
  type KubernetesObject,
  kinds,
  type NewObject,
  type Node,
  type Pod,
} from "@podwire/api";
import { openRegistry, type Registry, type Watch, type WatchEvent } from "@podwire/apiserver";
import { type Api, Informer } from "@podwire/client";
import { openMemoryStore, type Store } from "@podwire/store";
import type { Controller, ControllerContext } from "../context.ts";
import { targetNode } from "../daemon-set/daemon-pod.ts";
import { PodsByNode } from "../pods-by-node.ts";
import { registryApi } from "../registry-api.ts";
import { type Workloads, workloads } from "../workloads/start.ts";
import { ManualClock } from "./manual-clock.ts";

/** `gone`: its containers have ended after it was deleted. `nothing`: nobody looks at it. */
export type Life = "pending" | "running" | "ready" | "succeeded" | "failed" | "gone" | "nothing";

export interface RecordedEvent {
  readonly about: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** With caches of its own, it is started when Nodes and Pods are known. */
export type Besides = Controller & Partial<Pick<Workloads, "start">>;

export interface LabOptions {
  readonly behave?: (pod: Pod) => Life;
  /** Controllers beside those of workloads. */
  readonly beside?: (context: ControllerContext) => Besides[];
  /** Addresses of a Pod that runs; none, unless said. */
  readonly addressesOf?: (pod: Pod) => readonly string[];
}

const TURNS = 25;
const SERVICE_CIDRS = ["10.96.0.0/16", "fd00:10:96::/112"];

export class WorkloadLab {
  readonly clock = new ManualClock();
  readonly events: RecordedEvent[] = [];
  readonly log: string[] = [];
  readonly registry: Registry;
  behave: (pod: Pod) => Life;
  readonly #options: LabOptions;
  readonly #store: Store;
  #running: Controller[] = [];
  readonly #watch: Watch<Pod>;
  readonly #begin: number;
  #moves = 0;

  private constructor(store: Store, registry: Registry, options: LabOptions) {
    this.#store = store;
    this.registry = registry;
    this.#options = options;
    this.behave = options.behave ?? (pod => (isDeleted(pod) ? "gone" : "ready"));
    this.#begin = registry.revision;
    this.#watch = registry.watch(kinds.pods, { afterRevision: registry.revision });
  }

  static async start(options: LabOptions = {}): Promise<WorkloadLab> {
    const store = openMemoryStore();
    let uids = 0;
    const clock = { nowMs: () => 0 };
    const surroundings = {
      nowMs: () => clock.nowMs(),
      newUid: () => `00000000-0000-4000-8000-${String(++uids).padStart(12, "0")}`,
      random: (bound: number) => Math.floor(Math.random() * bound),
    };
    const registry = await openRegistry(store, surroundings, { serviceCidrs: SERVICE_CIDRS });
    const lab = new WorkloadLab(store, registry, options);
    clock.nowMs = () => lab.clock.wallMs();
    await registry.create(kinds.namespaces, { metadata: { name: "test" } });
    await lab.startControllers();
    void lab.#kubelet();
    return lab;
  }

  async startControllers(): Promise<void> {
    const api = this.#mortalApi();
    const log = (message: string) => void this.log.push(message);
    const nodes = new Informer<Node>(api, kinds.nodes, { log });
    const pods = new Informer<Pod>(api, kinds.pods, { log });
    const recordEvent: ControllerContext["recordEvent"] = (about, type, reason, message) =>
      void this.events.push({ about: `${about.kind} ${about.name}`, type, reason, message });
    const podsByNode = new PodsByNode(pods);
    const context = { api, nodes, pods, podsByNode, recordEvent, clock: this.clock, log };
    const running: Workloads = workloads(context);
    const beside = this.#options.beside?.(context) ?? [];
    this.#running = [running, ...beside, nodes, pods];
    await nodes.start();
    await pods.start();
    await running.start();
    for (const each of beside) await each.start?.();
  }

  /** Writes of the controllers fail with what this returns. */
  refuse: (verb: string, kind: Kind) => Error | undefined = () => undefined;
  #api: { alive: boolean } = { alive: true };

  /** After the controllers have stopped nothing they still do reaches the registry. */
  #mortalApi(): Api {
    const direct = registryApi(this.registry);
    const life = { alive: true };
    this.#api = life;
    const verbs = ["create", "update", "mutate", "delete", "deleteCollection", "bind"] as const;
    const guarded = verbs.map(verb => [
      verb,
      async (...args: never[]) => {
        const error = life.alive
          ? this.refuse(verb, args[0] as unknown as Kind)
          : new Error("the process is dead");
        if (error !== undefined) throw error;
        return (direct[verb] as (...args: never[]) => Promise<unknown>)(...args);
      },
    ]);
    const reads: Pick<Api, "get" | "list" | "watch"> = {
      get: (kind, ref) => direct.get(kind, ref),
      list: (kind, selection) => direct.list(kind, selection),
      watch: (kind, afterRevision, selection) => direct.watch(kind, afterRevision, selection),
    };
    return { ...reads, ...(Object.fromEntries(guarded) as Omit<Api, keyof typeof reads>) };
  }

  /** As when the process dies: what was under way is left as it is. */
  stopControllers(): void {
    this.#api.alive = false;
    for (const each of this.#running) each.stop();
    this.#running = [];
  }

  async stop(): Promise<void> {
    this.stopControllers();
    this.#watch.close();
    await this.#store.close();
  }

  /** Resolves when nothing moves any more. Retries of failed writes are waited for, whole seconds are not. */
  async settle(): Promise<void> {
    for (let retries = 0; retries < 10; ) {
      const before = `${this.registry.revision} ${this.#moves}`;
      for (let turn = 0; turn < TURNS; turn++) await new Promise<void>(resolve => setImmediate(resolve));
      if (before !== `${this.registry.revision} ${this.#moves}`) continue;
      this.clock.advance(20);
      retries++;
    }
  }

  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000);
      await this.settle();
    }
  }

  async create<T extends KubernetesObject>(kind: Kind<T>, name: string, rest: object): Promise<T> {
    const { metadata = {}, ...spec } = rest as { metadata?: object };
    const object = { metadata: { namespace: "test", name, ...metadata }, spec } as unknown as NewObject<T>;
    return (await this.registry.create(kind, object)).object;
  }

  async change<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    change: (copy: T) => void,
  ): Promise<T> {
    return (await this.registry.mutate(kind, { namespace: "test", name }, change)).object;
  }

  /** A Node that is Ready without a daemon. */
  async addNode(
    name: string,
    { labels = {}, spec = {} }: Partial<Pick<Node, "spec">> & { labels?: Record<string, string> } = {},
  ): Promise<void> {
    await this.registry.create(kinds.nodes, { metadata: { name, labels }, spec });
    const setStatus = (copy: Node) => {
      copy.status = { conditions: [{ type: "Ready", status: "True" }] };
    };
    await this.registry.mutate(kinds.nodes, { name }, setStatus, { subresource: "status" });
  }

  async changeNode(name: string, change: (copy: Node) => void): Promise<void> {
    await this.registry.mutate(kinds.nodes, { name }, change);
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T> {
    return (await this.registry.get(kind, { namespace: "test", name })).object;
  }

  async list<T extends KubernetesObject>(kind: Kind<T>): Promise<T[]> {
    return (await this.registry.list(kind, { namespace: "test" })).items.map(({ object }) => object);
  }

  pods(): Promise<Pod[]> {
    return this.list(kinds.pods);
  }

  async delete(kind: Kind, name: string, request: object = {}): Promise<void> {
    await this.registry.delete(kind, { namespace: "test", name }, request);
  }

  /** Meanwhile the nodes do nothing, as when their daemons are dead. */
  async freeze(meanwhile: () => Promise<void>): Promise<void> {
    const { behave } = this;
    this.behave = () => "nothing";
    await meanwhile();
    this.behave = behave;
  }

  /** Everything that happened to objects of these kinds, from the beginning to now. */
  async *history(...of: Kind[]): AsyncGenerator<WatchEvent> {
    const watch = this.registry.watchKinds([...of, kinds.configMaps], this.#begin);
    // The last change of all: a watch says nothing when nothing more comes.
    const end = (
      await this.registry.create(kinds.configMaps, { metadata: { namespace: "test", generateName: "end-" } })
    ).revision;
    try {
      for (;;) {
        for (const event of (await watch.next()) ?? []) {
          if (event.revision >= end) return;
          if (event.kind !== kinds.configMaps) yield event;
        }
      }
    } finally {
      watch.close();
    }
  }

  /** Asks `behave` again about every Pod. */
  async live(): Promise<void> {
    for (const pod of await this.pods()) await this.#bring(pod);
  }

  async #kubelet(): Promise<void> {
    for (let events = await this.#watch.next(); events !== undefined; events = await this.#watch.next()) {
      for (const { type, stored } of events) if (type !== "DELETED") await this.#bring(stored.object);
      this.#moves++;
    }
  }

  async #bring(pod: Pod): Promise<void> {
    const life = this.behave(pod);
    if (life === "nothing") return;
    const { namespace, name, uid } = pod.metadata;
    try {
      if (life === "gone") {
        await this.registry.delete(kinds.pods, { namespace, name }, { gracePeriodSeconds: 0, uid });
        return;
      }
      if (life !== "pending" && !pod.spec.nodeName)
        await this.registry.bind({ namespace, name }, targetNode(pod) ?? "node-1");
      const write = (copy: Pod) => {
        if (copy.metadata.uid === uid) copy.status = this.#statusOf(copy, life);
      };
      await this.registry.mutate(kinds.pods, { namespace, name }, write, { subresource: "status" });
    } catch {
      // It changed or went meanwhile: its next event tells.
    }
  }

  #statusOf(pod: Pod, life: Exclude<Life, "gone" | "nothing">): Pod["status"] {
    const { spec, status } = pod;
    const ready = life === "ready" ? "True" : "False";
    const before = status.conditions?.find(({ type }) => type === "Ready");
    const now = formatTime(this.clock.wallMs());
    const lastTransitionTime = before?.status === ready ? before.lastTransitionTime : now;
    const phase = PHASES[life];
    const exitCode = life === "failed" ? 1 : 0;
    const hasEnded = life === "failed" || life === "succeeded";
    const finished = status.phase === phase ? undefined : now;
    if (hasEnded && finished === undefined) return status;
    const ips = life === "pending" ? [] : (this.#options.addressesOf?.(pod) ?? []);
    const state = hasEnded
      ? { terminated: { exitCode, finishedAt: now } }
      : life === "pending"
        ? { waiting: { reason: "ContainerCreating" } }
        : { running: {} };
    return {
      ...status,
      ...(ips.length > 0 && { podIP: ips[0]!, podIPs: ips.map(ip => ({ ip })) }),
      phase,
      conditions: [
        ...(status.conditions ?? []).filter(({ type }) => type !== "Ready"),
        { type: "Ready", status: ready, ...(lastTransitionTime && { lastTransitionTime }) },
      ],
      containerStatuses: spec.containers.map(({ name, image = "" }) => ({
        ...{ name, image, imageID: "", restartCount: 0, ready: life === "ready" },
        state,
      })),
    };
  }
}

const PHASES = {
  pending: "Pending",
  running: "Running",
  ready: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
} as const;

export function isDeleted({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** A template with the label `app` and one container. */
export function template(app: string, image = "agnhost"): object {
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: "main", image }] },
  };
}
