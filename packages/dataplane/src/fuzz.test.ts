/**
 * A million mutated packets from both sides: nothing throws, nothing outside of the pipeline's memory is written,
 * nothing malformed goes out, and every packet is accounted for.
 */
import assert from "node:assert/strict";
import {
  allocateFlowRecords,
  buildServiceShards,
  buildTables,
  Counter,
  Counters,
  HOST_TARGET,
  parseCidr,
  type ServiceShards,
  TargetKind,
  target,
} from "@podwire/tables";
import { icmp, Protocol, tcp } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import { layoutArena } from "./arena-layout.ts";
import { createArena } from "./offload/index.ts";
import { Pipeline } from "./pipeline.ts";
import { macOf } from "./testing/cluster.ts";
import { FuzzIo } from "./testing/fuzz-io.ts";
import {
  echo,
  icmpMessage,
  ipPacket,
  offloaded,
  plain,
  sctpPacket,
  tcpSegment,
  udpDatagram,
  words,
} from "./testing/packets.ts";
import { Random } from "./testing/random.ts";

const PACKETS = 1_000_000;
const GUARD_BYTES = 4096;
const GUARD = 0xa5;

const HERE = { ipv4: "10.244.0.2", ipv6: "fd00:10:244::2" };
const NEIGHBOUR = { ipv4: "10.244.0.3", ipv6: "fd00:10:244::3" };
const THERE = { ipv4: "10.244.1.2", ipv6: "fd00:10:244:1::2" };
const VACANT = { ipv4: "10.244.0.99", ipv6: "fd00:10:244::99" };
/** A Service whose only backend is the sender itself, and others with backends elsewhere and without any. */
const OWN_SERVICE = { ipv4: "10.96.0.2", ipv6: "fd00:10:96::2" };
const SERVICE = { ipv4: "10.96.0.3", ipv6: "fd00:10:96::3" };
const EMPTY_SERVICE = { ipv4: "10.96.0.4", ipv6: "fd00:10:96::4" };
/** The node itself, whose ports are node ports; and a load balancer's address. */
const NODE = { ipv4: "192.168.0.1", ipv6: "fd99::9" };
const BALANCER = { ipv4: "203.0.113.5", ipv6: "2001:db8::5" };
const OUTSIDE = { ipv4: "198.51.100.7", ipv6: "2001:db8:9::7" };
type Ends = typeof HERE;

/** Packets of every kind from one end to another; `rewrite` turns each into what is read or received. */
function packetsBetween(from: Ends, to: Ends): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (const family of ["ipv4", "ipv6"] as const) {
    const isIpv6 = family === "ipv6";
    const ends = { source: from[family], destination: to[family] };
    const of = (protocol: number, transport: Uint8Array, more: object = {}) =>
      packets.push(ipPacket({ ...ends, protocol, transport, ...more }));
    of(Protocol.Tcp, tcpSegment(40000, 80, tcp.SYN));
    of(Protocol.Tcp, tcpSegment(40000, 80, tcp.ACK | tcp.PSH, 100), { tos: 2 });
    of(Protocol.Udp, udpDatagram(40000, 53, 64));
    of(Protocol.Udp, udpDatagram(40000, 53, 1600), { dontFragment: false });
    of(Protocol.Sctp, sctpPacket(5000, 5001, 1));
    of(isIpv6 ? Protocol.Icmpv6 : Protocol.Icmp, echo(isIpv6, false, 7));
    of(47, new Uint8Array(40));
    of(Protocol.Udp, udpDatagram(40001, 53, 64), { ttl: 1 });
    const quoted = ipPacket({
      source: to[family],
      destination: from[family],
      protocol: Protocol.Udp,
      transport: udpDatagram(53, 40000, 64),
    });
    of(
      isIpv6 ? Protocol.Icmpv6 : Protocol.Icmp,
      icmpMessage(isIpv6 ? 1 : icmp.Type.DestinationUnreachable, 1, 0, quoted),
    );
  }
  packets.push(...fragmentsOf(from.ipv4, to.ipv4));
  return packets;
}

/** A first and a later fragment. */
function fragmentsOf(source: string, destination: string): Uint8Array[] {
  return [0x2000, 0x0008].map(word => {
    const packet = ipPacket({
      source,
      destination,
      protocol: Protocol.Udp,
      transport: udpDatagram(40000, 53, 56),
    });
    const view = new DataView(packet.buffer);
    view.setUint16(4, 77);
    view.setUint16(6, word);
    return packet;
  });
}

function superPackets(from: Ends, to: Ends): Uint8Array[] {
  const of = (family: "ipv4" | "ipv6", protocol: number, transport: Uint8Array, dontFragment: boolean) =>
    offloaded(
      ipPacket({ source: from[family], destination: to[family], protocol, transport, dontFragment }),
      1000,
    );
  return [
    of("ipv4", Protocol.Tcp, tcpSegment(40000, 80, tcp.ACK, 5000), true),
    of("ipv4", Protocol.Tcp, tcpSegment(40000, 80, tcp.ACK, 3000), false),
    of("ipv6", Protocol.Tcp, tcpSegment(40000, 80, tcp.ACK, 5000), true),
    of("ipv4", Protocol.Udp, udpDatagram(40000, 80, 3000), true),
    of("ipv6", Protocol.Udp, udpDatagram(40000, 80, 3000), true),
  ];
}

function encapsulated(packet: Uint8Array, isPartial: boolean): Uint8Array {
  const bytes = new Uint8Array(22 + packet.length);
  const view = new DataView(bytes.buffer);
  const isIpv6 = packet[0]! >> 4 === 6;
  const isUdp = packet[isIpv6 ? 6 : 9] === Protocol.Udp;
  view.setUint32(0, isPartial ? 0x08200000 : 0x08000000);
  view.setUint32(4, (1 << 8) | (isPartial ? ((isIpv6 ? 54 : 34) >> 1) | (isUdp ? 0x80 : 0) : 0));
  bytes.set(macOf(0), 8);
  bytes.set(macOf(1), 14);
  view.setUint16(20, isIpv6 ? 0x86dd : 0x0800);
  bytes.set(packet, 22);
  return bytes;
}

const PORTS = [
  [Protocol.Tcp, 80],
  [Protocol.Udp, 53],
  [Protocol.Udp, 80],
  [Protocol.Sctp, 5001],
] as const;

function services(hasBackends: boolean): ServiceShards {
  const rows = (
    [
      [OWN_SERVICE, [HERE]],
      [SERVICE, [NEIGHBOUR, THERE, VACANT]],
      [EMPTY_SERVICE, []],
      [{ ipv4: "0.0.0.0", ipv6: "::" }, [HERE, THERE, VACANT, NODE]],
      [BALANCER, [THERE, NEIGHBOUR, OUTSIDE]],
    ] as const
  ).flatMap(([ends, to], index) =>
    (["ipv4", "ipv6"] as const).flatMap(family =>
      PORTS.map(([protocol, port]) => ({
        words: words(ends[family]),
        protocol,
        port,
        backends: to.map(each => ({ words: words(each[family]), port: port + 1000 })),
        accepting: hasBackends ? to.length : 0,
        owner: index + 1,
        affinityMs: index % 2 === 0 ? 20_000 : 0,
        ...(index > 3 && { outside: [{ words: words(HERE[family]), port: port + 1000 }], keepsSource: true }),
        ...(index > 4 && { sourceRanges: [parseCidr("198.51.100.0/28")!, parseCidr("fd00::/16")!] }),
      })),
    ),
  );
  return buildServiceShards(rows);
}

function tables(hasNeighbour: boolean): SharedArrayBuffer {
  const peer = target(TargetKind.peer, 1);
  const pod = (ends: Ends, port: number) =>
    [ends.ipv4, ends.ipv6].map(address => ({ words: words(address), target: target(TargetKind.pod, port) }));
  return buildTables({
    revision: 1,
    vni: 1,
    underlayMtu: 1500,
    mac: macOf(0),
    hostIpv4: words("10.244.0.1"),
    hostIpv6: words("fd00:10:244::1"),
    masqueradeIpv4: words("10.244.0.0"),
    masqueradeIpv6: words("fd00:10:244::"),
    addresses: [
      { words: words("10.244.0.1"), target: HOST_TARGET },
      ...[NODE.ipv4, NODE.ipv6].map(address => ({ words: words(address), target: HOST_TARGET })),
      ...pod(HERE, 1),
      ...(hasNeighbour ? pod(NEIGHBOUR, 2) : []),
      { words: words("192.168.0.2"), target: peer },
    ],
    routes: [
      { ...parseCidr("10.244.0.0/24")!, target: TargetKind.vacant << 16 },
      { ...parseCidr("10.244.1.0/24")!, target: peer },
      { ...parseCidr("fd00:10:244:1::/64")!, target: peer },
      { ...parseCidr("10.244.0.0/16")!, target: TargetKind.unassigned << 16 },
      { ...parseCidr("10.96.0.0/16")!, target: TargetKind.service << 16 },
    ],
    peers: [{ index: 1, mac: macOf(1), underlayMtu: 1500, remoteChecksumOffload: true, outerIpv6: false }],
  });
}

describe("Pipeline: mutated packets", () => {
  it("survives a million of them from both sides, and accounts for each", function () {
    this.timeout(120_000);
    const seed = testSeed();
    const random = new Random(seed);
    const reads = [THERE, NEIGHBOUR, VACANT, OWN_SERVICE, SERVICE, EMPTY_SERVICE, NODE, BALANCER].flatMap(
      to => [
        ...packetsBetween(HERE, to).map(plain),
        ...superPackets(HERE, to),
        ...packetsBetween(OUTSIDE, to).map(plain),
      ],
    );
    const datagrams = [HERE, NEIGHBOUR, VACANT, NODE, BALANCER].flatMap(to =>
      packetsBetween(THERE, to).flatMap(packet => [encapsulated(packet, false), encapsulated(packet, true)]),
    );
    const sources = ["192.168.0.2", "192.168.0.9", "fd99::1"].map(address => {
      const bytes = new Uint8Array(16);
      for (const [index, word] of words(address).entries())
        new DataView(bytes.buffer).setInt32(index * 4, word);
      return bytes;
    });
    const layout = layoutArena(GUARD_BYTES);
    const arena = createArena(layout.end + 64 + GUARD_BYTES);
    arena.u8.fill(GUARD);
    const io = new FuzzIo(arena, random, GUARD_BYTES, layout.end, reads, datagrams, sources);
    const counters = new Counters();
    const options = {
      io,
      counters,
      flowRecords: allocateFlowRecords(),
      hashSeed: [seed, 1],
      layout,
      mergeUdp: true,
      flows: 2048,
    } as const;
    const pipeline = new Pipeline(options);
    for (const port of [0, 1, 2]) pipeline.addPort(port, port === 2 ? 1280 : 1450);
    pipeline.publish(tables(true), services(true));

    let nowMs = 1_700_000_000_000;
    while (io.made < PACKETS) {
      io.readsLeft = random.below(40);
      io.messagesLeft = random.below(40);
      pipeline.fromTun(random.oneIn(2) ? random.below(3) : 1, nowMs, 64);
      pipeline.fromUnderlay(nowMs, 64);
      pipeline.flush();
      nowMs += random.oneIn(1000) ? 60_000 : random.below(20);
      if (random.oneIn(10)) pipeline.tick(nowMs);
      if (random.oneIn(500)) pipeline.publish(tables(random.oneIn(2)), services(random.oneIn(2)));
    }

    const { scalars, drops } = counters.snapshot();
    const message = `PODWIRE_SEED=${seed}`;
    // What a flush refused had been forwarded before.
    assert.equal(scalars.forwarded + counters.droppedInAll() - io.refused, io.made, message);
    assert.ok(
      arena.u8.subarray(0, GUARD_BYTES).every(byte => byte === GUARD),
      `${message}: guard before`,
    );
    assert.ok(
      arena.u8.subarray(layout.end + 48).every(byte => byte === GUARD),
      `${message}: guard after`,
    );
    assert.ok(scalars.forwarded > PACKETS / 10, `${message}: ${scalars.forwarded} got through`);
    assert.ok(counters.cells[Counter.flowsEvicted]! + counters.cells[Counter.flowsExpired]! > 0, message);
    assert.ok(scalars.affinities > 0, message);
    assert.ok(scalars.flowsTranslated > 100 && scalars.tcpResetsSent > 0, message);
    assert.ok(Object.keys(drops).length > 30, `${message}: only ${Object.keys(drops)}`);
  });
});
