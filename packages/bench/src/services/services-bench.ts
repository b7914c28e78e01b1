/**
 * `podwire bench services`: what the service proxy costs, beside connections to the pod itself and beside the kernel's
 * nftables rules as kube-proxy lays them out, in rounds that take turns:
 *
 *   a lab of two nodes   throughput, round trip and new connections: pod and ClusterIP, Podwire and kernel, one Service
 *                        silences of a UDP flow: its backend replaced, its node's daemon killed
 *                        10,000 Services: new connections again, memory, processor time of a change
 *   a lab of 30 nodes    an endpoint's change at the last of them
 */
import { kinds, type NewObject, type Pod } from "@podwire/api";
import type { Measurement, Metrics } from "../cases.ts";
import { Children } from "../children.ts";
import { startKernelOverlay } from "../kernel-overlay.ts";
import { withLab } from "../lab-bench.ts";
import { type LabReport, type Measure, measure } from "../lab-report.ts";
import { SILENCE_MS } from "../limits.ts";
import { describeMachine } from "../machine.ts";
import { type OverlayLab, startOverlayLab } from "../podwire-overlay.ts";
import { percentile } from "../statistics.ts";
import { runTraffic } from "../traffic.ts";
import type { BenchPod, Variant } from "../variant.ts";
import { type BenchService, changeEndpoints, createServices, idleService } from "./bench-service.ts";
import { nftMissing, replaceKernelServices } from "./kernel-services.ts";
import { measureLastNode } from "./last-node.ts";
import { changeCost, loadServices } from "./many-services.ts";
import { silenceDuring, UdpAsker } from "./silence.ts";

export interface BenchServicesOptions {
  readonly rounds?: number;
  readonly durationSeconds?: number;
  /** Smaller, for a test of the benchmark itself. */
  readonly services?: number;
  readonly nodes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

const UNDERLAY_MTU = 1500;
const ADDRESS = { podwire: "10.96.10.1", kernel: "10.97.10.1" } as const;
const KERNEL_NETWORK = "10.101";
const TARGETS = { addedMiB: 60, changeMs: 5, lastNodeP99Ms: 100, silenceMs: 1000 } as const;
const CHANGES = 200;
const SILENCES = 3;

interface Bench {
  readonly rounds: number;
  readonly durationSeconds: number;
  readonly services: number;
  readonly children: Children;
  readonly signal: AbortSignal | undefined;
  readonly progress: (line: string) => void;
}

export async function benchServices(options: BenchServicesOptions = {}): Promise<LabReport> {
  const { rounds = 5, durationSeconds = 2, services = 10_000, nodes = 30, signal } = options;
  const { onProgress: progress = () => {} } = options;
  const children = new Children(signal);
  const bench: Bench = { rounds, durationSeconds, services, children, signal, progress };
  const machine = describeMachine();
  try {
    const measures = [...(await onTwoNodes(bench)), ...(await onManyNodes(bench, nodes))];
    return { measures, processes: [], machine };
  } finally {
    await children.close();
  }
}

async function onTwoNodes(bench: Bench): Promise<Measure[]> {
  const { children, signal, progress } = bench;
  const overlay = await startOverlayLab(UNDERLAY_MTU, signal);
  try {
    const kernel = await startKernelOverlay(children, overlay.hosts, UNDERLAY_MTU);
    const { lab, variant } = overlay;
    const service = serviceOf(ADDRESS.podwire, variant);
    await createServices(lab.client, [service], signal);
    const missing = await nftMissing(children);
    if (missing !== null) progress(`no comparison with the kernel: ${missing}`);
    const ways: Ways = {
      "pod itself": variant,
      ClusterIP: withService(variant, ADDRESS.podwire),
      ...(missing === null && {
        "kernel, pod itself": kernel,
        "kernel, ClusterIP": withService(kernel, ADDRESS.kernel),
      }),
    };
    const kernelService = serviceOf(ADDRESS.kernel, kernel);
    const onKernel = async (services: readonly BenchService[]) =>
      missing === null &&
      progress(
        `nft: ${Math.round(await replaceKernelServices(children, overlay.hosts[0].pid, services))} ms`,
      );
    await onKernel([kernelService]);
    const few = [
      ...(await compare(bench, ways, "TCP, one stream", { kind: "tcp-stream", streams: 1 }, "any")),
      ...(await compare(bench, ways, "TCP round trip, p50", { kind: "tcp-round-trip" }, "one")),
    ];
    const connections = await measureWays(bench, ways, { kind: "tcp-connections" }, "one");
    const silences = await measureSilences(bench, overlay, service);
    progress(`${bench.services} Services: creating`);
    const addedMiB = await loadServices(lab, "node-1", bench.services, signal);
    const others = Array.from({ length: bench.services }, (_, index) => idleService(index, KERNEL_NETWORK));
    await onKernel([kernelService, ...others]);
    const many = await measureWays(bench, ways, { kind: "tcp-connections" }, "one");
    progress(`${CHANGES} endpoint changes`);
    const changeMs = await changeCost(
      lab,
      "node-1",
      bench.services,
      Math.min(CHANGES, bench.services),
      signal,
    );
    const title = `${bench.services} Services of 5 endpoints`;
    return [
      ...few,
      ...describeWays("new connections, 1 Service", "1/s", connections, "higher"),
      ...describeWays(`new connections, ${title}`, "1/s", many, "higher"),
      measure(
        `ratio: new connections, ${title} to 1`,
        "",
        quotients(many.ClusterIP!, connections.ClusterIP!),
        null,
      ),
      measure(SAME_BY_PODS, "", quotients(byPods(many), byPods(connections)), null),
      ...silences,
      measure(`${title}: resident memory that a node adds`, "MiB", [addedMiB], TARGETS.addedMiB),
      measure(
        `${title}: processor time of a node for an endpoint's change`,
        "ms",
        [changeMs],
        TARGETS.changeMs,
      ),
    ];
  } finally {
    progress("taking the lab down");
    await overlay.down();
  }
}

type Ways = { readonly [way: string]: Variant };
type Results = { readonly [way: string]: readonly number[] };

/** On one core, so that what is measured is the work and not where the scheduler puts it. */
async function measureWays(
  { rounds, durationSeconds, children, progress }: Bench,
  ways: Ways,
  traffic: Measurement["traffic"],
  processors: Measurement["processors"],
): Promise<Results> {
  const results: { [way: string]: number[] } = {};
  const measurement = {
    traffic,
    processors,
    place: "across-nodes",
    family: "ipv4",
    underlayMtu: UNDERLAY_MTU,
    cases: [],
  } as const;
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? Object.entries(ways) : Object.entries(ways).reverse();
    for (const [way, variant] of order) {
      const metrics = await runTraffic(children, measurement, variant, { durationSeconds, idleShare: 0 });
      results[way] = [...(results[way] ?? []), theValue(metrics)];
    }
    progress(`${traffic.kind}: round ${round} of ${rounds}`);
  }
  return results;
}

function theValue({ gigabitsPerSecond, roundTripP50Microseconds, connectionsPerSecond }: Metrics): number {
  return gigabitsPerSecond ?? roundTripP50Microseconds ?? connectionsPerSecond ?? Number.NaN;
}

async function compare(
  bench: Bench,
  ways: Ways,
  title: string,
  traffic: Measurement["traffic"],
  processors: Measurement["processors"],
): Promise<Measure[]> {
  const results = await measureWays(bench, ways, traffic, processors);
  const isStream = traffic.kind === "tcp-stream";
  return describeWays(title, isStream ? "Gbit/s" : "µs", results, isStream ? "higher" : "lower");
}

/** Ratios of at least 1 are as good as what stands after "to". */
function describeWays(title: string, unit: string, results: Results, better: "higher" | "lower"): Measure[] {
  const of = (way: string) => results[way] ?? [];
  const turned = (one: readonly number[], other: readonly number[]) =>
    better === "higher" ? quotients(one, other) : quotients(other, one);
  const ratios: [string, readonly number[], readonly number[]][] = [
    ["ClusterIP to pod itself", of("ClusterIP"), of("pod itself")],
    ["kernel's ClusterIP to its pod itself", of("kernel, ClusterIP"), of("kernel, pod itself")],
    ["ClusterIP to kernel's ClusterIP", of("ClusterIP"), of("kernel, ClusterIP")],
  ];
  return [
    ...Object.entries(results).map(([way, rounds]) => measure(`${title}: ${way}`, unit, rounds, null)),
    ...ratios
      .filter(([, one, other]) => one.length > 0 && other.length > 0)
      .map(([name, one, other]) => measure(`ratio: ${title}, ${name}`, "", turned(one, other), null)),
  ];
}

/** Of rounds that ran next to each other. */
function quotients(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, round) => value / other[round]!);
}

const SAME_BY_PODS = "ratio: the same, each by what connections to the pod itself were then";

function byPods(results: Results): number[] {
  return quotients(results.ClusterIP!, results["pod itself"]!);
}

function serviceOf(address: string, variant: Variant): BenchService {
  const endpoints = [variant.servers["across-nodes"].addresses.ipv4];
  return { name: "measured", address, endpoints, protocols: ["TCP", "UDP"] };
}

function withService(variant: Variant, address: string): Variant {
  const server: BenchPod = { ...variant.servers["across-nodes"], askedAt: { ipv4: address, ipv6: "" } };
  return {
    name: variant.name,
    client: variant.client,
    servers: { ...variant.servers, "across-nodes": server },
    get daemonPids() {
      return variant.daemonPids;
    },
  };
}

async function measureSilences(bench: Bench, overlay: OverlayLab, service: BenchService): Promise<Measure[]> {
  const { lab, variant } = overlay;
  const names = ["udp-1", "udp-2"];
  const podOf = (name: string): NewObject<Pod> => ({
    metadata: { name, namespace: "default" },
    spec: {
      nodeName: "node-2",
      containers: [{ name: "web", image: "agnhost", args: ["netexec", "--udp-port=5201"] }],
    },
  });
  await Promise.all(names.map(name => lab.client.create(kinds.pods, podOf(name))));
  const pods = await lab.podsReady(names);
  const addressOf = (name: string) =>
    pods.find(({ metadata }) => metadata.name === name)!.status.podIPs!.find(({ ip }) => !ip.includes(":"))!
      .ip;
  const become = (name: string) => changeEndpoints(lab.client, { ...service, endpoints: [addressOf(name)] });
  await become("udp-1");
  const asker = new UdpAsker(variant.client.pid, service.address, 5201, "hostname");
  const replaced: number[] = [];
  const restarted: number[] = [];
  try {
    for (let round = 1; round <= SILENCES; round++) {
      const name = names[round % 2]!;
      replaced.push(
        await silenceDuring(
          asker,
          () => become(name),
          answer => answer.trim() === name,
          SILENCE_MS,
        ),
      );
      const kill = async () => {
        const back = lab.restarted("node-1");
        await lab.kill("node-1");
        await back;
      };
      restarted.push(await silenceDuring(asker, kill, () => true, SILENCE_MS));
      bench.progress(`silences: ${replaced.at(-1)!.toFixed(0)} ms, ${restarted.at(-1)!.toFixed(0)} ms`);
    }
  } finally {
    asker.close();
    await changeEndpoints(lab.client, service);
  }
  const title = "longest silence of a UDP flow to a Service";
  return [
    measure(`${title}: its only backend is replaced`, "ms", replaced, TARGETS.silenceMs),
    measure(`${title}: the daemon of its node is killed`, "ms", restarted, TARGETS.silenceMs),
  ];
}

async function onManyNodes({ signal, progress, children }: Bench, count: number): Promise<Measure[]> {
  const name = `bench-${process.pid}-many`;
  const nodes = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  const lastMs = await withLab({ children, signal, progress }, name, count, () =>
    measureLastNode(name, nodes, CHANGES / 2, progress, signal),
  );
  const title = `an endpoint's change until the last of ${count} nodes forwards by it`;
  return [
    measure(`${title}, p50`, "ms", [percentile(lastMs, 50)], null),
    measure(`${title}, p99`, "ms", [percentile(lastMs, 99)], TARGETS.lastNodeP99Ms),
  ];
}
