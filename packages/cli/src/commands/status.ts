/**
 * `podwire status`: nodes, pods, Services, processes and drops of a lab, as far as it still answers. A node that is cut off
 * from the control plane goes on with the tables that it has, and it is here that it says so.
 */
import { humanDuration, kinds, type Node, nodeStatusText, type Pod, type Service } from "@podwire/api";
import { ApiClient } from "@podwire/client";
import { adminApiServer, isAlive, type LabState, labPaths, readState, residentBytes } from "@podwire/lab";
import type { NodeState } from "@podwire/node";
import { type BackendState, Backends } from "../lab/backends.ts";
import { nodeCounters, nodeState } from "../lab/node-socket.ts";
import { type LabSelection, selectedName } from "../lab/select.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** An API server that is frozen or drowned takes this long to be shown as such. */
const API_TIMEOUT_MS = 3_000;

/** Names of Services that have no backend, in one line. */
const SHOWN_SERVICES = 5;

export interface StatusOptions extends LabSelection {
  readonly output?: "json";
}

interface NodeStatus {
  readonly name: string;
  readonly status: string;
  readonly pods: number;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly underlayMtu: number;
  /** Packets dropped, by reason; undefined when the daemon does not answer. */
  readonly drops: Readonly<Record<string, number>> | undefined;
  /** Whether it hears of changes, and what its tables hold; undefined as above. */
  readonly state: Pick<NodeState, "controlPlane" | "tables"> | undefined;
}

interface ServiceStatus {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly backends: Readonly<Partial<Record<BackendState, number>>>;
}

interface ProcessStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly alive: boolean;
  readonly residentBytes: number;
  readonly restarts: number;
  readonly uptimeMs: number;
}

interface Status {
  readonly name: string;
  readonly phase: string;
  readonly apiUrl: string;
  /** What the API server said instead of an answer. */
  readonly apiError: string | undefined;
  readonly uptimeMs: number;
  readonly nodes: readonly NodeStatus[];
  readonly pods: Readonly<Record<string, number>>;
  readonly services: readonly ServiceStatus[];
  readonly processes: readonly ProcessStatus[];
  readonly residentBytes: number;
}

export async function runStatus(options: StatusOptions, terminal: Terminal): Promise<void> {
  const status = await readStatus(readState(await selectedName(options)));
  const text = options.output === "json" ? JSON.stringify(status, null, 2) : formatStatus(status, terminal);
  terminal.stdout.write(`${text}\n`);
}

async function readStatus(state: LabState): Promise<Status> {
  const { nodes, pods, services, apiError } = await readObjects(state.name);
  const processes = readProcesses(state);
  const phases: Record<string, number> = {};
  for (const { status } of pods)
    phases[status.phase ?? "Unknown"] = (phases[status.phase ?? "Unknown"] ?? 0) + 1;
  return {
    name: state.name,
    phase: processes.every(each => each.alive) ? state.phase : "Degraded",
    apiUrl: state.apiUrl,
    apiError,
    uptimeMs: Date.now() - Date.parse(state.startedAt),
    nodes: await Promise.all(state.nodes.map(host => readNode(state, host, nodes, pods))),
    pods: phases,
    services,
    processes,
    residentBytes: processes.reduce((sum, each) => sum + each.residentBytes, 0),
  };
}

interface Objects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly services: readonly ServiceStatus[];
  readonly apiError?: string;
}

async function readObjects(name: string): Promise<Objects> {
  let client: ApiClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    client = new ApiClient(adminApiServer(name));
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`no answer within ${API_TIMEOUT_MS / 1_000} s`);
      timer = setTimeout(reject, API_TIMEOUT_MS, error);
    });
    return await Promise.race([listObjects(client), late]);
  } catch (error) {
    return { nodes: [], pods: [], services: [], apiError: (error as Error).message };
  } finally {
    clearTimeout(timer);
    client?.close();
  }
}

async function listObjects(client: ApiClient): Promise<Objects> {
  const [nodes, pods, services, backends] = await Promise.all([
    client.list(kinds.nodes),
    client.list(kinds.pods),
    client.list(kinds.services),
    Backends.open(client),
  ]);
  const counted = services.items.map(service => serviceStatus(service, backends));
  backends.close();
  return { nodes: nodes.items, pods: pods.items, services: counted };
}

function serviceStatus(service: Service, known: Backends): ServiceStatus {
  const backends: Partial<Record<BackendState, number>> = {};
  for (const state of known.states(service)) backends[state] = (backends[state] ?? 0) + 1;
  const { namespace = "", name } = service.metadata;
  return { namespace, name, type: service.spec.type ?? "ClusterIP", backends };
}

async function readNode(
  state: LabState,
  host: LabState["nodes"][number],
  nodes: readonly Node[],
  pods: readonly Pod[],
): Promise<NodeStatus> {
  const node = nodes.find(each => each.metadata.name === host.name);
  const paths = labPaths(state.name);
  const [counters, tables] = await Promise.all([nodeCounters(paths, host.name), nodeState(paths, host.name)]);
  return {
    name: host.name,
    status: node ? nodeStatusText(node) : "Unknown",
    pods: pods.filter(pod => pod.spec.nodeName === host.name).length,
    addresses: host.addresses,
    podCIDRs: node?.spec.podCIDRs ?? [],
    underlayMtu: state.config.nodes.find(each => each.name === host.name)!.underlayMtu,
    drops: counters?.drops,
    state: tables && { controlPlane: tables.controlPlane, tables: tables.tables },
  };
}

function readProcesses(state: LabState): ProcessStatus[] {
  const supervisor = { name: "up", identity: state.supervisor, restarts: 0, startedAt: state.startedAt };
  return [supervisor, ...state.daemons].map(({ name, identity, restarts, startedAt }) => {
    const alive = identity !== undefined && isAlive(identity);
    return {
      name,
      pid: identity?.pid,
      alive,
      residentBytes: alive ? residentBytes(identity.pid) : 0,
      restarts,
      uptimeMs: alive ? Date.now() - Date.parse(startedAt) : 0,
    };
  });
}

function formatStatus(status: Status, { paint }: Terminal): string {
  const phase = paint(status.phase === "Ready" ? "green" : "red", status.phase);
  const pods = Object.entries(status.pods).map(([name, count]) => `${count} ${name}`);
  const head = [
    `lab ${status.name}: ${phase}, up ${humanDuration(status.uptimeMs)}, ${megabytes(status.residentBytes)} resident`,
    `API server: ${status.apiUrl}${status.apiError ? ` ${paint("red", status.apiError)}` : ""}`,
    `pods: ${pods.join(", ") || (status.apiError ? "?" : "none")}`,
    `services: ${formatServices(status, paint)}`,
  ];
  const nodes = formatTable(
    ["NODE", "STATUS", "PODS", "ADDRESSES", "POD CIDRS", "MTU", "TABLES", "DROPS"],
    status.nodes.map(node => [
      node.name,
      paint(node.status === "Ready" ? "green" : "red", node.status),
      String(node.pods),
      node.addresses.join(","),
      node.podCIDRs.join(",") || "-",
      String(node.underlayMtu),
      formatTables(node.state, paint),
      formatDrops(node.drops),
    ]),
  );
  const processes = formatTable(
    ["PROCESS", "PID", "RESIDENT", "UP", "RESTARTS"],
    status.processes.map(each => [
      each.name,
      each.alive ? String(each.pid) : paint("red", "dead"),
      megabytes(each.residentBytes),
      humanDuration(each.uptimeMs),
      String(each.restarts),
    ]),
  );
  return [head.join("\n"), nodes, processes].join("\n\n");
}

/** Such as `4 with 12 backends; nobody answers for default/web`. */
function formatServices({ services, apiError }: Status, paint: Terminal["paint"]): string {
  if (apiError) return "?";
  const answering = services.filter(({ type }) => type !== "ExternalName");
  const backends = answering.reduce((sum, { backends: { ready = 0 } }) => sum + ready, 0);
  const silent = answering.filter(each => !each.backends.ready);
  const told = `${services.length} with ${backends} ${backends === 1 ? "backend" : "backends"}`;
  if (silent.length === 0) return told;
  const names = silent.slice(0, SHOWN_SERVICES).map(({ namespace, name }) => `${namespace}/${name}`);
  if (silent.length > SHOWN_SERVICES) names.push(`${silent.length - SHOWN_SERVICES} more`);
  return `${told}; ${paint("yellow", `without one: ${names.join(", ")}`)}`;
}

/** `live`, or since when they are not, and what they are of. */
function formatTables(state: NodeStatus["state"], paint: Terminal["paint"]): string {
  if (state === undefined) return "?";
  const { connected, since } = state.controlPlane;
  if (connected) return "live";
  return paint(
    "red",
    `cut off ${humanDuration(Date.now() - Date.parse(since))}, serves revision ${state.tables.revision}`,
  );
}

/** Such as `Ipv6LinkLocal 12, NoRoute 1`, the most frequent first. */
function formatDrops(drops: NodeStatus["drops"]): string {
  if (!drops) return "?";
  const counted = Object.entries(drops).filter(([, count]) => count > 0);
  counted.sort(([, a], [, b]) => b - a);
  return counted.map(([reason, count]) => `${reason} ${count}`).join(", ") || "none";
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / (1 << 20))} MB`;
}
