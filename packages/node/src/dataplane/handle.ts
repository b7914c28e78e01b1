/**
 * The data plane as the daemon's main thread holds it. Every command resolves when the worker has applied it, so after
 * `await publish(…)` the next packet meets the new tables, and after `await removePort(…)` the descriptor is free.
 */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { EventFd } from "@podwire/linux";
import {
  allocateFlowRecords,
  Counters,
  type CountersSnapshot,
  type FlowRecord,
  FlowRecordReader,
  type ServiceShards,
} from "@podwire/tables";
import {
  type Answer,
  type Command,
  type PeerEndpoint,
  type PortOptions,
  STARTED,
  type WorkerInput,
} from "./commands.ts";
import { LIMITS } from "./limits.ts";

export interface DataPlaneOptions {
  /** Port on which the overlay is heard, in the network namespace of the calling thread. */
  readonly udpPort: number;
  /** Whether the TUN devices take whole UDP super-packets (`Tun.udpSegmentation`). */
  readonly udpSegmentation: boolean;
  /** The first tables (of @podwire/compiler): without pods they drop everything by name. */
  readonly tables: SharedArrayBuffer;
  /** File in which flows are kept for the next daemon, and found from the one before. */
  readonly flowsPath?: string;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Starts the thread; rejects when its sockets cannot be opened (the port is taken, no privilege). */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const dataPlane = new DataPlane(options);
  await dataPlane.started;
  return dataPlane;
}

export class DataPlane {
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #bell = new EventFd();
  readonly #ending = new Int32Array(new SharedArrayBuffer(4));
  readonly #counters = new Counters();
  readonly #flowRecords = allocateFlowRecords();
  readonly #flowReader = new FlowRecordReader(this.#flowRecords);
  readonly #waiting = new Map<number, Waiting>();
  readonly #endThread = () => this.#end();
  #nextId = STARTED + 1;
  #closed = false;

  constructor(options: DataPlaneOptions) {
    const workerData: WorkerInput = {
      ...options,
      counters: this.#counters.buffer,
      flowRecords: this.#flowRecords,
      bellFd: this.#bell.fd,
      ending: this.#ending.buffer as SharedArrayBuffer,
    };
    this.#worker = new Worker(new URL("./dataplane-worker.js", import.meta.url), {
      workerData,
      name: "dataplane",
      resourceLimits: { maxOldGenerationSizeMb: LIMITS.heapMb, maxYoungGenerationSizeMb: LIMITS.youngHeapMb },
    });
    this.started = new Promise((resolve, reject) => this.#waiting.set(STARTED, { resolve, reject }));
    this.#worker.on("message", (answer: Answer) => this.#answered(answer));
    // An assertion of the data plane failed: the daemon must not go on without one. It is restarted.
    this.#worker.on("error", error => {
      throw error;
    });
    process.once("exit", this.#endThread);
  }

  /** Packets of this TUN device flow from now on. */
  addPort(options: PortOptions): Promise<void> {
    return this.#command({ kind: "addPort", ...options });
  }

  /** The device is no longer read or written; its flows end. */
  removePort(port: number): Promise<void> {
    return this.#command({ kind: "removePort", port });
  }

  /** Swaps tables and the changed shards of Services in as one. `peers` says where each peer of the tables is. */
  publish(
    tables: SharedArrayBuffer,
    peers: readonly PeerEndpoint[],
    services: ServiceShards = new Map(),
  ): Promise<void> {
    return this.#command({ kind: "publish", tables, peers, services });
  }

  /** Swaps the changed shards of Services in, and leaves the tables as they are. */
  publishServices(services: ServiceShards): Promise<void> {
    return this.#command({ kind: "publishServices", services });
  }

  counters(): CountersSnapshot {
    return this.#counters.snapshot();
  }

  /** Flow records since the last call. */
  flows(limit?: number): FlowRecord[] {
    return this.#flowReader.read(limit);
  }

  /** A reader with a place of its own in the ring of flow records. */
  flowReader(): FlowRecordReader {
    return new FlowRecordReader(this.#flowRecords);
  }

  /** Ends the thread and closes its sockets. TUN descriptors stay open. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const exited = once(this.#worker, "exit");
    await this.#command({ kind: "stop" });
    this.#closed = true;
    process.off("exit", this.#endThread);
    await exited;
    this.#bell.close();
  }

  #command(command: Command): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`data plane: ${command.kind} after close`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, command });
      this.#bell.ring();
    });
  }

  #answered({ id, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(new Error(`data plane: ${error}`));
    if (id === STARTED && error !== undefined) this.#abandon();
  }

  /** The worker could not start and has ended by itself. */
  #abandon(): void {
    this.#closed = true;
    process.off("exit", this.#endThread);
    this.#bell.close();
  }

  /** The process ends: Node joins the thread, which must not sleep in epoll then. */
  #end(): void {
    Atomics.store(this.#ending, 0, 1);
    this.#bell.ring();
  }
}
