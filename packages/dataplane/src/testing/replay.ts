/**
 * One pipeline over a ReplayIo, with everything set for an established flow of each kind: pod 1 and pod 2 here, a pod
 * behind peer 1. What the benchmark measures and the heap test repeats.
 */
import {
  allocateFlowRecords,
  buildServiceShards,
  buildTables,
  Counters,
  HOST_TARGET,
  parseCidr,
  type ServiceShards,
  TargetKind,
  target,
} from "@podwire/tables";
import { Protocol, tcp } from "@podwire/wire";
import { layoutArena, PIPELINE_ARENA_BYTES } from "../arena-layout.ts";
import { limits } from "../limits.ts";
import { createArena } from "../offload/index.ts";
import { Pipeline } from "../pipeline.ts";
import { macOf } from "./cluster.ts";
import { ipPacket, offloaded, plain, tcpSegment, udpDatagram, words } from "./packets.ts";
import { ReplayIo } from "./replay-io.ts";

const HERE = "10.244.0.2";
const NEIGHBOUR = "10.244.0.3";
const THERE = "10.244.1.2";
const SERVICE_OF_NEIGHBOUR = "10.96.0.3";
const SERVICE_OF_THERE = "10.96.0.4";
const BINDING_SERVICE = "10.96.0.5";
const BATCH = 64;

export const replayCases = [
  "small TUN to underlay",
  "small underlay to TUN",
  "small TUN to TUN",
  "small IPv6 TUN to underlay",
  "small TUN to underlay, to a Service",
  "small TUN to underlay, new flows",
  "small TUN to underlay, new flows to a Service",
  "small TUN to underlay, new flows to a Service of 10,000",
  "small TUN to underlay, new flows to a Service with affinity",
  "64 KB TUN to underlay, checksums left to the peer",
  "64 KB TUN to underlay",
  "64 KB underlay to TUN, checksums left to us",
  "64 KB underlay to TUN",
  "64 KB TUN to TUN",
  "64 KB TUN to TUN, to a Service",
] as const;

export type ReplayCase = (typeof replayCases)[number];

export class Replay {
  readonly io: ReplayIo;
  readonly counters = new Counters();
  readonly #pipeline: Pipeline;
  readonly #isTun: boolean;
  nowMs = 1_700_000_000_000;

  constructor(name: ReplayCase) {
    const arena = createArena(PIPELINE_ARENA_BYTES + 64);
    this.io = new ReplayIo(arena, PIPELINE_ARENA_BYTES);
    for (const [index, word] of words("192.168.0.2").entries()) {
      arena.view.setInt32(PIPELINE_ARENA_BYTES + index * 4, word);
    }
    this.#pipeline = new Pipeline({
      io: this.io,
      counters: this.counters,
      flowRecords: allocateFlowRecords(),
      hashSeed: [1, 2],
      layout: layoutArena(0),
      mergeUdp: true,
      // So few that a source port that comes again is a new flow again.
      flows: name.includes("new flows") ? 8192 : limits.flows,
    });
    for (const port of [0, 1, 2]) this.#pipeline.addPort(port, 1450);
    this.#pipeline.publish(
      tablesOf(name.includes("left to")),
      services(name.includes("10,000") ? 10_000 : 0),
    );
    this.#isTun = !name.includes("underlay to TUN");
    this.io.variesSourcePort = name.includes("new flows");
    this.#load(name);
  }

  /** Sends `count` packets (datagrams, for what comes from the underlay) through, a batch at a time. */
  run(count: number): void {
    if (this.#isTun) {
      for (let left = count; left > 0; left -= BATCH) {
        this.io.remaining = Math.min(BATCH, left);
        this.#pipeline.fromTun(1, this.nowMs, BATCH);
        this.#pipeline.flush();
        this.nowMs += 0.05;
      }
      return;
    }
    const perMessage = Math.ceil(this.io.underlay.length / this.io.segmentSize);
    for (let left = Math.ceil(count / perMessage); left > 0; left -= 32) {
      this.io.remaining = Math.min(32, left);
      this.#pipeline.fromUnderlay(this.nowMs, 32);
      this.#pipeline.flush();
      this.nowMs += 0.05;
    }
  }

  #load(name: ReplayCase): void {
    const isSuper = name.startsWith("64 KB");
    if (this.#isTun) {
      const isLocal = name.includes("TUN to TUN");
      const service = isLocal ? SERVICE_OF_NEIGHBOUR : SERVICE_OF_THERE;
      const pod = isLocal ? NEIGHBOUR : THERE;
      const isBound = name.includes("affinity");
      const destination = isBound ? BINDING_SERVICE : name.includes("Service") ? service : pod;
      const isIpv6 = name.includes("IPv6");
      const transport = isSuper ? tcpSegment(40000, 80, tcp.ACK, 64_000) : udpDatagram(40000, 53, 64);
      const packet = ipPacket({
        source: isIpv6 ? "fd00:10:244::2" : HERE,
        destination: isIpv6 ? "fd00:10:244:1::2" : destination,
        protocol: isSuper ? Protocol.Tcp : Protocol.Udp,
        transport,
      });
      this.io.tun = isSuper ? offloaded(packet, 1400) : plain(packet);
      return;
    }
    const isPartial = name.includes("left to us");
    const frames = isSuper ? segments(isPartial) : [frame(udpDatagram(53, 40000, 64), Protocol.Udp, false)];
    this.io.segmentSize = frames[0]!.length;
    this.io.underlay = Uint8Array.from(frames.flatMap(bytes => [...bytes]));
  }
}

/** A TCP super-packet as a peer would have split it. */
function segments(isPartial: boolean): Uint8Array[] {
  return Array.from({ length: 44 }, (_, index) =>
    frame(tcpSegment(80, 40000, tcp.ACK, 1400, 1 + index * 1400), Protocol.Tcp, isPartial),
  );
}

function frame(transport: Uint8Array, protocol: number, isPartial: boolean): Uint8Array {
  const packet = ipPacket({ source: THERE, destination: HERE, protocol, transport });
  const bytes = new Uint8Array(22 + packet.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, isPartial ? 0x08200000 : 0x08000000);
  view.setUint32(4, (1 << 8) | (isPartial ? 34 >> 1 : 0));
  bytes.set(macOf(0), 8);
  bytes.set(macOf(1), 14);
  view.setUint16(20, 0x0800);
  bytes.set(packet, 22);
  return bytes;
}

/** Those that traffic is for, and `others` beside them. */
function services(others: number): ServiceShards {
  const row = (address: string, to: string, protocol: number, port: number, affinityMs = 0) => ({
    words: words(address),
    protocol,
    port,
    backends: [0, 1, 2, 3, 4].map(index => ({ words: words(to), port: port + 1000 + index })),
    accepting: 5,
    owner: 1,
    affinityMs,
  });
  return buildServiceShards([
    row(SERVICE_OF_NEIGHBOUR, NEIGHBOUR, Protocol.Tcp, 80),
    row(SERVICE_OF_THERE, THERE, Protocol.Udp, 53),
    row(BINDING_SERVICE, THERE, Protocol.Udp, 53, 10_800_000),
    ...Array.from({ length: others }, (_, index) =>
      row(`10.97.${index >> 8}.${index & 255}`, THERE, Protocol.Tcp, 80),
    ),
  ]);
}

function tablesOf(remoteChecksumOffload: boolean): SharedArrayBuffer {
  const peer = target(TargetKind.peer, 1);
  const pod = (port: number) => target(TargetKind.pod, port);
  return buildTables({
    revision: 1,
    vni: 1,
    underlayMtu: 1500,
    mac: macOf(0),
    hostIpv4: words("10.244.0.1"),
    addresses: [
      { words: words("10.244.0.1"), target: HOST_TARGET },
      { words: words(HERE), target: pod(1) },
      { words: words("fd00:10:244::2"), target: pod(1) },
      { words: words(NEIGHBOUR), target: pod(2) },
      { words: words("192.168.0.2"), target: peer },
    ],
    routes: [
      { ...parseCidr("10.244.1.0/24")!, target: peer },
      { ...parseCidr("fd00:10:244:1::/64")!, target: peer },
    ],
    peers: [{ index: 1, mac: macOf(1), underlayMtu: 1500, remoteChecksumOffload, outerIpv6: false }],
  });
}
