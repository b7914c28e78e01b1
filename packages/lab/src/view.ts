/**
 * What any process may do with a lab that is up, whoever supervises it: talk to its API server, run commands in
 * pods, look into namespaces, attach hosts to the underlay.
 */
import { kinds, type Pod } from "@podwire/api";
import { ApiClient } from "@podwire/client";
import type { LabConfig } from "./config/cluster.ts";
import { LabError } from "./errors.ts";
import { adminTls } from "./state/credentials.ts";
import { type LabPaths, labPaths } from "./state/directory.ts";
import { allPids, commandLine, executable } from "./state/identity.ts";
import { readState } from "./state/state.ts";
import { attachOutside, type CommandResult, type OutsideHost, runIn } from "./topology/outside.ts";
import type { Topology } from "./topology/underlay.ts";
import { podsReady, type WaitOptions } from "./waits.ts";

export interface PodName {
  readonly name: string;
  readonly namespace?: string;
}

export interface ExecOptions {
  readonly namespace?: string;
  readonly container?: string;
}

/** A network namespace: enter it with `openNamespace(pid)` or `nsenter --net=/proc/PID/ns/net`. */
export interface HeldNamespace {
  readonly pid: number;
  exec(command: string, ...args: string[]): Promise<CommandResult>;
}

export class LabView {
  readonly config: LabConfig;
  readonly paths: LabPaths;
  readonly apiUrl: string;
  #client: ApiClient | undefined;
  #topology: Topology | undefined;

  constructor(config: LabConfig, paths: LabPaths, apiUrl: string) {
    this.config = config;
    this.paths = paths;
    this.apiUrl = apiUrl;
  }

  protected adopt(topology: Topology): void {
    this.#topology = topology;
  }

  /** A lab that another process supervises. Throws LabError when it is not up. */
  static open(name: string): LabView {
    const state = readState(name);
    const view = new LabView(state.config, labPaths(name), state.apiUrl);
    view.adopt(state);
    return view;
  }

  get client(): ApiClient {
    this.#client ??= new ApiClient({ url: this.apiUrl, tls: adminTls(this.paths) });
    return this.#client;
  }

  get topology(): Topology {
    if (!this.#topology) throw new LabError(`lab ${this.config.name}: its underlay is not made yet`);
    return this.#topology;
  }

  /** Runs a command in a container and collects its output. */
  async exec(pod: string, command: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const { namespace = "default", container } = options;
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const session = await this.client.exec(
      { namespace, name: pod },
      {
        command,
        container,
        stdout: bytes => output.stdout.push(bytes),
        stderr: bytes => output.stderr.push(bytes),
      },
    );
    const code = await session.exitCode;
    const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
    return { code, stdout: text(output.stdout), stderr: text(output.stderr) };
  }

  /** Resolves with the pod when it is Ready. */
  async podReady(name: string, options: WaitOptions & { readonly namespace?: string } = {}): Promise<Pod> {
    const [pod] = await podsReady(this.client, [name], options);
    return pod!;
  }

  podsReady(
    names: readonly string[],
    options: WaitOptions & { readonly namespace?: string } = {},
  ): Promise<Pod[]> {
    return podsReady(this.client, names, options);
  }

  /** The network namespace of a node. */
  netnsOfNode(name: string): HeldNamespace {
    const host = this.topology.nodes.find(each => each.name === name);
    if (!host) throw new LabError(`lab ${this.config.name} has no node ${name}`);
    return held(host.holder.pid);
  }

  /** The network namespace of a host outside of the cluster that lab.yaml names. */
  netnsOfOutside(name: string): HeldNamespace {
    const { outside } = this.topology;
    const host = outside.find(each => each.name === name);
    if (host) return held(host.holder.pid);
    const known = outside.map(each => each.name).join(", ") || "none";
    throw new LabError(
      `lab ${this.config.name} has no outside host ${name} (it has: ${known}); lab.yaml names them under "outside"`,
    );
  }

  /** The network namespace of a pod, found by the process that holds it. */
  async netnsOfPod({ name, namespace = "default" }: PodName): Promise<HeldNamespace> {
    const pod = await this.client.get(kinds.pods, { namespace, name });
    if (pod.spec.hostNetwork) return this.netnsOfNode(pod.spec.nodeName!);
    const pid = holderOf(this.paths.pause, `pod/${pod.metadata.uid}`);
    if (pid === undefined)
      throw new LabError(`pod ${namespace}/${name} has no sandbox (${pod.status.phase})`);
    return held(pid);
  }

  /** Attaches a host to the underlay that is no node of the cluster. */
  attachOutside(name: string): Promise<OutsideHost> {
    return attachOutside({ config: this.config, underlay: this.topology.underlay }, this.paths, name);
  }

  /** Closes connections to the API server. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function held(pid: number): HeldNamespace {
  return { pid, exec: (command, ...args) => runIn(pid, command, args) };
}

/** Holders say on their command line what they hold. */
function holderOf(pause: string, what: string): number | undefined {
  return allPids().find(pid => executable(pid) === pause && commandLine(pid).at(-1) === what);
}
