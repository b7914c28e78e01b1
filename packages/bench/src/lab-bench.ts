/**
 * `podwire bench lab`: what a lab costs. Labs are started by the real command in a process of its own, because
 * that is what people wait for and what stays resident:
 *
 *   three nodes, several times: `podwire up` until every node is Ready
 *   the last of them: memory, processor time while idle, pods from apply until they answer
 *   one large lab: start, 300 pods until all are Running, memory
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kinds, type NewObject, type Pod } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { labMembers, openLab, readState, takeDown, until } from "@podwire/lab";
import { answersHttp } from "./answering.ts";
import { Children } from "./children.ts";
import { type LabReport, type Measure, measure, type ProcessGroup } from "./lab-report.ts";
import { IDLE_WINDOW_MS, LAB_READY_MS, POD_ANSWERS_MS, SETTLE_MS } from "./limits.ts";
import { describeMachine } from "./machine.ts";
import { groupMemory } from "./process-memory.ts";
import { processSeconds } from "./processor-time.ts";

export interface BenchLabOptions {
  /** How often the three-node lab is started. */
  readonly starts?: number;
  /** How many pods are applied, one after the other. */
  readonly pods?: number;
  readonly largeNodes?: number;
  readonly largePodsPerNode?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

const TARGETS = { readyMs: 3000, residentMiB: 400, idlePercent: 3, answersMs: 400 } as const;
const SMALL_NODES = 3;
const NAMESPACE = "default";
const AGNHOST_PORT = 8080;
/** Creating pods by the hundred: requests under way at once. */
const REQUESTS = 16;

interface Bench {
  readonly children: Children;
  readonly signal: AbortSignal | undefined;
  readonly progress: (line: string) => void;
}

export async function benchLab(options: BenchLabOptions = {}): Promise<LabReport> {
  const { starts = 5, pods = 10, largeNodes = 30, largePodsPerNode = 10, signal } = options;
  const bench = { children: new Children(signal), signal, progress: options.onProgress ?? (() => {}) };
  const machine = describeMachine();
  try {
    const readyMs: number[] = [];
    for (let start = 1; start < starts; start += 1)
      readyMs.push(await withLab(bench, `bench-${process.pid}-${start}`, SMALL_NODES, async (_, ms) => ms));
    const last = await withLab(bench, `bench-${process.pid}-${starts}`, SMALL_NODES, async (name, ms) => {
      readyMs.push(ms);
      return { ...(await measureIdle(bench, name)), answersMs: await measureAnswers(bench, name, pods) };
    });
    const large = await measureLarge(bench, largeNodes, largePodsPerNode);
    const total = last.processes.reduce((sum, group) => sum + group.residentMiB, 0);
    const measures = [
      measure("three nodes: podwire up until Ready", "ms", readyMs, TARGETS.readyMs),
      measure("three nodes: resident memory, all processes", "MiB", [total], TARGETS.residentMiB),
      measure("three nodes: idle, of one processor", "%", [last.idlePercent], TARGETS.idlePercent),
      measure("pod: apply until it answers HTTP from another node", "ms", last.answersMs, TARGETS.answersMs),
      ...large,
    ];
    return { measures, processes: last.processes, machine };
  } finally {
    await bench.children.close();
  }
}

/** Starts a lab with the real command, hands `use` its name and how long it took, and takes it down. */
export async function withLab<T>(
  { children, progress, signal }: Bench,
  name: string,
  nodes: number,
  use: (name: string, readyMs: number) => Promise<T>,
  file?: string,
): Promise<T> {
  signal?.throwIfAborted();
  const main = fileURLToPath(import.meta.resolve("@podwire/cli/program"));
  const up = [
    "up",
    "--name",
    name,
    "--nodes",
    String(nodes),
    "--detach",
    "--wait-timeout",
    `${LAB_READY_MS / 1000}s`,
    ...(file === undefined ? [] : ["-f", file]),
  ];
  try {
    const start = performance.now();
    await children.run(
      { name: `podwire ${up.join(" ")}`, command: [process.execPath, main, ...up] },
      LAB_READY_MS,
    );
    const readyMs = performance.now() - start;
    progress(`lab of ${nodes} nodes: Ready in ${Math.round(readyMs)} ms`);
    return await use(name, readyMs);
  } finally {
    await takeDown(name);
  }
}

async function measureIdle(
  { progress, signal }: Bench,
  name: string,
): Promise<{ processes: ProcessGroup[]; idlePercent: number }> {
  const waiting = signal === undefined ? {} : { signal };
  await delay(SETTLE_MS, undefined, waiting);
  const processes = await memoryByGroup(name);
  const pids = await membersOf(name);
  const before = new Map(pids.map(pid => [pid, secondsOf(pid)]));
  const start = performance.now();
  await delay(IDLE_WINDOW_MS, undefined, waiting);
  const seconds = (performance.now() - start) / 1000;
  const used = pids.reduce((sum, pid) => sum + Math.max(0, secondsOf(pid) - before.get(pid)!), 0);
  const idlePercent = (used / seconds) * 100;
  progress(`idle for ${seconds.toFixed(0)} s: ${idlePercent.toFixed(2)} % of one processor`);
  return { processes, idlePercent };
}

/** 0 for a process that has ended: what it used in the window is lost, and an idle lab ends none. */
function secondsOf(pid: number): number {
  try {
    return processSeconds(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return 0;
  }
}

/** All living processes of the lab: supervisor, daemons, holders of namespaces, containers. */
async function membersOf(name: string): Promise<number[]> {
  const members = await labMembers(name);
  return [...new Set([readState(name).supervisor.pid, ...members.map(each => each.pid)])];
}

async function memoryByGroup(name: string): Promise<ProcessGroup[]> {
  const { supervisor, daemons } = readState(name);
  const pidOf = (daemon: (typeof daemons)[number]) => daemon.identity?.pid ?? [];
  const controlPlane = daemons.filter(each => each.name === "control-plane").flatMap(pidOf);
  const nodes = daemons.filter(each => each.name !== "control-plane").flatMap(pidOf);
  const known = new Set([supervisor.pid, ...controlPlane, ...nodes]);
  const others = (await membersOf(name)).filter(pid => !known.has(pid));
  return [
    groupMemory("podwire up", [supervisor.pid]),
    groupMemory("control plane", controlPlane),
    groupMemory("node daemons", nodes),
    groupMemory("namespaces and containers", others),
  ];
}

async function measureAnswers({ progress, signal }: Bench, name: string, count: number): Promise<number[]> {
  const lab = await openLab(name);
  try {
    const { pid } = lab.netnsOfNode("node-1");
    const all: number[] = [];
    for (let pod = 1; pod <= count; pod += 1) {
      signal?.throwIfAborted();
      const ms = await applyUntilAnswer(lab.client, pid, `answers-${pod}`);
      progress(`pod ${pod} of ${count}: answered ${Math.round(ms)} ms after apply`);
      all.push(ms);
    }
    return all;
  } finally {
    lab.close();
  }
}

/** A pod on the second node, asked from the first one. */
async function applyUntilAnswer(client: ApiClient, fromPid: number, name: string): Promise<number> {
  const start = performance.now();
  await client.create(kinds.pods, {
    metadata: { name, namespace: NAMESPACE },
    spec: { nodeName: "node-2", containers: [{ name: "web", image: "agnhost", args: ["netexec"] }] },
  } satisfies NewObject<Pod>);
  const address = await until(
    client,
    kinds.pods,
    { namespace: NAMESPACE },
    pods => ipv4Of(pods.find(pod => pod.metadata.name === name)),
    () => `pod ${NAMESPACE}/${name} has no IPv4 address`,
    { timeoutMs: POD_ANSWERS_MS },
  );
  await answersHttp(fromPid, address, AGNHOST_PORT, "/healthz", POD_ANSWERS_MS);
  return performance.now() - start;
}

function ipv4Of(pod: Pod | undefined): string | undefined {
  return pod?.status.podIPs?.map(each => each.ip).find(ip => !ip.includes(":"));
}

async function measureLarge(bench: Bench, nodes: number, podsPerNode: number): Promise<Measure[]> {
  const title = `${nodes} nodes, ${podsPerNode} pods each`;
  return await withLab(bench, `bench-${process.pid}-large`, nodes, async (name, readyMs) => {
    const lab = await openLab(name);
    try {
      const start = performance.now();
      await createPods(bench, lab.client, nodes * podsPerNode, nodes);
      await allRunning(bench, lab.client, nodes * podsPerNode);
      const runningMs = performance.now() - start;
      bench.progress(`${nodes * podsPerNode} pods: all Running in ${Math.round(runningMs)} ms`);
      const memory = groupMemory("all", await membersOf(name));
      const proportional = memory.proportionalMiB;
      return [
        measure(`${title}: podwire up until Ready`, "ms", [readyMs], null),
        measure(`${title}: apply until all pods Running`, "ms", [runningMs], null),
        measure(`${title}: resident memory, all processes`, "MiB", [memory.residentMiB], null),
        ...(proportional === null
          ? []
          : [measure(`${title}: proportional memory, all processes`, "MiB", [proportional], null)]),
      ];
    } finally {
      lab.close();
    }
  });
}

async function createPods({ signal }: Bench, client: ApiClient, count: number, nodes: number): Promise<void> {
  let next = 0;
  const creator = async () => {
    for (let pod = next++; pod < count; pod = next++) {
      signal?.throwIfAborted();
      await client.create(kinds.pods, {
        metadata: { name: `large-${pod}`, namespace: NAMESPACE },
        spec: { nodeName: `node-${(pod % nodes) + 1}`, containers: [{ name: "pause", image: "pause" }] },
      } satisfies NewObject<Pod>);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, creator));
}

async function allRunning({ signal }: Bench, client: ApiClient, count: number): Promise<void> {
  const running = (pods: readonly Pod[]) => pods.filter(pod => pod.status.phase === "Running").length;
  await until(
    client,
    kinds.pods,
    { namespace: NAMESPACE },
    pods => (running(pods) === count ? true : undefined),
    pods => `${running(pods)} of ${count} pods are Running`,
    { timeoutMs: LAB_READY_MS, ...(signal === undefined ? {} : { signal }) },
  );
}
