/** Connection tracking against its slow twin: random packets, random times, a table that is always too small. */
import assert from "node:assert/strict";
import { Protocol, sctp, tcp } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import { Clock } from "./clock.ts";
import { Conntrack, Flow } from "./conntrack.ts";
import { Packet } from "./packet.ts";
import { TcpState } from "./tcp-state.ts";
import { ConntrackTwin, type TwinFlow, type TwinPacket } from "./testing/conntrack-twin.ts";
import { words } from "./testing/packets.ts";
import { Random } from "./testing/random.ts";
import { NO_ENTRY } from "./tuple-table.ts";

const CAPACITY = 24;
const STEPS = 60_000;
const TCP_FLAGS: { readonly [says: string]: number } = {
  S: tcp.SYN,
  SA: tcp.SYN | tcp.ACK,
  A: tcp.ACK,
  FA: tcp.FIN | tcp.ACK,
  R: tcp.RST,
};
const CHUNKS: { readonly [says: string]: number } = {
  init: sctp.Chunk.Init,
  data: sctp.Chunk.Data,
  abort: sctp.Chunk.Abort,
};
const NUMBERS = { tcp: Protocol.Tcp, udp: Protocol.Udp, icmp: Protocol.Icmp, sctp: Protocol.Sctp, other: 47 };
const HOSTS = ["10.244.0.2", "10.244.0.3", "fd00::2", "fd00::3"];

function randomPacket(random: Random): TwinPacket {
  const hosts = random.oneIn(2) ? HOSTS.slice(0, 2) : HOSTS.slice(2);
  if (random.oneIn(2)) hosts.reverse();
  const protocol = random.pick(["tcp", "tcp", "tcp", "udp", "icmp", "sctp", "other"] as const);
  const port = () => (protocol === "other" ? 0 : 1 + random.below(3));
  const says = protocol === "tcp" ? Object.keys(TCP_FLAGS) : protocol === "sctp" ? Object.keys(CHUNKS) : [""];
  return {
    source: `${hosts[0]}/${port()}`,
    destination: `${hosts[1]}/${port()}`,
    protocol,
    says: random.pick(says),
  };
}

function fill(packet: Packet, { source, destination, protocol, says }: TwinPacket): void {
  const [from, sourcePort] = source.split("/") as [string, string];
  const [to, destinationPort] = destination.split("/") as [string, string];
  [packet.source0, packet.source1, packet.source2, packet.source3] = words(from);
  [packet.destination0, packet.destination1, packet.destination2, packet.destination3] = words(to);
  packet.version = from.includes(":") ? 6 : 4;
  packet.protocol = NUMBERS[protocol];
  packet.ports = (Number(sourcePort) << 16) | Number(destinationPort);
  packet.flags = protocol === "tcp" ? TCP_FLAGS[says]! : protocol === "sctp" ? CHUNKS[says]! : 0;
}

/** A state's number by the twin's name. */
function stateNumber(flow: TwinFlow): number {
  const others = { oneWay: 0, bothWays: 1, setup: 0, established: 1, shutdown: 2 } as const;
  return flow.protocol === "tcp"
    ? TcpState[flow.state as keyof typeof TcpState]
    : others[flow.state as keyof typeof others];
}

describe("Conntrack", () => {
  it("finds, times out, evicts and changes states as its slow twin does", function () {
    this.timeout(60_000);
    const seed = testSeed();
    const random = new Random(seed);
    const twin = new ConntrackTwin();
    const clock = new Clock();
    const flowOf = new Map<number, TwinFlow>();
    let ended: number[] = [];
    const conntrack = new Conntrack(CAPACITY, [seed, 2], clock, { flowEnded: flow => ended.push(flow) });
    const packet = new Packet();
    let nowMs = 5_000_000;
    for (let step = 0; step < STEPS; step++) {
      const message = `PODWIRE_SEED=${seed}, step ${step}`;
      nowMs += random.oneIn(20) ? random.below(200_000) : random.below(500);
      clock.set(nowMs);
      const sent = randomPacket(random);
      fill(packet, sent);
      ended = [];
      const expected = twin.find(sent, nowMs);
      const entry = conntrack.find(packet);
      for (const flow of ended) flowOf.delete(flow);
      assert.equal(entry === NO_ENTRY, expected === undefined, message);
      if (expected !== undefined) {
        assert.equal(flowOf.get(entry >> 1), expected.flow, message);
        assert.equal(entry & 1, expected.direction, message);
        conntrack.touch(entry, packet.flags, 100);
        twin.touch(expected.flow, entry & 1, sent, nowMs);
      } else {
        const isFull = twin.flows.length === CAPACITY;
        const oldestMs = Math.min(...twin.flows.map(flow => flow.lastMs));
        ended = [];
        const flow = conntrack.create(packet, packet, 0, 1, 2);
        assert.equal(ended.length, isFull ? 1 : 0, message);
        if (isFull) {
          const evicted = flowOf.get(ended[0]!)!;
          assert.ok(
            evicted.lastMs <= oldestMs + 1000,
            `${message}: evicted one idle since ${evicted.lastMs}`,
          );
          twin.remove(evicted);
        }
        flowOf.set(flow, twin.create(sent, nowMs));
      }
      if (random.oneIn(50)) {
        ended = [];
        conntrack.sweep(CAPACITY);
        for (const flow of ended) flowOf.delete(flow);
        twin.sweep(nowMs);
      }
      assert.equal(conntrack.live, twin.flows.length, message);
      for (const [flow, twinFlow] of flowOf) {
        assert.equal(
          conntrack.get(flow, Flow.state),
          stateNumber(twinFlow),
          `${message}: ${JSON.stringify(twinFlow)}`,
        );
      }
    }
    assert.ok(conntrack.evicted > 100 && conntrack.expired > 100, `PODWIRE_SEED=${seed}`);
  });

  it("keeps its word over the wrap of its clock", () => {
    const clock = new Clock();
    clock.set(0);
    const conntrack = new Conntrack(4, [1, 2], clock, { flowEnded: () => {} });
    const packet = new Packet();
    fill(packet, { source: "10.0.0.1/1", destination: "10.0.0.2/2", protocol: "tcp", says: "A" });
    clock.set(2 ** 31 - 10);
    conntrack.create(packet, packet, 0, 1, 2);
    clock.set(2 ** 31 + 80_000_000);
    assert.notEqual(conntrack.find(packet), NO_ENTRY);
    clock.set(2 ** 31 + 90_000_000);
    assert.equal(conntrack.find(packet), NO_ENTRY);
  });
});
