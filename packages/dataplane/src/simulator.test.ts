/**
 * A seeded network: three nodes, random traffic of all kinds among pods and hosts, an underlay that loses, repeats
 * and reorders messages. Everything that arrives was sent, to the right pod, in every byte but TTL and checksums; and a
 * run is the same run again, down to the golden table. A line of that table changes only with a change that means it.
 */
import assert from "node:assert/strict";
import type { ServiceRow } from "@podwire/tables";
import { ipv4, ipv6, Protocol, tcp, virtio } from "@podwire/wire";
import type { Message } from "./memory-io.ts";
import { SimulatedCluster, type SimulatedPod } from "./testing/cluster.ts";
import {
  echo,
  ipPacket,
  offloaded,
  plain,
  sctpPacket,
  tcpSegment,
  transportIsValid,
  udpDatagram,
  words,
} from "./testing/packets.ts";
import { Random } from "./testing/random.ts";

interface Scenario {
  readonly seed: number;
  readonly remoteChecksumOffload: boolean;
  /** Of a hundred messages. */
  readonly lost: number;
  readonly repeated: number;
  readonly reordered: number;
  /** Everything with ports goes to a Service of its receiver's. */
  readonly services?: true;
}

const PACKETS = 3000;

/** Of 3,000 packets: writes to TUN devices, super-packets among them, messages on the underlay, flows of all nodes. */
const golden: [Scenario, string][] = [
  [
    { seed: 1, remoteChecksumOffload: false, lost: 0, repeated: 0, reordered: 0 },
    "2998 written, 989 super-packets, 2214 messages, 2301 flows",
  ],
  [
    { seed: 2, remoteChecksumOffload: true, lost: 0, repeated: 0, reordered: 0 },
    "2999 written, 1033 super-packets, 2256 messages, 2369 flows",
  ],
  [
    { seed: 3, remoteChecksumOffload: false, lost: 5, repeated: 2, reordered: 0 },
    "2923 written, 1012 super-packets, 2191 messages, 2333 flows",
  ],
  [
    { seed: 4, remoteChecksumOffload: true, lost: 5, repeated: 5, reordered: 20 },
    "2979 written, 1067 super-packets, 2197 messages, 2316 flows",
  ],
  [
    { seed: 5, remoteChecksumOffload: true, lost: 0, repeated: 0, reordered: 0, services: true },
    "2998 written, 956 super-packets, 2192 messages, 2344 flows",
  ],
];

function impairment(random: Random, scenario: Scenario): (message: Message) => readonly Message[] {
  let held: Message | undefined;
  return message => {
    const out: Message[] = [];
    if (random.below(100) < scenario.reordered && held === undefined) held = message;
    else if (random.below(100) >= scenario.lost) out.push(message);
    if (random.below(100) < scenario.repeated) out.push(message);
    if (held !== undefined && held !== message && out.length > 0) {
      out.push(held);
      held = undefined;
    }
    return out;
  };
}

const PORTS = [
  [Protocol.Tcp, 80],
  [Protocol.Udp, 53],
  [Protocol.Sctp, 9],
] as const;

/** The address of a pod's Service. */
function serviceOf(pods: readonly SimulatedPod[], pod: SimulatedPod, family: "ipv4" | "ipv6"): string {
  const number = 1 + pods.indexOf(pod);
  return family === "ipv4" ? `10.96.0.${number}` : `fd00:10:96::${number}`;
}

function servicesOf(pods: readonly SimulatedPod[]): ServiceRow[] {
  return pods.flatMap(pod =>
    (["ipv4", "ipv6"] as const).flatMap(family =>
      PORTS.map(([protocol, port]) => ({
        words: words(serviceOf(pods, pod, family)),
        protocol,
        port,
        backends: [{ words: words(pod[family]), port }],
        accepting: 1,
      })),
    ),
  );
}

/** What the sender's kernel hands to its TUN device; `service` gives the address for what has ports. */
function randomRead(
  random: Random,
  from: SimulatedPod,
  to: SimulatedPod,
  sequence: number,
  service: (family: "ipv4" | "ipv6") => string = family => to[family],
): Uint8Array {
  const family = random.oneIn(2) ? "ipv4" : "ipv6";
  const port = 1 + random.below(4);
  const packet = (protocol: number, transport: Uint8Array) => {
    const hasPorts = PORTS.some(each => each[0] === protocol);
    const ends = { source: from[family], destination: hasPorts ? service(family) : to[family] };
    return ipPacket({ ...ends, protocol, transport, identification: sequence & 0xffff });
  };
  switch (random.below(6)) {
    case 0:
      return plain(packet(Protocol.Udp, udpDatagram(port, 53, random.below(1200))));
    case 1:
      return offloaded(packet(Protocol.Udp, udpDatagram(port, 53, 1 + random.below(1200))));
    case 2:
      return offloaded(packet(Protocol.Udp, udpDatagram(port, 53, 3000 + random.below(9000))), 1200);
    case 3:
      return plain(packet(Protocol.Sctp, sctpPacket(port, 9, 1)));
    case 4:
      return plain(
        packet(family === "ipv6" ? Protocol.Icmpv6 : Protocol.Icmp, echo(family === "ipv6", false, port)),
      );
    default: {
      const transport = tcpSegment(port, 80, tcp.ACK, 2000 + random.below(50_000), sequence * 65_536);
      return offloaded(packet(Protocol.Tcp, transport), 1300);
    }
  }
}

/**
 * The segments of a packet (itself, when it is none of the large ones), as text, without what the way may change: TTL,
 * lengths, checksums, and with whom a segment shares its super-packet.
 */
function segmentsOf(written: Uint8Array): string[] {
  const header = new DataView(written.buffer, written.byteOffset);
  const bytes = written.slice(virtio.HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const isIpv4 = bytes[0]! >> 4 === 4;
  const addresses = isIpv4 ? bytes.slice(12, 20) : bytes.slice(8, 40);
  const protocol = isIpv4 ? ipv4.protocol(view, 0) : ipv6.nextHeader(view, 0);
  const transportAt = isIpv4 ? 20 : 40;
  const payloadAt = transportAt + (protocol === Protocol.Tcp ? 20 : protocol === Protocol.Udp ? 8 : 0);
  const ports = view.getUint32(transportAt);
  const sequence = protocol === Protocol.Tcp ? tcp.sequence(view, transportAt) : 0;
  const size = virtio.gsoSize(header, 0) || bytes.length;
  const segments: string[] = [];
  for (let at = payloadAt; at < bytes.length || segments.length === 0; at += size) {
    const place = protocol === Protocol.Tcp ? sequence + at - payloadAt : 0;
    segments.push(`${protocol} ${addresses} ${ports} ${place} ${hash(bytes.subarray(at, at + size))}`);
  }
  return segments;
}

function hash(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

/** A packet with its checksum complete that arrives must verify. */
function isIntact(written: Uint8Array): boolean {
  return (written[0]! & virtio.FLAG_NEEDS_CSUM) !== 0 || transportIsValid(written.slice(virtio.HEADER_BYTES));
}

function run(scenario: Scenario): string {
  const random = new Random(scenario.seed);
  const cluster = new SimulatedCluster({
    remoteChecksumOffload: scenario.remoteChecksumOffload,
    hashSeed: [scenario.seed, 9],
  });
  let messages = 0;
  const impair = impairment(random, scenario);
  cluster.network.impair = message => {
    messages++;
    return impair(message);
  };
  const pods = [...cluster.pods.values()];
  if (scenario.services) cluster.serve(servicesOf(pods));
  const sent = new Map<string, Set<string>>(pods.map(pod => [pod.name, new Set()]));
  let written = 0;
  let superPackets = 0;
  let segmentsSent = 0;
  let segmentsArrived = 0;
  const collect = (pod: SimulatedPod) => {
    for (const packet of cluster.take(pod.name)) {
      written++;
      if (packet[1] !== virtio.Gso.None) superPackets++;
      assert.ok(isIntact(packet), `seed ${scenario.seed}: damaged at ${pod.name}`);
      for (const segment of segmentsOf(packet)) {
        segmentsArrived++;
        assert.ok(sent.get(pod.name)!.has(segment), `seed ${scenario.seed}: never sent to ${pod.name}`);
      }
    }
  };
  for (let sequence = 1; sequence <= PACKETS; sequence++) {
    const from = random.pick(pods);
    const to = random.pick(pods.filter(pod => pod !== from));
    // The same packet once more, addressed to the pod itself: that is what arrives.
    const twin = random.clone();
    const read = randomRead(
      random,
      from,
      to,
      sequence,
      scenario.services && (family => serviceOf(pods, to, family)),
    );
    for (const segment of segmentsOf(randomRead(twin, from, to, sequence))) {
      segmentsSent++;
      sent.get(to.name)!.add(segment);
    }
    cluster.inject(from.name, read.slice());
    if (!random.oneIn(8) && sequence < PACKETS) continue;
    cluster.run();
    cluster.nowMs += random.below(50);
    for (const pod of pods) collect(pod);
  }
  if (scenario.lost + scenario.repeated + scenario.reordered === 0)
    assert.equal(segmentsArrived, segmentsSent);
  assert.deepEqual(cluster.drops(), {}, `seed ${scenario.seed}`);
  const flows = cluster.nodes.reduce((sum, node) => sum + node.counters.snapshot().scalars.flowsCreated, 0);
  return `${written} written, ${superPackets} super-packets, ${messages} messages, ${flows} flows`;
}

describe("Pipeline: simulated network", () => {
  for (const [scenario, expected] of golden) {
    const { seed, lost, repeated, reordered } = scenario;
    const to = scenario.services ? ", to Services" : "";
    it(`seed ${seed}: ${lost} % lost, ${repeated} % repeated, ${reordered} % reordered${to}`, function () {
      this.timeout(30_000);
      assert.equal(run(scenario), expected);
    });
  }
});
