/**
 * The pods of one node: what the node daemon talks to.
 *
 *   recover()            once, first: finds what the daemon before has left running
 *   apply(pod)           every Pod bound to this node, on every change; a deletionTimestamp ends it
 *   remove(uid)          a Pod whose object is gone already: ends at once
 *   exec, attach, logs, dial     streams
 *
 * and back through the surroundings: report, event, gone, and network.attach/detach.
 * On disk: `<nodeDir>/pods/<uid>/` (pod-record.ts, sandbox.ts, slot.ts), `<nodeDir>/root/` (root.ts).
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { ApiError, type Pod, type PodStatus } from "@podwire/api";
import type { AttachOptions, AttachSession } from "./container/attach.ts";
import { type ExecOptions, type ExecSession, execInContainer } from "./container/exec.ts";
import type { ContainerSlot } from "./container/slot.ts";
import type { ImageStore } from "./images/store/store.ts";
import { type LogOptions, readLog } from "./logs/log-reader.ts";
import { installPause } from "./pause/install.ts";
import type { NodeResources } from "./pod/fields.ts";
import { allContainers } from "./pod/plan.ts";
import { readPodRecord } from "./pod/pod-record.ts";
import { type Clock, type PodSurroundings, refOf, systemClock } from "./pod/ports.ts";
import { PodWorker } from "./pod/worker.ts";
import { Roots } from "./rootfs/roots.ts";
import { dialInside } from "./sandbox/dial.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import type { ConfigKind } from "./volumes/config-objects.ts";

export interface RuntimeOptions extends Omit<PodSurroundings, Defaulted | "resources"> {
  /** `<labDir>/nodes/<node>`. */
  nodeDir: string;
  clock?: Clock;
  /** Default: this machine's. */
  images?: ImageStore;
  clusterDomain?: string;
  nodeResolvConf?(): string;
  nodeHosts?(): string;
}

type Defaulted = "clock" | "clusterDomain" | "nodeResolvConf" | "nodeHosts";

const DEFAULT_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-container";

export class Runtime {
  readonly #around: PodSurroundings;
  readonly #podsDir: string;
  readonly #roots: Roots;
  readonly #workers = new Map<string, PodWorker>();

  constructor(options: RuntimeOptions) {
    this.#podsDir = join(options.nodeDir, "pods");
    this.#roots = new Roots({ labDir: options.labDir, nodeDir: options.nodeDir }, options.images);
    mkdirSync(this.#podsDir, { recursive: true, mode: 0o700 });
    installPause(options.labDir);
    this.#around = {
      labDir: options.labDir,
      nodeDir: options.nodeDir,
      nodeName: options.nodeName,
      objects: options.objects,
      services: options.services,
      resources: nodeResources(),
      hostIPs: options.hostIPs,
      network: {
        attach: (pod, sandboxPid) => options.network.attach(pod, sandboxPid),
        detach: async pod => {
          await options.network.detach(pod);
          this.addressReleased();
        },
      },
      clock: options.clock ?? systemClock,
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain ?? "cluster.local",
      nodeResolvConf: options.nodeResolvConf ?? (() => readText("/etc/resolv.conf")),
      nodeHosts: options.nodeHosts ?? (() => readText("/etc/hosts")),
      report: (pod, status) => options.report(pod, status),
      event: (pod, event) => options.event(pod, event),
      gone: pod => {
        this.#workers.delete(pod.uid);
        options.gone(pod);
      },
    };
  }

  /** Finds the pods of before a restart; resolves when their networks are attached again. Returns them. */
  async recover(): Promise<Pod[]> {
    // Built ahead of the first container, which reports what goes wrong.
    this.#roots.host.holder().catch(() => {});
    const recovering: Promise<void>[] = [];
    for (const uid of readdirSync(this.#podsDir)) {
      const podDir = join(this.#podsDir, uid);
      const record = readPodRecord(podDir);
      if (!record) {
        // Cut short before anything ran, or while it was being forgotten.
        await new Sandbox(podDir, () => {}).remove();
        await rm(podDir, { recursive: true, force: true });
        continue;
      }
      const worker = new PodWorker(this.#around, this.#podsDir, this.#roots, record.pod, record);
      this.#workers.set(uid, worker);
      recovering.push(worker.recover());
    }
    await Promise.all(recovering);
    return this.pods();
  }

  /** A Pod that should run here, as it is now. */
  apply(pod: Pod): void {
    const known = this.#workers.get(pod.metadata.uid);
    if (known) {
      known.apply(pod);
      return;
    }
    const worker = new PodWorker(this.#around, this.#podsDir, this.#roots, pod, undefined);
    this.#workers.set(pod.metadata.uid, worker);
    worker.wake();
  }

  /** Ends a Pod without grace: its object is gone. `gone` follows. Unknown: nothing happens. */
  remove(uid: string): void {
    const worker = this.#workers.get(uid);
    if (!worker) return;
    const { pod } = worker;
    const deletionTimestamp =
      pod.metadata.deletionTimestamp ?? new Date(this.#around.clock.nowMs()).toISOString();
    worker.apply({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
  }

  /** An address of this node's range became free otherwise than by a pod of this runtime ending. */
  addressReleased(): void {
    for (const worker of this.#workers.values()) if (worker.wantsAddress) worker.addressReleased();
  }

  /** A ConfigMap or Secret appeared, changed or went: Pods that refer to it are looked at again. */
  objectChanged(kind: ConfigKind, namespace: string, name: string): void {
    for (const worker of this.#workers.values()) worker.objectChanged(kind, namespace, name);
  }

  pods(): Pod[] {
    return [...this.#workers.values()].map(worker => worker.pod);
  }

  status(uid: string): PodStatus | undefined {
    return this.#workers.get(uid)?.status;
  }

  /** Runs a command in a container (the default one when `container` is empty). Throws ApiError. */
  exec(uid: string, container: string, options: ExecOptions): ExecSession {
    const { slot, pod } = this.#find(uid, container);
    const running = slot.running() ?? notRunning(slot, pod);
    if (options.command.length === 0)
      throw badRequest("you must specify at least one command for the container");
    const ended = slot.beginExec();
    try {
      const session = execInContainer(running, options);
      void session.ended.finally(ended);
      return session;
    } catch (cause) {
      ended();
      throw cause;
    }
  }

  /** Attaches to a running container's streams. Throws ApiError. */
  attach(uid: string, container: string, options: AttachOptions): AttachSession {
    const { slot, pod } = this.#find(uid, container);
    return slot.attach(options) ?? notRunning(slot, pod);
  }

  /** Text of a container's log; `previous` is that of its run before. Throws ApiError. */
  logs(uid: string, container: string, options: LogOptions & { previous?: boolean }, signal?: AbortSignal) {
    const { slot, pod } = this.#find(uid, container);
    const log = slot.log(options.previous ?? false);
    const { name } = pod.metadata;
    if (!log && options.previous) {
      throw badRequest(`previous terminated container "${slot.name}" in pod "${name}" not found`);
    }
    if (!log) {
      const reason = slot.observation.problem?.reason ?? "ContainerCreating";
      throw badRequest(`container "${slot.name}" in pod "${name}" is waiting to start: ${reason}`);
    }
    return readLog(log.path, options, log.live, signal);
  }

  /** Connects to a port from inside a pod's network, on its localhost when there is no address. Rejects with ApiError. */
  async dial(uid: string, port: number, address?: string): Promise<Socket> {
    const worker = this.#worker(uid);
    const { namespace, name } = worker.pod.metadata;
    const { holder } = worker;
    if (!holder) throw badRequest(`pod ${namespace}/${name} is not running`);
    try {
      return await dialInside(holder, port, address);
    } catch (cause) {
      throw new ApiError(503, "ServiceUnavailable", (cause as Error).message, undefined, cause);
    }
  }

  /** Lets go of everything, as the end of the process would: pods go on. */
  close(): void {
    for (const worker of this.#workers.values()) worker.close();
    this.#workers.clear();
  }

  /** Ends what the node holds besides its pods: call it when no pod is left and none will come. */
  async shutDown(): Promise<void> {
    this.close();
    await this.#roots.remove();
  }

  #worker(uid: string): PodWorker {
    const worker = this.#workers.get(uid);
    if (worker) return worker;
    throw new ApiError(404, "NotFound", `pod with uid ${uid} is not on node ${this.#around.nodeName}`);
  }

  #find(uid: string, container: string): { slot: ContainerSlot; pod: Pod } {
    const worker = this.#worker(uid);
    const { pod } = worker;
    const wanted =
      container || pod.metadata.annotations?.[DEFAULT_CONTAINER_ANNOTATION] || pod.spec.containers[0]!.name;
    const slot = worker.slot(wanted);
    if (slot) return { slot, pod };
    const names = allContainers(pod).map(one => one.name);
    throw badRequest(
      `container ${wanted} is not valid for pod ${refOf(pod).name}: it has ${names.join(", ")}`,
    );
  }
}

function notRunning({ name }: ContainerSlot, { metadata }: Pod): never {
  throw badRequest(`container ${name} of pod ${metadata.namespace}/${metadata.name} is not running`);
}

/** A file of the node's that may be missing: then it says nothing. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function nodeResources(): NodeResources {
  return { cpu: String(cpus().length), memory: String(totalmem()), "ephemeral-storage": "0" };
}

function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}
