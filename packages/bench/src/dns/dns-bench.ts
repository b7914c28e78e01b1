/**
 * `podwire bench dns`: what the DNS server of a node answers, asked by dnsperf, beside CoreDNS where there is one:
 *
 *   from the node      dnsperf and the server in the node's network: the server alone
 *   from a pod         by the Service kube-dns: with the pod's and the data plane's part
 *
 *   cluster names      1,000 Services
 *   kept               names beyond the cluster that were asked for before
 *   fresh              names beyond the cluster, each for the first time
 *
 * and how long a change of an endpoint takes to show in an answer, from the request that makes it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kinds, type NewObject, type Pod, type Service } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { type LabView, openLab, readState, until } from "@podwire/lab";
import { Children } from "../children.ts";
import { withLab } from "../lab-bench.ts";
import { type LabReport, type Measure, measure } from "../lab-report.ts";
import { GENERATOR_READY_MS, POD_ANSWERS_MS } from "../limits.ts";
import { describeMachine } from "../machine.ts";
import { processSeconds } from "../processor-time.ts";
import { percentile } from "../statistics.ts";
import { COREDNS_ADDRESS, COREDNS_PORT, findCoreDns, startCoreDns } from "./coredns.ts";
import { type DnsPerfResult, dnsperf } from "./dnsperf.ts";
import { clusterQuestions, freshQuestions, keptQuestions, makeServices, sliceOf } from "./names.ts";

export interface BenchDnsOptions {
  readonly rounds?: number;
  /** Of one measurement. */
  readonly seconds?: number;
  /** Smaller, for a test of the benchmark itself. */
  readonly services?: number;
  readonly changes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** Questions a second when it is the time of an answer that is measured: more than a node's pods ask. */
const PACED_RATE = 2_000;
/** More names than any server answers in a second when each is another. */
const MOST_FRESH_RATE = 20_000;
/** As for the data plane. */
const LAST_ANSWER_MS = 100;
const NODE_ADDRESS = "10.244.0.1";
const SERVICE_ADDRESS = "10.96.0.10";
const UPSTREAM = { address: "172.30.0.2", host: "world" } as const;
const API_SERVER = "https://172.30.0.1:6443";

/** One server, as asked from one place. */
interface Subject {
  readonly name: string;
  readonly server: string;
  readonly port: number;
  readonly namespacePid: number;
  /** Whose processor time an answer costs. */
  readonly pid: number;
}

interface Bench {
  readonly children: Children;
  readonly progress: (line: string) => void;
  readonly folder: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly services: number;
}

export async function benchDns(options: BenchDnsOptions = {}): Promise<LabReport> {
  const { rounds = 3, seconds = 4, services = 1_000, changes = 100, signal } = options;
  const { onProgress: progress = () => {} } = options;
  const children = new Children(signal);
  const folder = mkdtempSync(join(tmpdir(), "podwire-bench-dns-"));
  const bench = { children, progress, folder, rounds, seconds, services };
  const machine = describeMachine();
  try {
    const file = join(folder, "lab.yaml");
    writeFileSync(file, JSON.stringify(labFile()));
    const around = { children, signal, progress };
    const measures = await withLab(
      around,
      `bench-${process.pid}-dns`,
      1,
      name => measureLab(bench, name, changes),
      file,
    );
    return { measures, processes: [], machine };
  } finally {
    await children.close();
    rmSync(folder, { recursive: true });
  }
}

function labFile(): object {
  return {
    apiVersion: "podwire.dev/v1alpha1",
    kind: "Cluster",
    dns: { upstreams: [UPSTREAM.address] },
    outside: [{ name: UPSTREAM.host }],
  };
}

async function measureLab(bench: Bench, name: string, changes: number): Promise<Measure[]> {
  const lab = await openLab(name);
  try {
    const node = lab.netnsOfNode("node-1").pid;
    await startUpstream(bench, lab.netnsOfOutside(UPSTREAM.host).pid);
    await makeServices(lab.client, bench.services);
    bench.progress(`${bench.services} Services`);
    const daemon = readState(name).daemons.find(each => each.name === "node-1")!.identity!.pid;
    const pod = await clientPod(lab);
    const subjects: Subject[] = [
      { name: "podwire, from the node", server: NODE_ADDRESS, port: 53, namespacePid: node, pid: daemon },
      { name: "podwire, from a pod", server: SERVICE_ADDRESS, port: 53, namespacePid: pod, pid: daemon },
    ];
    const binary = findCoreDns();
    if (binary !== undefined) {
      const { kubeconfig } = lab.paths;
      const upstream = UPSTREAM.address;
      const where = {
        binary,
        folder: bench.folder,
        namespacePid: node,
        kubeconfig,
        apiServer: API_SERVER,
        upstream,
      };
      const { pid } = await startCoreDns(bench.children, where);
      subjects.push({
        name: "CoreDNS, from the node",
        server: COREDNS_ADDRESS,
        port: COREDNS_PORT,
        namespacePid: node,
        pid,
      });
    }
    const measures = await measureSubjects(bench, subjects);
    return [...measures, await measureChanges(bench, lab.client, node, changes)];
  } finally {
    lab.close();
  }
}

async function startUpstream({ children }: Bench, namespacePid: number): Promise<void> {
  const program = fileURLToPath(new URL("./upstream.js", import.meta.url));
  const command = [process.execPath, program, UPSTREAM.address, "53"];
  await children.start({ name: "upstream", namespacePid, command }).printed("listening", GENERATOR_READY_MS);
}

/** A pod to ask from. Returns a process in its network. */
async function clientPod(lab: LabView): Promise<number> {
  const name = "client";
  await lab.client.create(kinds.pods, {
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "pause", image: "pause" }] },
  } satisfies NewObject<Pod>);
  await until(
    lab.client,
    kinds.pods,
    { namespace: "default" },
    pods => pods.find(pod => pod.status.phase === "Running"),
    () => `pod ${name} does not run`,
    { timeoutMs: POD_ANSWERS_MS },
  );
  return (await lab.netnsOfPod({ name })).pid;
}

const KINDS = ["cluster names", "names kept", "names never asked before"] as const;

async function measureSubjects(bench: Bench, subjects: readonly Subject[]): Promise<Measure[]> {
  const fast = new Map<string, { result: DnsPerfResult; microseconds: number }[]>();
  const paced = new Map<string, DnsPerfResult[]>();
  for (let round = 0; round < bench.rounds; round++) {
    for (const kind of KINDS) {
      for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
        const key = `${kind}, ${subject.name}`;
        const before = secondsOf(subject.pid);
        const result = await ask(bench, subject, kind, `fast-${round}`);
        const answers = Math.max(1, result.answersPerSecond * bench.seconds);
        const microseconds = ((secondsOf(subject.pid) - before) / answers) * 1e6;
        fast.set(key, [...(fast.get(key) ?? []), { result, microseconds }]);
        const slow = await ask(bench, subject, kind, `paced-${round}`, PACED_RATE);
        paced.set(key, [...(paced.get(key) ?? []), slow]);
        const rate = Math.round(result.answersPerSecond);
        bench.progress(`${key}: ${rate} answers/s; ${slow.p99Ms} ms p99 at ${PACED_RATE}/s`);
      }
    }
  }
  return [...fast].flatMap(([key, runs]) => {
    const slow = paced.get(key)!;
    const all = (unit: string, what: string, values: number[]) =>
      measure(`${key}: ${what}`, unit, values, null);
    return [
      all(
        "1/s",
        "answers",
        runs.map(({ result }) => result.answersPerSecond),
      ),
      all(
        "µs",
        "processor time an answer",
        runs.map(({ microseconds }) => microseconds),
      ),
      all(
        "ms",
        `p50 at ${PACED_RATE}/s`,
        slow.map(({ p50Ms }) => p50Ms),
      ),
      all(
        "ms",
        `p99 at ${PACED_RATE}/s`,
        slow.map(({ p99Ms }) => p99Ms),
      ),
      all(
        "",
        "questions lost",
        runs.map(({ result }, i) => result.lost + slow[i]!.lost),
      ),
    ];
  });
}

function secondsOf(pid: number): number {
  return processSeconds(readFileSync(`/proc/${pid}/stat`, "latin1"));
}

async function ask(
  bench: Bench,
  subject: Subject,
  kind: (typeof KINDS)[number],
  run: string,
  rate?: number,
): Promise<DnsPerfResult> {
  const questions = join(bench.folder, "questions");
  const count = (rate ?? MOST_FRESH_RATE) * bench.seconds;
  const prefix = `${run}-${subject.name.replace(/[^a-zA-Z]+/g, "-")}`;
  if (kind === "cluster names") writeFileSync(questions, clusterQuestions(bench.services));
  else writeFileSync(questions, kind === "names kept" ? keptQuestions() : freshQuestions(prefix, count));
  const { namespacePid, server, port } = subject;
  const where = { namespacePid, server, port, questions, seconds: bench.seconds };
  return dnsperf(bench.children, rate === undefined ? where : { ...where, rate });
}

/** An endpoint of a headless Service moves to and fro. */
async function measureChanges(
  bench: Bench,
  client: ApiClient,
  namespacePid: number,
  changes: number,
): Promise<Measure> {
  const service = "moving";
  const name = `${service}.default.svc.cluster.local`;
  const spec = { clusterIP: "None", clusterIPs: ["None"], ports: [{ port: 80, protocol: "TCP" as const }] };
  await client.create(kinds.services, {
    metadata: { namespace: "default", name: service },
    spec,
  } as NewObject<Service>);
  let slice = await client.create(kinds.endpointSlices, sliceOf(service, ["10.244.0.200"]));
  const program = fileURLToPath(new URL("./watcher.js", import.meta.url));
  const command = [process.execPath, program, NODE_ADDRESS, name];
  const watcher = bench.children.start({ name: "watcher", namespacePid, command });
  await watcher.printed("10.244.0.200", GENERATOR_READY_MS);
  const delaysMs: number[] = [];
  for (let change = 0; change < changes; change++) {
    const address = `10.245.${change >> 8}.${change & 255}`;
    const startMs = performance.timeOrigin + performance.now();
    slice = await client.update(kinds.endpointSlices, { ...slice, endpoints: [{ addresses: [address] }] });
    await watcher.printed(`${address} `, GENERATOR_READY_MS);
    const line = watcher.printedSoFar.split("\n").find(each => each.startsWith(`${address} `))!;
    delaysMs.push(Number(line.split(" ")[1]) - startMs);
  }
  watcher.kill();
  const p99 = percentile(delaysMs, 99);
  bench.progress(`change of an endpoint: ${p99.toFixed(1)} ms p99`);
  return measure("change of an endpoint until it is answered, p99", "ms", [p99], LAST_ANSWER_MS);
}
