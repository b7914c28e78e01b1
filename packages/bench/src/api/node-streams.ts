/**
 * A hundred nodes on their streams while Pods come and go at twenty changes a second: from the write to the last node
 * that has it. The change that every node is told of is a Pod's addresses.
 */
import { setTimeout as delay } from "node:timers/promises";
import { kinds, type Pod } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { NodeSyncClient, type NodeSyncHandlers } from "@podwire/client/node-sync";
import type { ControlPlane } from "./control-plane.ts";

const NAMESPACE = "default";

export async function measureNodeStreams(
  plane: ControlPlane,
  client: ApiClient,
  shape: { readonly nodes: number; readonly changesPerSecond: number; readonly changes: number },
): Promise<number[]> {
  const arrivals = new Arrivals(shape.nodes);
  const nodes: NodeSyncClient[] = [];
  try {
    for (let at = 0; at < shape.nodes; at++) nodes.push(await startNode(plane, at, arrivals));
    await arrivals.allSynced();
    const pods = await Promise.all(
      Array.from({ length: shape.changes }, (_, at) => client.create(kinds.pods, podOf(at, shape.nodes))),
    );
    const start = performance.now();
    const writes: Promise<number>[] = [];
    for (const [at, pod] of pods.entries()) {
      await delay(Math.max(0, start + (at * 1_000) / shape.changesPerSecond - performance.now()));
      writes.push(giveAddress(client, pod, `10.250.${at >> 8}.${at & 255}`, arrivals));
    }
    return await Promise.all(writes);
  } finally {
    for (const node of nodes) node.stop();
  }
}

function podOf(at: number, nodes: number) {
  return {
    metadata: { namespace: NAMESPACE, name: `streamed-${at}` },
    spec: { nodeName: `stream-${at % nodes}`, containers: [{ name: "app", image: "pause" }] },
  };
}

/** Resolves with the milliseconds until the last node has been told. */
async function giveAddress(client: ApiClient, pod: Pod, ip: string, arrivals: Arrivals): Promise<number> {
  const lastMs = arrivals.ofAddress(ip, performance.now());
  const status = { ...pod.status, phase: "Running" as const, podIP: ip, podIPs: [{ ip }] };
  await client.update(kinds.pods, { ...pod, status }, { subresource: "status" });
  return lastMs;
}

/** Which nodes have been told of what. */
class Arrivals {
  readonly #nodes: number;
  readonly #waiting = new Map<string, { left: number; startMs: number; resolve: (ms: number) => void }>();
  #synced = 0;
  #allSynced: () => void = () => {};

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  synced(): void {
    this.#synced++;
    if (this.#synced >= this.#nodes) this.#allSynced();
  }

  async allSynced(): Promise<void> {
    if (this.#synced >= this.#nodes) return;
    await new Promise<void>(resolve => {
      this.#allSynced = resolve;
    });
  }

  ofAddress(ip: string, startMs: number): Promise<number> {
    return new Promise(resolve => this.#waiting.set(ip, { left: this.#nodes, startMs, resolve }));
  }

  told(ip: string): void {
    const waiting = this.#waiting.get(ip);
    if (waiting === undefined || --waiting.left > 0) return;
    this.#waiting.delete(ip);
    waiting.resolve(performance.now() - waiting.startMs);
  }
}

async function startNode(plane: ControlPlane, at: number, arrivals: Arrivals): Promise<NodeSyncClient> {
  const name = `stream-${at}`;
  const mac = Buffer.from([2, 0, 0, 1, at >> 8, at & 255]);
  const nothing = () => {};
  const handlers: NodeSyncHandlers = {
    registered: nothing,
    peer: nothing,
    peerGone: nothing,
    podAddresses: ({ addresses }) => arrivals.told(addresses[0] ?? ""),
    podAddressesGone: nothing,
    pod: nothing,
    podDeleted: nothing,
    config: nothing,
    configGone: nothing,
    service: () => {},
    serviceGone: () => {},
    endpointSlice: () => {},
    endpointSliceGone: () => {},
    namespace: () => {},
    namespaceGone: () => {},
    synced: () => arrivals.synced(),
    applied: nothing,
    openStream: nothing,
  };
  const node = new NodeSyncClient({
    address: plane.nodesAddress,
    tls: await plane.nodeTls(name),
    registration: () => ({
      name,
      labels: {},
      taints: [],
      addresses: [`172.31.${at >> 8}.${at & 255}`],
      vtep: { mac, udpPort: 4789, vni: 1, underlayMtu: 1500, remoteChecksumOffload: true },
      nodeInfo: Buffer.from("{}"),
      capacity: Buffer.from('{"pods":"110"}'),
    }),
    handlers,
    refused: why => {
      throw new Error(`${name} was refused: ${why}`);
    },
    notReady: "",
  });
  node.start();
  return node;
}
