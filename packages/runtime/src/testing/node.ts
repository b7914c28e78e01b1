/** A node for tests: a Runtime in a lab directory of its own, with what it reported, and nothing left after. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod, PodStatus } from "@podwire/api";
import type { Network, PodEvent } from "../pod/ports.ts";
import { namespaceOf, processesIn } from "../process/identity.ts";
import { Runtime, type RuntimeOptions } from "../runtime.ts";
import type { ConfigKind, ConfigObject } from "../volumes/config-objects.ts";

/** Addresses by count; attaching nothing: pods talk over lo, which a container brings up by itself. */
export function countingNetwork(): Network & { attached: Map<string, readonly string[]> } {
  const attached = new Map<string, readonly string[]>();
  let next = 2;
  return {
    attached,
    attach: async pod => {
      const { uid } = pod.metadata;
      const podIPs = attached.get(uid) ?? [`10.244.0.${next}`, `fd00:10:244::${(next++).toString(16)}`];
      attached.set(uid, podIPs);
      return { podIPs };
    },
    detach: async pod => {
      attached.delete(pod.metadata.uid);
    },
  };
}

/** What test processes that were killed have left: ended and removed by the next one. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = /^podwire-test-(\d+)-/.exec(name)?.[1];
    if (!owner || existsSync(`/proc/${owner}`)) continue;
    const labDir = join(tmpdir(), name);
    const own = namespaceOf(process.pid, "net");
    const named = processesNaming(labDir);
    const networks = new Set(named.map(pid => namespaceOf(pid, "net")).filter(inode => inode !== own));
    for (const inode of networks)
      if (inode !== undefined) for (const pid of processesIn("net", inode)) kill(pid);
    for (const pid of named) kill(pid);
    rmSync(labDir, { recursive: true, force: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

let swept = false;

export class TestNode {
  readonly labDir: string;
  readonly nodeDir: string;
  readonly network = countingNetwork();
  /** ConfigMaps and Secrets by `kind/name`. */
  readonly objects = new Map<string, ConfigObject>();
  readonly statuses = new Map<string, PodStatus>();
  readonly events: (PodEvent & { pod: string })[] = [];
  readonly gone: string[] = [];
  runtime: Runtime;
  #reported: ((status: PodStatus) => void) | undefined;
  readonly #options: Partial<RuntimeOptions>;
  readonly #listeners = new Set<() => void>();

  constructor(options: Partial<RuntimeOptions> = {}) {
    if (!swept) sweep();
    swept = true;
    this.#options = options;
    this.labDir = options.labDir ?? mkdtempSync(join(tmpdir(), `podwire-test-${process.pid}-`));
    this.nodeDir = join(this.labDir, "nodes", "worker-1");
    mkdirSync(this.nodeDir, { recursive: true });
    this.runtime = this.#start();
  }

  /** As the daemon's restart: everything in memory is forgotten. `reported` hears of every status from then on. */
  async restart(reported?: (status: PodStatus) => void): Promise<void> {
    this.runtime.close();
    this.#reported = reported;
    this.runtime = this.#start();
    await this.runtime.recover();
  }

  /** Resolves when the pod's status is so. */
  async until(uid: string, test: (status: PodStatus) => boolean, what: string): Promise<PodStatus> {
    const look = (): PodStatus | undefined => {
      const status = this.statuses.get(uid);
      return status && test(status) ? status : undefined;
    };
    await this.#until(
      () => look() !== undefined,
      () => `${what}: ${JSON.stringify(this.statuses.get(uid))}`,
    );
    return look()!;
  }

  untilGone(uid: string): Promise<void> {
    return this.#until(
      () => this.gone.includes(uid),
      () => `${uid} gone`,
    );
  }

  untilEvent(reason: string): Promise<void> {
    return this.#until(
      () => this.events.some(event => event.reason === reason),
      () => `event ${reason}`,
    );
  }

  /** Makes or changes a ConfigMap or Secret; undefined removes it. Values of a Secret are encoded here. */
  setObject(kind: ConfigKind, name: string, data: Record<string, string> | undefined): void {
    const encode = (value: string): string =>
      kind === "Secret" ? Buffer.from(value).toString("base64") : value;
    if (data === undefined) this.objects.delete(`${kind}/${name}`);
    else {
      const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, encode(value)]));
      this.objects.set(`${kind}/${name}`, { metadata: { namespace: "default", name }, data: encoded });
    }
    this.runtime.objectChanged(kind, "default", name);
  }

  reasons(uid: string): string[] {
    return this.events.filter(event => event.pod === uid).map(event => event.reason);
  }

  delete(pod: Pod, graceSeconds = 0): void {
    const deletionTimestamp = "2026-01-01T00:00:00Z";
    const metadata = { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
    this.runtime.apply({ ...pod, metadata });
  }

  async exec(
    uid: string,
    command: string[],
    stdin?: string,
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const session = this.runtime.exec(uid, "", { command, stdin: stdin !== undefined });
    let [stdout, stderr] = ["", ""];
    session.stdout.on("data", bytes => {
      stdout += bytes;
    });
    session.stderr!.on("data", bytes => {
      stderr += bytes;
    });
    session.stdin?.end(stdin);
    return { code: await session.ended, stdout, stderr };
  }

  async logs(uid: string, container = "", options: Parameters<Runtime["logs"]>[2] = {}): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.runtime.logs(uid, container, options)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  /** Resolves with the log once it holds the text. */
  async untilLog(uid: string, container: string, text: string): Promise<string> {
    for (;;) {
      const log = await this.logs(uid, container);
      if (log.includes(text)) return log;
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** Ends every pod, and throws when anything of the lab is left: process, mount or folder. */
  async stop(): Promise<void> {
    for (const pod of this.runtime.pods()) {
      this.runtime.remove(pod.metadata.uid);
      await this.untilGone(pod.metadata.uid);
    }
    await this.runtime.shutDown();
    await this.#until(
      () => processesNaming(this.labDir).length === 0,
      () => `no process left: ${processesNaming(this.labDir)}`,
    );
    const left = [
      ...readdirSync(join(this.nodeDir, "pods")),
      ...readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter(line => line.includes(this.labDir)),
    ];
    rmSync(this.labDir, { recursive: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  }

  #start(): Runtime {
    return new Runtime({
      labDir: this.labDir,
      nodeDir: this.nodeDir,
      nodeName: "worker-1",
      hostIPs: ["192.168.77.1", "fd77::1"],
      network: this.network,
      objects: { get: (kind, _, name) => this.objects.get(`${kind}/${name}`) },
      services: () => [],
      clusterDns: ["10.96.0.10"],
      nodeResolvConf: () => "nameserver 192.0.2.53\nsearch example.org\n",
      report: (pod, status) => {
        this.#reported?.(status);
        this.#note(() => this.statuses.set(pod.uid, status));
      },
      event: (pod, event) => this.#note(() => this.events.push({ ...event, pod: pod.uid })),
      gone: pod => this.#note(() => this.gone.push(pod.uid)),
      ...this.#options,
    });
  }

  #note(change: () => void): void {
    change();
    for (const listener of this.#listeners) listener();
  }

  #until(test: () => boolean, what: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new Error(`never came: ${what()}`))), 10_000);
      // What is not reported (the end of a process) is looked for now and then.
      const poll = setInterval(() => listener(), 20);
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        clearInterval(poll);
        this.#listeners.delete(listener);
        done();
      };
      const listener = (): void => {
        if (test()) settle(resolve);
      };
      this.#listeners.add(listener);
      listener();
    });
  }
}

/** Processes that have a path in their command line. */
export function processesNaming(path: string): number[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path);
      } catch {
        return false;
      }
    })
    .map(Number);
}
