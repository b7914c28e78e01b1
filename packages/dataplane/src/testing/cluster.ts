/**
 * A cluster in memory: pipelines joined by a MemoryNetwork, with pods on them.
 *
 *   node a 192.168.0.1, pods 10.244.0.0/24 fd00:10:244::/64      web 10.244.0.2, api 10.244.0.3
 *   node b 192.168.0.2, pods 10.244.1.0/24 fd00:10:244:1::/64    db 10.244.1.2, cache 10.244.1.3
 *   node c 192.168.0.3, pods 10.244.2.0/24 fd00:10:244:2::/64    job 10.244.2.2
 *
 * Host addresses (pw0) end in .1 and ::1, pods' IPv6 addresses in the same number as their IPv4 ones; masquerade addresses
 * in .0 and ::. Services live in 10.96.0.0/16 and fd00:10:96::/112.
 */
import {
  type AddressRow,
  allocateFlowRecords,
  buildServiceShards,
  buildTables,
  Counters,
  FlowRecordReader,
  HOST_TARGET,
  type PeerRow,
  parseCidr,
  type RouteRow,
  type ServiceRow,
  TargetKind,
  target,
} from "@podwire/tables";
import { layoutArena, PIPELINE_ARENA_BYTES } from "../arena-layout.ts";
import { flowMemoryBytes } from "../flow-memory.ts";
import { MEMORY_IO_SCRATCH_BYTES, MemoryIo, MemoryNetwork } from "../memory-io.ts";
import { createArena } from "../offload/index.ts";
import { Pipeline } from "../pipeline.ts";
import { words } from "./packets.ts";

const POD_NAMES: readonly (readonly string[])[] = [["web", "api"], ["db", "cache"], ["job"]];
const NODE_NAMES = ["a", "b", "c"] as const;

export interface ClusterOptions {
  readonly underlayMtu?: number;
  readonly podMtu?: number;
  readonly remoteChecksumOffload?: boolean;
  readonly ipv6Underlay?: boolean;
  readonly flows?: number;
  readonly hashSeed?: readonly [number, number];
}

export interface SimulatedNode {
  readonly name: string;
  readonly index: number;
  readonly address: string;
  readonly io: MemoryIo;
  pipeline: Pipeline;
  flowMemory: ArrayBuffer;
  readonly counters: Counters;
  readonly records: FlowRecordReader;
}

export interface SimulatedPod {
  readonly name: string;
  readonly node: SimulatedNode;
  readonly port: number;
  readonly ipv4: string;
  readonly ipv6: string;
}

export class SimulatedCluster {
  readonly network = new MemoryNetwork();
  readonly nodes: readonly SimulatedNode[];
  readonly pods = new Map<string, SimulatedPod>();
  readonly options: ClusterOptions;
  /** By the name of the node, from its next `publish` on. */
  readonly #services = new Map<string, readonly ServiceRow[]>();
  nowMs = 1_700_000_000_000;

  constructor(options: ClusterOptions = {}) {
    this.options = options;
    this.nodes = NODE_NAMES.map((name, index) => this.#makeNode(name, index));
    for (const node of this.nodes) {
      this.#addHost(node);
      for (const [at, name] of POD_NAMES[node.index]!.entries()) this.#addPod(node, name, at);
    }
    for (const node of this.nodes) this.publish(node);
  }

  pod(name: string): SimulatedPod {
    const pod = this.pods.get(name);
    if (pod === undefined) throw new Error(`no pod "${name}"`);
    return pod;
  }

  /** Builds the node's tables and publishes them, without the pods named. */
  publish(node: SimulatedNode, without: readonly string[] = []): void {
    node.pipeline.publish(
      buildTables(this.#content(node, without)),
      buildServiceShards(this.#services.get(node.name) ?? []),
    );
  }

  /** Publishes these Services on all nodes, or those named. */
  serve(services: readonly ServiceRow[], on: readonly string[] = NODE_NAMES): void {
    for (const node of this.nodes) {
      if (!on.includes(node.name)) continue;
      this.#services.set(node.name, services);
      this.publish(node);
    }
  }

  /** The node's daemon ends in the middle of everything, and another takes over what it has left; pods come back later. */
  restart(node: SimulatedNode, flowMemory = node.flowMemory.slice(0)): void {
    const { io, counters, index } = node;
    Object.assign(node, this.#makePipeline(index, io, counters, allocateFlowRecords()));
    node.pipeline.restore(flowMemory, this.nowMs);
    for (const pod of this.pods.values()) {
      if (pod.node === node) node.pipeline.addPort(pod.port, this.options.podMtu ?? 1450);
    }
    this.publish(node);
  }

  /** A packet as the pod's (or, with "host-a", the host's) kernel hands it to its TUN device. */
  inject(from: string, packet: Uint8Array): void {
    const pod = this.pod(from);
    pod.node.io.toRead.get(pod.port)!.push(packet);
  }

  /** Runs every node until nothing moves any more. */
  run(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const { io, pipeline } of this.nodes) {
        for (const port of io.toRead.keys()) if (pipeline.fromTun(port, this.nowMs, 64) > 0) moved = true;
        if (pipeline.fromUnderlay(this.nowMs, 64) > 0) moved = true;
        pipeline.flush();
      }
    }
  }

  /** Takes what arrived at a pod (or host), virtio-net header first. */
  take(name: string): Uint8Array[] {
    const pod = this.pod(name);
    return pod.node.io.written.get(pod.port)?.splice(0) ?? [];
  }

  /** Drops of all nodes since the start, by name. */
  drops(): { [name: string]: number } {
    const all: { [name: string]: number } = {};
    for (const node of this.nodes) {
      for (const [name, count] of Object.entries(node.counters.snapshot().drops)) {
        all[name] = (all[name] ?? 0) + count;
      }
    }
    return all;
  }

  #makeNode(name: string, index: number): SimulatedNode {
    const arena = createArena(PIPELINE_ARENA_BYTES + MEMORY_IO_SCRATCH_BYTES);
    const address = this.#address(index);
    const io = new MemoryIo(arena, PIPELINE_ARENA_BYTES, this.network, address);
    const counters = new Counters();
    const flowRecords = allocateFlowRecords();
    const records = new FlowRecordReader(flowRecords);
    return {
      name,
      index,
      address,
      io,
      counters,
      records,
      ...this.#makePipeline(index, io, counters, flowRecords),
    };
  }

  #makePipeline(index: number, io: MemoryIo, counters: Counters, flowRecords: SharedArrayBuffer) {
    const flows = this.options.flows ?? 1024;
    const flowMemory = new ArrayBuffer(flowMemoryBytes(flows));
    const pipeline = new Pipeline({
      io,
      counters,
      flowRecords,
      hashSeed: this.options.hashSeed ?? [index, 17],
      layout: layoutArena(0),
      mergeUdp: true,
      flows,
      flowMemory,
    });
    return { pipeline, flowMemory };
  }

  #address(index: number): string {
    return this.options.ipv6Underlay ? `fd99::${index + 1}` : `192.168.0.${index + 1}`;
  }

  #addHost(node: SimulatedNode): void {
    this.#addEnd(node, `host-${node.name}`, 0, 1);
  }

  #addPod(node: SimulatedNode, name: string, at: number): void {
    this.#addEnd(node, name, at + 1, at + 2);
  }

  #addEnd(node: SimulatedNode, name: string, port: number, last: number): void {
    const ipv6Net = node.index === 0 ? "fd00:10:244" : `fd00:10:244:${node.index}`;
    this.pods.set(name, {
      name,
      node,
      port,
      ipv4: `10.244.${node.index}.${last}`,
      ipv6: `${ipv6Net}::${last}`,
    });
    node.io.addPort(port);
    node.pipeline.addPort(port, this.options.podMtu ?? 1450);
  }

  #content(node: SimulatedNode, without: readonly string[]) {
    const addresses: AddressRow[] = [];
    const routes: RouteRow[] = [];
    const peers: PeerRow[] = [];
    for (const pod of this.pods.values()) {
      if (pod.node !== node || without.includes(pod.name)) continue;
      const at = pod.port === 0 ? HOST_TARGET : target(TargetKind.pod, pod.port);
      addresses.push({ words: words(pod.ipv4), target: at }, { words: words(pod.ipv6), target: at });
    }
    for (const other of this.nodes) {
      const isSelf = other === node;
      const row = isSelf ? TargetKind.vacant << 16 : target(TargetKind.peer, other.index);
      const ipv6Net = other.index === 0 ? "fd00:10:244::/64" : `fd00:10:244:${other.index}::/64`;
      routes.push({ ...parseCidr(`10.244.${other.index}.0/24`)!, target: row });
      routes.push({ ...parseCidr(ipv6Net)!, target: row });
      addresses.push({ words: words(other.address), target: isSelf ? HOST_TARGET : row });
      if (!isSelf) {
        peers.push(this.#peerRow(other));
        node.io.setPeer(other.index, other.address, 4789);
      }
    }
    routes.push({ ...parseCidr("10.244.0.0/16")!, target: TargetKind.unassigned << 16 });
    routes.push({ ...parseCidr("fd00:10:244::/56")!, target: TargetKind.unassigned << 16 });
    routes.push({ ...parseCidr("10.96.0.0/16")!, target: TargetKind.service << 16 });
    routes.push({ ...parseCidr("fd00:10:96::/112")!, target: TargetKind.service << 16 });
    const host = this.pod(`host-${node.name}`);
    return {
      revision: 1,
      vni: 1,
      underlayMtu: this.options.underlayMtu ?? 1500,
      mac: macOf(node.index),
      hostIpv4: words(host.ipv4),
      hostIpv6: words(host.ipv6),
      masqueradeIpv4: words(host.ipv4.replace(/1$/, "0")),
      masqueradeIpv6: words(host.ipv6.replace(/1$/, "")),
      addresses,
      routes,
      peers,
    };
  }

  #peerRow(peer: SimulatedNode): PeerRow {
    return {
      index: peer.index,
      mac: macOf(peer.index),
      underlayMtu: this.options.underlayMtu ?? 1500,
      remoteChecksumOffload: this.options.remoteChecksumOffload ?? false,
      outerIpv6: this.options.ipv6Underlay ?? false,
    };
  }
}

export function macOf(index: number): Uint8Array {
  return Uint8Array.of(2, 0, 0, 0, 0, index + 1);
}
