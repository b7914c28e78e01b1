/** What is too large for its path: fragmented, segmented smaller, or refused with the MTU that fits. */
import assert from "node:assert/strict";
import { ipv4, Protocol, tcp } from "@podwire/wire";
import { SimulatedCluster } from "./testing/cluster.ts";
import {
  ipPacket,
  offloaded,
  plain,
  tcpSegment,
  transportIsValid,
  udpDatagram,
  unwrap,
} from "./testing/packets.ts";
import { expectFlow, packetOf, trace } from "./testing/trace.ts";

/** Puts IPv4 fragments together again; they must be complete and in order. */
function reassemble(fragments: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let next = 0;
  for (const [index, fragment] of fragments.entries()) {
    const view = new DataView(fragment.buffer, fragment.byteOffset);
    assert.equal(ipv4.checksumFits(view, 0), 0);
    assert.equal(ipv4.fragmentOffset(view, 0), next);
    const more = (ipv4.fragment(view, 0) & ipv4.MORE_FRAGMENTS) !== 0;
    assert.equal(more, index < fragments.length - 1);
    const header = ipv4.headerBytes(view, 0);
    next += fragment.length - header;
    parts.push(index === 0 ? fragment : fragment.subarray(header));
  }
  const whole = Uint8Array.from(parts.flatMap(part => [...part]));
  const view = new DataView(whole.buffer);
  ipv4.setTotalLength(view, 0, whole.length);
  ipv4.setFragment(view, 0, 0);
  ipv4.complete(view, 0);
  return whole;
}

describe("Pipeline: path MTU", () => {
  it("lets through what fits exactly, and tells the sender of one byte more", () => {
    const cluster = new SimulatedCluster({ podMtu: 9000 });
    expectFlow(cluster, "web -> db udp/9 size=1450", "delivered db");
    expectFlow(
      cluster,
      "web -> db udp/9 size=1451",
      "dropped too-big at a; web told: fragmentation needed, MTU 1450 by 10.244.0.1",
    );
    expectFlow(cluster, "web -> db udp/9 size=1450 ipv6", "delivered db");
    expectFlow(
      cluster,
      "web -> db udp/9 size=1451 ipv6",
      "dropped too-big at a; web told: packet too big, MTU 1450 by fd00:10:244::1",
    );
  });

  it("counts twenty bytes more for an IPv6 underlay", () => {
    const cluster = new SimulatedCluster({ podMtu: 9000, ipv6Underlay: true });
    expectFlow(cluster, "web -> db udp/9 size=1430", "delivered db");
    expectFlow(
      cluster,
      "web -> db udp/9 size=1431",
      "dropped too-big at a; web told: fragmentation needed, MTU 1430 by 10.244.0.1",
    );
  });

  it("learns what the kernel reports of the path, and forgets it after ten minutes", () => {
    const cluster = new SimulatedCluster();
    cluster.network.mtu = () => 1400;
    expectFlow(cluster, "web -> db udp/9 size=1400", "dropped underlay-too-big at a");
    const told = "dropped too-big at a; web told: fragmentation needed, MTU 1350 by 10.244.0.1";
    expectFlow(cluster, "web -> db udp/9 size=1400", told);
    expectFlow(cluster, "web -> db udp/9 size=1350", "delivered db");
    cluster.nowMs += 601_000;
    expectFlow(cluster, "web -> db udp/9 size=1400", "dropped underlay-too-big at a");
  });

  it("never promises IPv6 less than its minimum", () => {
    const cluster = new SimulatedCluster();
    cluster.network.mtu = () => 1300;
    trace(cluster, "web -> db udp/9 size=1400 ipv6");
    expectFlow(
      cluster,
      "web -> db udp/9 size=1400 ipv6",
      "dropped too-big at a; web told: packet too big, MTU 1280 by fd00:10:244::1",
    );
  });

  it("refuses super-packets whose segments do not fit, and makes them smaller where DF is clear", () => {
    const cluster = new SimulatedCluster();
    const packet = (dontFragment: boolean) =>
      ipPacket({
        source: cluster.pod("web").ipv4,
        destination: cluster.pod("db").ipv4,
        protocol: Protocol.Tcp,
        transport: tcpSegment(40000, 80, tcp.ACK, 20_000),
        dontFragment,
      });
    cluster.inject("web", offloaded(packet(true), 8000));
    cluster.run();
    assert.deepEqual(cluster.drops(), { "too-big": 1 });
    assert.equal(cluster.take("web").length, 1);
    cluster.inject("web", offloaded(packet(false), 8000));
    cluster.run();
    const [merged] = cluster.take("db");
    assert.deepEqual(unwrap(merged!).subarray(40), packet(false).subarray(40));
    assert.equal(new DataView(merged!.buffer).getUint16(4, true), 1410);
  });
});

describe("Pipeline: inner fragmentation", () => {
  it("fragments towards a peer and towards a pod with a smaller MTU; the parts make the whole", () => {
    const cluster = new SimulatedCluster({ podMtu: 9000 });
    cluster.pod("api").node.pipeline.addPort(cluster.pod("api").port, 1000);
    for (const to of ["db", "api"]) {
      const { from, packet } = packetOf(cluster, `web -> ${to} udp/9 size=5000 df=0`);
      // With its checksum left to us: it must be complete before the payload is spread over fragments.
      cluster.inject(from, offloaded(packet));
      cluster.run();
      const fragments = cluster.take(to).map(unwrap);
      assert.equal(fragments.length, to === "db" ? 4 : 6);
      const whole = reassemble(fragments);
      assert.ok(transportIsValid(whole));
      assert.deepEqual(whole.subarray(20), packet.subarray(20));
      assert.deepEqual(cluster.drops(), {});
    }
  });

  it("fragments fragments, and keeps to later ones only the options that are to be copied", () => {
    const cluster = new SimulatedCluster({ podMtu: 9000 });
    const { ipv4: source } = cluster.pod("web");
    const transport = udpDatagram(1, 2, 4000);
    const bare = ipPacket({
      source,
      destination: cluster.pod("db").ipv4,
      protocol: Protocol.Udp,
      transport,
      dontFragment: false,
    });
    // Record route (7, not copied), then loose source route's number (131, copied) with no addresses, then the end.
    const options = Uint8Array.of(7, 3, 4, 131, 3, 4, 0, 0);
    const packet = Uint8Array.from([...bare.subarray(0, 20), ...options, ...bare.subarray(20)]);
    const view = new DataView(packet.buffer);
    view.setUint8(0, 0x47);
    ipv4.setTotalLength(view, 0, packet.length);
    ipv4.setFragment(view, 0, ipv4.MORE_FRAGMENTS);
    ipv4.complete(view, 0);
    cluster.inject("web", plain(packet));
    cluster.run();
    const fragments = cluster.take("db").map(unwrap);
    assert.equal(fragments.length, 3);
    assert.deepEqual([...fragments[0]!.subarray(20, 28)], [...options]);
    assert.deepEqual([...fragments[1]!.subarray(20, 28)], [1, 1, 1, 131, 3, 4, 0, 0]);
    const last = new DataView(fragments[2]!.buffer);
    assert.equal(ipv4.fragment(last, 0) & ipv4.MORE_FRAGMENTS, ipv4.MORE_FRAGMENTS);
  });
});

describe("Pipeline: fragments of pods", () => {
  /** Two fragments of one UDP datagram. */
  function fragments(
    cluster: SimulatedCluster,
    to: string,
    identification: number,
  ): [Uint8Array, Uint8Array] {
    const whole = ipPacket({
      source: cluster.pod("web").ipv4,
      destination: cluster.pod(to).ipv4,
      protocol: Protocol.Udp,
      transport: udpDatagram(40000, 53, 120),
      identification,
      dontFragment: false,
    });
    const part = (from: number, end: number, word: number) => {
      const bytes = Uint8Array.from([...whole.subarray(0, 20), ...whole.subarray(20 + from, 20 + end)]);
      const view = new DataView(bytes.buffer);
      ipv4.setTotalLength(view, 0, bytes.length);
      ipv4.setFragment(view, 0, word);
      ipv4.complete(view, 0);
      return bytes;
    };
    return [part(0, 64, ipv4.MORE_FRAGMENTS), part(64, 128, 64 >> 3)];
  }

  function send(cluster: SimulatedCluster, packet: Uint8Array, to: string): number {
    cluster.inject("web", plain(packet));
    cluster.run();
    return cluster.take(to).length;
  }

  for (const to of ["api", "db"]) {
    it(`follow the first one's flow, to ${to}`, () => {
      const cluster = new SimulatedCluster();
      const [first, later] = fragments(cluster, to, 5);
      assert.equal(send(cluster, first, to), 1);
      assert.equal(send(cluster, later, to), 1);
      const { scalars } = cluster.pod("web").node.counters.snapshot();
      assert.equal(scalars.flowsCreated, 1);
    });
  }

  it("are dropped without a first one, after its time, and when the flow is over", () => {
    const cluster = new SimulatedCluster({ flows: 2 });
    const [first, later] = fragments(cluster, "api", 6);
    const [, other] = fragments(cluster, "api", 7);
    assert.equal(send(cluster, later, "api"), 0);
    assert.equal(send(cluster, first, "api"), 1);
    assert.equal(send(cluster, other, "api"), 0);
    cluster.nowMs += 30_001;
    assert.equal(send(cluster, later, "api"), 0);
    assert.equal(send(cluster, first, "api"), 1);
    for (const port of [1, 2]) trace(cluster, `api -> web udp/${port}`);
    assert.equal(send(cluster, later, "api"), 0);
    assert.deepEqual(cluster.drops(), { "fragment-without-first": 4 });
  });
});
