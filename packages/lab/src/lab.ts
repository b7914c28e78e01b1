/**
 * A lab that this process supervises. `begin` brings it up, `down` takes it away; in between its daemons are
 * kept alive and lab.json says what runs. What any process may do with a lab is in `LabView`.
 */
import { EventEmitter } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { ClusterCertificates } from "@podwire/pki";
import type { LabConfig } from "./config/cluster.ts";
import { type ControlSocket, serveControl } from "./down/control-socket.ts";
import { removeLab } from "./down/down.ts";
import { LabError, LabStopped } from "./errors.ts";
import { kubeconfigEntries, kubeconfigText } from "./kubeconfig/document.ts";
import { QUOTED_LOGS, READY_TIMEOUT_MS, READY_TIMEOUT_MS_PER_NODE, SAVE_RETRY_MS } from "./limits.ts";
import { boundLogs, quoteLog } from "./processes/log-files.ts";
import { controlPlaneSpec, nodeSpec } from "./processes/podwire-daemons.ts";
import type { Program } from "./processes/program.ts";
import { Supervisor } from "./processes/supervisor.ts";
import { adminTls } from "./state/credentials.ts";
import type { LabPaths } from "./state/directory.ts";
import { identify } from "./state/identity.ts";
import { type LabState, STATE_VERSION, writeState } from "./state/state.ts";
import { controlPlaneAddresses } from "./topology/addresses.ts";
import { makeNodes, makeOutside, makeUnderlay, type Topology } from "./topology/underlay.ts";
import { LabView } from "./view.ts";
import { nodesReady } from "./waits.ts";

export interface LabEvents {
  /** What is being done now, while the lab starts or goes. */
  step: [text: string];
  /** A daemon died and is started again after `delayMs`. */
  died: [daemon: string, how: string, delayMs: number];
  restarted: [daemon: string];
  /** Something is wrong that the lab lives with. */
  trouble: [text: string];
}

export class Lab extends LabView {
  readonly events = new EventEmitter<LabEvents>();
  readonly #program: Program;
  readonly #apiPort: number;
  readonly #supervisor = new Supervisor();
  readonly #startedAt = new Date();
  #phase: LabState["phase"] = "Starting";
  #topology: Topology | undefined;
  #unsaved = false;
  #saveRetry: NodeJS.Timeout | undefined;
  #control: ControlSocket | undefined;
  #releaseLogs: (() => void) | undefined;
  #going: Promise<void> | undefined;
  #making: Promise<unknown> | undefined;
  readonly #stop = new AbortController();
  readonly #settle: { resolve: () => void; reject: (error: unknown) => void };
  /** Settles when the lab is gone, whoever took it down. */
  readonly ended: Promise<void>;

  constructor(config: LabConfig, paths: LabPaths, apiPort: number, program: Program) {
    super(config, paths, `https://127.0.0.1:${apiPort}`);
    this.#program = program;
    this.#apiPort = apiPort;
    const { promise, ...settle } = withResolvers();
    this.ended = promise;
    this.#settle = settle;
    this.#supervisor.on("died", (daemon, how, delayMs) => this.#onDied(daemon, how, delayMs));
    this.#supervisor.on("restarted", daemon => this.events.emit("restarted", daemon));
    this.#supervisor.on("changed", () => this.#saveWhenPossible());
  }

  /** True from the moment someone wants the lab gone. */
  get isGoing(): boolean {
    return this.#going !== undefined;
  }

  get startedAt(): Date {
    return this.#startedAt;
  }

  /** Listens for `down` of another process. */
  async serveControl(): Promise<void> {
    this.#control = await serveControl(this.paths.supervisorSocket, () => this.down());
  }

  async begin(waitTimeoutMs: number): Promise<void> {
    this.#releaseLogs = boundLogs(this.paths.logs);
    this.#step("starting the control plane");
    // The library for certificates loads while the underlay's holder starts.
    const [underlay, certificates] = await this.#make(
      settled([makeUnderlay(this.config, this.paths), this.#makeCertificates()]),
    );
    const readyTimeoutMs = READY_TIMEOUT_MS + this.config.nodes.length * READY_TIMEOUT_MS_PER_NODE;
    const controlPlane = this.#supervisor.start(
      controlPlaneSpec(this.config, this.paths, this.#program, this.#apiPort, underlay),
      readyTimeoutMs,
    );
    // Its failure is reported below, after the nodes' hosts, which need no control plane.
    controlPlane.catch(() => {});
    const { length } = this.config.nodes;
    this.#step(`making the underlay and ${length === 1 ? "1 node" : `${length} nodes`}`);
    const [nodes, outside] = await this.#make(
      settled([
        makeNodes(this.config, this.paths, underlay),
        makeOutside(this.config, this.paths, underlay),
        this.#makeNodeCertificates(certificates),
      ]),
    );
    const topology = { underlay, nodes, outside };
    this.#topology = topology;
    this.adopt(topology);
    this.#save();
    this.#step("starting the node daemons");
    // They load while the control plane does, and find it when it is there.
    const daemons = nodes.map(host =>
      this.#supervisor.start(nodeSpec(this.config, this.paths, this.#program, host), readyTimeoutMs),
    );
    await this.#unlessGoing(Promise.all([controlPlane, ...daemons]));
    const onReady = (ready: number) => this.#step(`nodes Ready: ${ready} of ${this.config.nodes.length}`);
    const names = this.config.nodes.map(node => node.name);
    const hint = (missing: readonly string[]) => this.#quoteLogs(missing);
    await this.#unlessGoing(
      nodesReady(this.client, names, { timeoutMs: waitTimeoutMs, signal: this.#stop.signal, onReady, hint }),
    );
    this.#phase = "Ready";
    this.#save();
  }

  /** Kills the control plane or a node's daemon; resolves when it is dead. It is started again at once. */
  async kill(daemon: "control-plane" | (string & {}), signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#supervisor.kill(daemon, signal);
  }

  /** Resolves when a killed daemon serves again. Call it before the kill. */
  restarted(daemon: string): Promise<void> {
    return new Promise(resolve => {
      const look = (name: string) => {
        if (name !== daemon) return;
        this.events.off("restarted", look);
        resolve();
      };
      this.events.on("restarted", look);
    });
  }

  pidOf(daemon: string): number | undefined {
    return this.#supervisor.identity(daemon)?.pid;
  }

  /** Takes the lab down; resolves when nothing of it is left. Any number of callers wait for the same end. */
  down(): Promise<void> {
    if (!this.#going) {
      this.#going = this.#takeDown();
      this.#going.then(this.#settle.resolve, this.#settle.reject);
    }
    return this.#going;
  }

  /** For those who are tired of waiting for `down`: daemons that still end in good order are killed. */
  force(): void {
    this.#supervisor.killAll();
  }

  async #takeDown(): Promise<void> {
    this.#stop.abort(new LabStopped(this.config.name));
    clearTimeout(this.#saveRetry);
    this.#step("stopping the daemons");
    this.close();
    this.#releaseLogs?.();
    await this.#supervisor.stop();
    // What is half made is found only once it is there.
    await this.#making?.catch(() => {});
    this.#step("removing pods, namespaces and files");
    try {
      await removeLab(this.paths);
    } finally {
      this.#control?.close();
    }
  }

  /** Waits for hosts and files being made. Throws LabStopped when the lab is to go: nothing more must come into being. */
  async #make<T>(making: Promise<T>): Promise<T> {
    this.#making = making;
    const made = await making;
    this.#stop.signal.throwIfAborted();
    return made;
  }

  async #makeCertificates(): Promise<ClusterCertificates> {
    const addresses = controlPlaneAddresses(this.config);
    const { name, serviceCIDRs, dns } = this.config;
    const { clusterDomain } = dns;
    const certificates = await ClusterCertificates.create(this.paths.pki, `podwire-${name}`, Date.now());
    await certificates.makeServersAndAdmin({ serviceCidrs: serviceCIDRs, addresses, clusterDomain });
    const entries = kubeconfigEntries(name, { url: this.apiUrl, tls: adminTls(this.paths) });
    writeFileSync(this.paths.kubeconfig, kubeconfigText(entries), { mode: 0o600 });
    return certificates;
  }

  async #makeNodeCertificates(certificates: ClusterCertificates): Promise<void> {
    for (const { name } of this.config.nodes) await certificates.makeNode(name);
  }

  #step(text: string): void {
    this.events.emit("step", text);
  }

  /** Rejects with LabStopped as soon as the lab is to go, whatever `work` still waits for. */
  async #unlessGoing<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const { signal } = this.#stop;
    signal.throwIfAborted();
    let onAbort: (() => void) | undefined;
    const stopped = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as LabStopped);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    return Promise.race([work, stopped]).finally(() => signal.removeEventListener("abort", onAbort!));
  }

  #onDied(daemon: string, how: string, delayMs: number): void {
    this.events.emit("died", daemon, how, delayMs);
    // Someone removed the directory under us: there is nothing left to keep alive.
    if (!existsSync(this.paths.directory)) void this.down().catch(() => {});
  }

  /** The logs are about to go with the lab, so a failure brings their ends along. */
  #quoteLogs(daemons: readonly string[]): string {
    const quotes = daemons.slice(0, QUOTED_LOGS).map(name => {
      const path = this.paths.log(name);
      return `\nthe end of ${path}:\n${quoteLog(path)}`;
    });
    return quotes.join("");
  }

  /** What runs, runs on when its record cannot be written: the disk is full, perhaps for a moment only. */
  #saveWhenPossible(): void {
    clearTimeout(this.#saveRetry);
    try {
      this.#save();
      this.#unsaved = false;
    } catch (error) {
      if (!this.#unsaved)
        this.events.emit("trouble", `cannot write ${this.paths.state}: ${(error as Error).message}`);
      this.#unsaved = true;
      this.#saveRetry = setTimeout(() => this.#saveWhenPossible(), SAVE_RETRY_MS).unref();
    }
  }

  #save(): void {
    if (!this.#topology || this.isGoing) return;
    const supervisor = identify(process.pid);
    if (!supervisor) throw new LabError("/proc is not mounted: podwire needs it");
    writeState(this.paths.state, {
      schemaVersion: STATE_VERSION,
      name: this.config.name,
      phase: this.#phase,
      startedAt: this.#startedAt.toISOString(),
      apiUrl: this.apiUrl,
      supervisor,
      config: this.config,
      ...this.#topology,
      daemons: this.#supervisor.states(),
    });
  }
}

/** `Promise.all` that leaves nothing under way when it rejects. */
async function settled<T extends readonly unknown[]>(
  work: {
    [I in keyof T]: Promise<T[I]>;
  },
): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((onGone, onFailure) => {
    resolve = onGone;
    reject = onFailure;
  });
  // Not everyone who has a lab waits for its end.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
