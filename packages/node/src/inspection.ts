/**
 * What this node's data plane counted and saw, for people and tools on this machine: JSON over HTTP on the unix
 * socket `node.sock` of the node's directory.
 *
 *   GET /counters    packets, flows and drops, ports and peers by name
 *   GET /flows       the flow records still in the ring, oldest first
 *   GET /state       whether the control plane is there, and what the tables hold
 */
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { FlowEnd } from "@podwire/tables";
import type { DataPlane } from "./dataplane/handle.ts";
import { HOST_PORT } from "./ports.ts";

/** Whether this node hears of changes. */
export interface Connection {
  readonly connected: boolean;
  /** ISO 8601. */
  readonly since: string;
  /** Why it is not there. */
  readonly why?: string;
}

export interface NodeState {
  readonly node: string;
  readonly controlPlane: Connection;
  /** `revision` is the last change of the control plane's that this node has seen. */
  /** Load balancers' addresses that this node answers for on the underlay. */
  readonly announces: readonly string[];
  readonly tables: { readonly revision: number; readonly services: number; readonly peers: number };
}

export interface InspectionOptions {
  socketPath: string;
  node: string;
  dataPlane: DataPlane;
  state(): Omit<NodeState, "node">;
  /** "namespace/name" of the pod behind a port. */
  podOf(port: number): string | undefined;
  /** Name of the node behind a row of the peer table. */
  peerOf(index: number): string | undefined;
}

export async function serveInspection(options: InspectionOptions): Promise<Server> {
  const routes: Record<string, () => unknown> = {
    "/counters": () => counters(options),
    "/flows": () => flows(options),
    "/state": () => ({ node: options.node, ...options.state() }),
  };
  const server = createServer((request, response) => {
    const route = routes[request.url ?? ""];
    const body = route ? route() : { error: `no such path; there are ${Object.keys(routes).join(", ")}` };
    response.writeHead(route ? 200 : 404, { "content-type": "application/json" });
    response.end(`${JSON.stringify(body)}\n`);
  });
  // A daemon that was killed leaves its socket behind.
  rmSync(options.socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.socketPath, resolve);
  });
  return server;
}

function counters({ node, dataPlane, podOf, peerOf }: InspectionOptions): object {
  const { scalars, drops, ports, peers } = dataPlane.counters();
  const portName = (port: number) => (port === HOST_PORT ? "host" : (podOf(port) ?? `port ${port}`));
  return {
    node,
    counters: scalars,
    drops,
    ports: Object.fromEntries([...ports].map(([port, counts]) => [portName(port), counts])),
    peers: Object.fromEntries(
      [...peers].map(([index, counts]) => [peerOf(index) ?? `peer ${index}`, counts]),
    ),
  };
}

function flows({ node, dataPlane, podOf, peerOf }: InspectionOptions): object {
  const end = ({ kind, index }: FlowEnd) => {
    if (kind === "pod") return `pod ${podOf(index) ?? index}`;
    return kind === "peer" ? `node ${peerOf(index) ?? index}` : kind;
  };
  const records = dataPlane.flowReader().read();
  return { node, flows: records.map(record => ({ ...record, from: end(record.from), to: end(record.to) })) };
}
