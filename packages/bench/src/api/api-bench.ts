/**
 * `podwire bench api`: what clients and nodes wait for at the control plane, over real connections with certificates:
 *
 *   one object       create, update and get at 50 requests a second; creates one after the other
 *   many objects     10,000 Pods listed, and what they take in memory
 *   many watchers    one write, 1,000 watchers, until the last has seen it
 *   many nodes       100 node streams, 20 changes a second, from the write until the last node has it
 *   a Deployment     100 Pods on five nodes of a real lab, until all are Ready
 */
import { Children } from "../children.ts";
import { withLab } from "../lab-bench.ts";
import { type LabReport, type Measure, measure } from "../lab-report.ts";
import { describeMachine } from "../machine.ts";
import { percentile } from "../statistics.ts";
import { ControlPlane } from "./control-plane.ts";
import { measureDeployment } from "./deployment.ts";
import { createManyPods, list } from "./many-objects.ts";
import { measureNodeStreams } from "./node-streams.ts";
import { measureAtRate, measureCreates } from "./single-objects.ts";
import { measureWatchers } from "./watchers.ts";

export interface BenchApiOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
  /** Smaller, for a test of the benchmark itself. */
  readonly scale?: number;
}

const TARGETS = { requestP99Ms: 25, createP50Ms: 5, lastNodeP99Ms: 100 } as const;
const NODES = 5;
const ROUNDS = 5;

export async function benchApi(options: BenchApiOptions = {}): Promise<LabReport> {
  const { signal, scale = 1, onProgress: progress = () => {} } = options;
  const scaled = (count: number) => Math.max(2, Math.round(count * scale));
  const machine = describeMachine();
  const children = new Children(signal);
  try {
    const measures = [
      ...(await onControlPlane(signal, async plane => [
        ...(await singleObjects(plane, scaled(30), scaled(200), progress)),
        ...(await manyWatchers(plane, scaled(1_000), progress)),
      ])),
      ...(await onControlPlane(signal, plane => manyObjects(plane, scaled(10_000), progress))),
      ...(await onControlPlane(signal, plane => manyNodes(plane, scaled(100), scaled(300), progress))),
      ...(await deployments({ children, signal, progress }, scaled(100))),
    ];
    return { measures, processes: [], machine };
  } finally {
    await children.close();
  }
}

async function onControlPlane<T>(
  signal: AbortSignal | undefined,
  use: (plane: ControlPlane) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const plane = await ControlPlane.start(signal);
  try {
    return await use(plane);
  } finally {
    await plane.stop();
  }
}

type Progress = (line: string) => void;

async function singleObjects(
  plane: ControlPlane,
  seconds: number,
  creates: number,
  progress: Progress,
): Promise<Measure[]> {
  const client = plane.client();
  try {
    progress(`requests about one object, 50 a second for ${seconds} s`);
    await measureCreates(client, creates, "warm-up");
    const { createMs, updateMs, getMs } = await measureAtRate(client, 50, seconds);
    const alone = await measureCreates(client, creates, "alone");
    const both = (verb: string, ms: readonly number[]) => [
      measure(`${verb} at 50 requests/s, p50`, "ms", [percentile(ms, 50)], null),
      measure(`${verb} at 50 requests/s, p99`, "ms", [percentile(ms, 99)], TARGETS.requestP99Ms),
    ];
    return [
      ...both("create", createMs),
      ...both("update", updateMs),
      ...both("get", getMs),
      measure(
        "create, durable, one after the other, p50",
        "ms",
        [percentile(alone, 50)],
        TARGETS.createP50Ms,
      ),
    ];
  } finally {
    client.close();
  }
}

async function manyWatchers(plane: ControlPlane, watchers: number, progress: Progress): Promise<Measure[]> {
  progress(`one write, ${watchers} watchers`);
  const client = plane.client();
  try {
    const lastMs = await measureWatchers(plane, client, watchers, 20);
    return [measure(`a write seen by the last of ${watchers} watchers`, "ms", lastMs, null)];
  } finally {
    client.close();
  }
}

async function manyObjects(plane: ControlPlane, count: number, progress: Progress): Promise<Measure[]> {
  const empty = plane.residentMiB;
  progress(`${count} Pods: creating`);
  const client = plane.client();
  try {
    const start = performance.now();
    await createManyPods(client, count);
    const perSecond = count / ((performance.now() - start) / 1_000);
    progress(`${count} Pods: listing`);
    const whole: number[] = [];
    const page: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      whole.push((await list(plane, "")).ms);
      page.push((await list(plane, "?limit=500")).ms);
    }
    return [
      measure("control plane: resident memory, empty", "MiB", [empty], null),
      measure(`control plane: resident memory with ${count} Pods`, "MiB", [plane.residentMiB], null),
      measure("creates from 64 clients", "1/s", [perSecond], null),
      measure(`list of ${count} Pods`, "ms", whole, null),
      measure("its first page of 500", "ms", page, null),
    ];
  } finally {
    client.close();
  }
}

async function manyNodes(
  plane: ControlPlane,
  nodes: number,
  changes: number,
  progress: Progress,
): Promise<Measure[]> {
  progress(`${nodes} nodes streaming, ${changes} changes at 20 a second`);
  const client = plane.client();
  try {
    const lastMs = await measureNodeStreams(plane, client, { nodes, changesPerSecond: 20, changes });
    const title = `a change at the last of ${nodes} nodes`;
    return [
      measure(`${title}, p50`, "ms", [percentile(lastMs, 50)], null),
      measure(`${title}, p99`, "ms", [percentile(lastMs, 99)], TARGETS.lastNodeP99Ms),
    ];
  } finally {
    client.close();
  }
}

async function deployments(
  bench: { children: Children; signal: AbortSignal | undefined; progress: Progress },
  replicas: number,
): Promise<Measure[]> {
  const readyMs: number[] = [];
  for (let round = 1; round <= 3; round++) {
    const name = `bench-${process.pid}-${round}`;
    readyMs.push(await withLab(bench, name, NODES, () => measureDeployment(name, replicas)));
    bench.progress(`Deployment of ${replicas} Pods: all Ready in ${Math.round(readyMs.at(-1)!)} ms`);
  }
  const title = `Deployment of ${replicas} pause Pods on ${NODES} nodes: create until all Ready`;
  return [measure(title, "ms", readyMs, null)];
}
