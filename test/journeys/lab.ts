/**
 * What the journeys share: a lab of their own (named by process, so that runs do not meet), and pods in a few
 * words. A lab that a killed run has left behind is found by its dead process id and removed first.
 */
import { kinds, type Pod } from "@podwire/api";
import { type CommandResult, knownLabs, type Lab, parseLabConfig, startLab, takeDown } from "@podwire/lab";
import { reportFailures } from "./failure-report.ts";

export interface LabShape {
  nodes?: object[];
  networking?: object;
  underlay?: object;
  vxlan?: object;
  dns?: object;
  outside?: object[];
  loadBalancer?: object;
}

let counter = 0;

/** Starts a lab before the tests of a `describe` and removes it after them. */
export function useLab(shape: LabShape = {}): { readonly lab: Lab } {
  const holder: { lab?: Lab } = {};
  before(async function () {
    this.timeout(60_000);
    await removeOrphans();
    holder.lab = await journeyLab(shape);
  });
  reportFailures(() => holder.lab);
  after(async function () {
    this.timeout(60_000);
    await holder.lab?.down();
  });
  return {
    get lab() {
      return holder.lab!;
    },
  };
}

export function journeyLab(shape: LabShape = {}): Promise<Lab> {
  const name = `journey-${process.pid}-${++counter}`;
  const file = {
    apiVersion: "podwire.dev/v1alpha1",
    kind: "Cluster",
    metadata: { name },
    nodes: [{ namePrefix: "node-", count: 3 }],
    // No question of a test leaves the machine.
    dns: { upstreams: [] },
    ...shape,
  };
  return startLab(parseLabConfig(JSON.stringify(file), "journey"));
}

async function removeOrphans(): Promise<void> {
  for (const name of await knownLabs()) {
    const pid = Number(/^journey-(\d+)-/.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isRunning(pid)) await takeDown(name);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface PodWords {
  node?: string;
  args?: string[];
  image?: string;
  command?: string[];
  spec?: object;
}

/** A pod of the test image that serves HTTP on 8080 and UDP on 8081, unless told otherwise. */
export function podManifest(name: string, words: PodWords = {}): Pod {
  const { node, image = "agnhost", args = ["netexec"], command, spec } = words;
  const container = { name: "main", image, ...(command ? { command } : { args }) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      containers: [container],
      terminationGracePeriodSeconds: 1,
      ...(node ? { nodeName: node } : {}),
      ...spec,
    },
  } as unknown as Pod;
}

/** Creates pods and resolves with them, in this order, when all are Ready. */
export async function runPods(lab: Lab, manifests: Pod[]): Promise<Pod[]> {
  await Promise.all(manifests.map(pod => lab.client.create(kinds.pods, pod)));
  const names = manifests.map(pod => pod.metadata.name);
  const ready = await lab.podsReady(names);
  return names.map(name => ready.find(pod => pod.metadata.name === name)!);
}

/** curl that waits until a server, whose pod is Ready when its process runs, listens as well. */
export const ASK = "curl -sS -m 5 --retry 20 --retry-connrefused --retry-delay 1";

/** As runPods, and every pod answers on its port 8080. */
export async function runServers(lab: Lab, manifests: Pod[]): Promise<Pod[]> {
  const pods = await runPods(lab, manifests);
  await Promise.all(pods.map(pod => sh(lab, pod.metadata.name, `${ASK} http://localhost:8080/healthz`)));
  return pods;
}

export function ipv4Of(pod: Pod): string {
  return pod.status.podIPs!.find(({ ip }) => !ip.includes(":"))!.ip;
}

export function ipv6Of(pod: Pod): string {
  return pod.status.podIPs!.find(({ ip }) => ip.includes(":"))!.ip;
}

/** As a URL or `host:port` wants it. */
export function host(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** Runs a shell line in a pod; fails with its output when it exits with another code than 0. */
export async function sh(lab: Lab, pod: string, line: string, container?: string): Promise<string> {
  const result = await lab.exec(pod, ["sh", "-c", line], container ? { container } : {});
  return expectSuccess(`${pod}: ${line}`, result);
}

export function expectSuccess(what: string, { code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Error(`${what}: exit code ${code}\n${stdout}${stderr}`);
  return stdout.trim();
}
