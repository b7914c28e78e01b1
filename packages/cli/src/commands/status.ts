/** `podwire status`: nodes, pods, processes and drops of a lab, as far as it still answers. */
import { humanDuration, kinds, type Node, nodeStatusText, type Pod } from "@podwire/api";
import { ApiClient } from "@podwire/client";
import { adminApiServer, isAlive, type LabState, labPaths, readState, residentBytes } from "@podwire/lab";
import { nodeCounters } from "../lab/node-socket.ts";
import { type LabSelection, selectedName } from "../lab/select.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

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
  readonly processes: readonly ProcessStatus[];
  readonly residentBytes: number;
}

export async function runStatus(options: StatusOptions, terminal: Terminal): Promise<void> {
  const status = await readStatus(readState(await selectedName(options)));
  const text = options.output === "json" ? JSON.stringify(status, null, 2) : formatStatus(status, terminal);
  terminal.stdout.write(`${text}\n`);
}

async function readStatus(state: LabState): Promise<Status> {
  const { nodes, pods, apiError } = await readObjects(state.name);
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
    processes,
    residentBytes: processes.reduce((sum, each) => sum + each.residentBytes, 0),
  };
}

async function readObjects(
  name: string,
): Promise<{ nodes: readonly Node[]; pods: readonly Pod[]; apiError?: string }> {
  let client: ApiClient | undefined;
  try {
    client = new ApiClient(adminApiServer(name));
    const [nodes, pods] = await Promise.all([client.list(kinds.nodes), client.list(kinds.pods)]);
    return { nodes: nodes.items, pods: pods.items };
  } catch (error) {
    return { nodes: [], pods: [], apiError: (error as Error).message };
  } finally {
    client?.close();
  }
}

async function readNode(
  state: LabState,
  host: LabState["nodes"][number],
  nodes: readonly Node[],
  pods: readonly Pod[],
): Promise<NodeStatus> {
  const node = nodes.find(each => each.metadata.name === host.name);
  return {
    name: host.name,
    status: node ? nodeStatusText(node) : "Unknown",
    pods: pods.filter(pod => pod.spec.nodeName === host.name).length,
    addresses: host.addresses,
    podCIDRs: node?.spec.podCIDRs ?? [],
    underlayMtu: state.config.nodes.find(each => each.name === host.name)!.underlayMtu,
    drops: (await nodeCounters(labPaths(state.name), host.name))?.drops,
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
    `pods: ${pods.join(", ") || "none"}`,
  ];
  const nodes = formatTable(
    ["NODE", "STATUS", "PODS", "ADDRESSES", "POD CIDRS", "MTU", "DROPS"],
    status.nodes.map(node => [
      node.name,
      paint(node.status === "Ready" ? "green" : "red", node.status),
      String(node.pods),
      node.addresses.join(","),
      node.podCIDRs.join(",") || "-",
      String(node.underlayMtu),
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
