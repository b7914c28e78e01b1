/** The data path as traced packets: what a pod sends, and what becomes of it. */
import assert from "node:assert/strict";
import { icmp, ipv4, Protocol } from "@podwire/wire";
import { SimulatedCluster } from "./testing/cluster.ts";
import {
  icmpMessage,
  ipPacket,
  offloaded,
  plain,
  tcpSegment,
  transportIsValid,
  unwrap,
} from "./testing/packets.ts";
import { expectFlow, packetOf, trace, traceRead } from "./testing/trace.ts";

describe("Pipeline: reach", () => {
  const protocols = [
    "tcp/80",
    "udp/53",
    "sctp/9",
    "ping/7",
    "protocol47",
    "tcp/80 ipv6",
    "udp/53 ipv6",
    "ping/7 ipv6",
  ];
  for (const protocol of protocols) {
    it(`carries ${protocol} on one node, across nodes, from and to hosts`, () => {
      const cluster = new SimulatedCluster();
      expectFlow(cluster, `web -> api ${protocol}`, "delivered api");
      expectFlow(cluster, `web -> db ${protocol}`, "delivered db");
      expectFlow(cluster, `host-a -> web ${protocol}`, "delivered web");
      expectFlow(cluster, `host-a -> db ${protocol}`, "delivered db");
      expectFlow(cluster, `web -> host-a ${protocol}`, "delivered host-a");
      expectFlow(cluster, `web -> host-b ${protocol}`, "delivered host-b");
    });
  }

  it("carries replies, and packets of a flow by its stored route", () => {
    const cluster = new SimulatedCluster();
    expectFlow(cluster, "web -> db tcp/80", "delivered db");
    expectFlow(cluster, "db -> web tcp/40000 sport=80 flags=SA", "delivered web");
    expectFlow(cluster, "web -> db tcp/80 flags=A", "delivered db");
    expectFlow(cluster, "web -> db ping/7", "delivered db");
    expectFlow(cluster, "db -> web pong/7", "delivered web");
    assert.equal(cluster.pod("web").node.counters.snapshot().scalars.fastPath, 3);
    assert.equal(cluster.pod("web").node.counters.snapshot().scalars.flowsCreated, 2);
  });

  it("sends pods' traffic to the outside and to nodes through hosts", () => {
    const cluster = new SimulatedCluster();
    expectFlow(cluster, "web -> 8.8.8.8 udp/53", "delivered host-a");
    expectFlow(cluster, "host-a -> web udp/40000 sport=53 from=8.8.8.8", "delivered web");
    expectFlow(cluster, "web -> 192.168.0.1 tcp/22", "delivered host-a");
    expectFlow(cluster, "web -> 192.168.0.2 tcp/22", "delivered host-b");
    expectFlow(cluster, "host-b -> web tcp/40000 sport=22 flags=SA from=192.168.0.2", "delivered web");
  });
});

describe("Pipeline: refusals", () => {
  it("names spoofed sources", () => {
    const cluster = new SimulatedCluster();
    expectFlow(cluster, "web -> db tcp/80 from=10.244.0.3", "dropped source-not-pods at a");
    expectFlow(cluster, "web -> db tcp/80 from=8.8.8.8", "dropped source-not-pods at a");
    expectFlow(cluster, "host-a -> db tcp/80 from=10.244.1.9", "dropped source-not-hosts at a");
    expectFlow(cluster, "host-a -> web tcp/80 from=10.244.0.3", "dropped source-not-hosts at a");
    expectFlow(cluster, "api -> db tcp/80", "delivered db");
    expectFlow(cluster, "web -> db tcp/80 from=10.244.0.3", "dropped source-not-pods at a");
  });

  it("names destinations that nobody has, and tells the sender", () => {
    const cluster = new SimulatedCluster();
    const refusals: [string, string][] = [
      ["web -> 10.244.0.77 tcp/80", "dropped no-such-pod at a; web told: host unreachable by 10.244.0.1"],
      ["web -> 10.244.1.77 tcp/80", "dropped no-such-pod at b; web told: host unreachable by 10.244.1.1"],
      ["web -> 10.244.9.1 udp/80", "dropped no-route at a; web told: host unreachable by 10.244.0.1"],
      [
        "web -> fd00:10:244:1::77 tcp/80",
        "dropped no-such-pod at b; web told: address unreachable by fd00:10:244:1::1",
      ],
      ["host-a -> 8.8.8.8 tcp/80", "dropped host-loop at a"],
      [
        "host-a -> 10.244.0.77 tcp/80",
        "dropped no-such-pod at a; host-a told: host unreachable by 10.244.0.77",
      ],
      [
        "host-a -> fd00:10:244::77 tcp/80",
        "dropped no-such-pod at a; host-a told: address unreachable by fd00:10:244::77",
      ],
    ];
    for (const [sent, outcome] of refusals) expectFlow(cluster, sent, outcome);
  });

  it("names what the pod network does not carry", () => {
    const cluster = new SimulatedCluster();
    expectFlow(cluster, "web -> 224.0.0.251 udp/5353", "dropped multicast-dns at a");
    expectFlow(cluster, "web -> 239.1.2.3 udp/99", "dropped multicast at a");
    expectFlow(cluster, "web -> 224.0.0.22 protocol2", "dropped multicast-listener at a");
    expectFlow(cluster, "web -> 255.255.255.255 udp/67", "dropped broadcast at a");
    expectFlow(cluster, "web -> ff02::fb udp/5353 from=fe80::1", "dropped multicast-dns at a");
    expectFlow(cluster, "web -> fe80::2 udp/99 from=fe80::1", "dropped link-local at a");
    expectFlow(cluster, "web -> 127.0.0.1 udp/99", "dropped destination-address-bad at a");
    const solicitation = icmpMessage(133, 0, 0);
    const packet = ipPacket({
      source: "fe80::1",
      destination: "ff02::2",
      protocol: Protocol.Icmpv6,
      transport: solicitation,
    });
    assert.equal(traceRead(cluster, "web", plain(packet)), "dropped neighbour-discovery at a");
  });

  it("drops replies that nobody asked for", () => {
    const cluster = new SimulatedCluster();
    expectFlow(cluster, "web -> db pong/7", "dropped icmp-reply-unsolicited at a");
  });
});

describe("Pipeline: TTL and hop limit", () => {
  it("counts one down on each node that forwards for a pod", () => {
    const cluster = new SimulatedCluster();
    const ttlAfter = (sent: string, to: string) => {
      const { from, packet } = packetOf(cluster, sent);
      cluster.inject(from, plain(packet));
      cluster.run();
      const got = unwrap(cluster.take(to)[0]!);
      assert.ok(transportIsValid(got));
      if (got[0]! >> 4 === 4) assert.equal(ipv4.checksumFits(new DataView(got.buffer), 0), 0);
      return got[0]! >> 4 === 4 ? got[8] : got[7];
    };
    assert.equal(ttlAfter("web -> api tcp/80", "api"), 63);
    assert.equal(ttlAfter("web -> db tcp/80", "db"), 62);
    assert.equal(ttlAfter("web -> db tcp/80 ipv6", "db"), 62);
    assert.equal(ttlAfter("web -> host-a tcp/80", "host-a"), 64);
    assert.equal(ttlAfter("web -> host-b tcp/80", "host-b"), 63);
    assert.equal(ttlAfter("host-a -> web tcp/81", "web"), 64);
    assert.equal(ttlAfter("host-a -> db tcp/80", "db"), 63);
  });

  it("tells the sender on which node it ran out", () => {
    const cluster = new SimulatedCluster();
    expectFlow(
      cluster,
      "web -> db udp/33434 ttl=1",
      "dropped time-to-live-expired at a; web told: time exceeded by 10.244.0.1",
    );
    expectFlow(
      cluster,
      "web -> db udp/33434 ttl=2",
      "dropped time-to-live-expired at b; web told: time exceeded by 10.244.1.1",
    );
    expectFlow(cluster, "web -> db udp/33434 ttl=3", "delivered db");
    expectFlow(
      cluster,
      "web -> db udp/33434 ttl=2 ipv6",
      "dropped time-to-live-expired at b; web told: time exceeded by fd00:10:244:1::1",
    );
  });

  it("does not run out of room for errors that stay on the node", () => {
    const cluster = new SimulatedCluster();
    const { packet } = packetOf(cluster, "web -> api udp/9 ttl=1 size=600");
    // More errors than the arena has bytes for.
    for (let i = 0; i < 5000; i++) {
      cluster.nowMs += 50;
      cluster.inject("web", plain(packet.slice()));
      cluster.run();
      assert.equal(cluster.take("web").length, 1);
    }
  });

  it("limits how many errors it sends", () => {
    const cluster = new SimulatedCluster();
    for (let i = 0; i < 100; i++) trace(cluster, `web -> db udp/${33434 + i} ttl=1`);
    const { scalars } = cluster.pod("web").node.counters.snapshot();
    assert.equal(scalars.icmpErrorsSent, 20);
    assert.equal(scalars.answersSuppressed, 80);
    cluster.nowMs += 100;
    assert.match(trace(cluster, "web -> db udp/1 ttl=1"), /web told/);
  });
});

describe("Pipeline: ICMP errors of others", () => {
  const portUnreachable = (cluster: SimulatedCluster, from: string, to: string, quoted: Uint8Array) =>
    plain(
      ipPacket({
        source: cluster.pod(from).ipv4,
        destination: cluster.pod(to).ipv4,
        protocol: Protocol.Icmp,
        transport: icmpMessage(
          icmp.Type.DestinationUnreachable,
          icmp.Unreachable.Port,
          0,
          quoted.slice(0, 28),
        ),
      }),
    );

  it("go back along the flow that they quote", () => {
    const cluster = new SimulatedCluster();
    const { packet } = packetOf(cluster, "web -> db udp/9");
    expectFlow(cluster, "web -> db udp/9", "delivered db");
    assert.equal(
      traceRead(cluster, "db", portUnreachable(cluster, "db", "web", packet)),
      "web told: port unreachable by 10.244.1.2",
    );
  });

  it("are dropped when they quote no flow, or come from off its path", () => {
    const cluster = new SimulatedCluster();
    const { packet } = packetOf(cluster, "web -> db udp/9");
    assert.equal(
      traceRead(cluster, "db", portUnreachable(cluster, "db", "web", packet)),
      "dropped icmp-error-no-flow at b",
    );
    expectFlow(cluster, "web -> db udp/9", "delivered db");
    assert.equal(
      traceRead(cluster, "api", portUnreachable(cluster, "api", "web", packet)),
      "dropped icmp-error-bad at a",
    );
    assert.equal(
      traceRead(cluster, "job", portUnreachable(cluster, "job", "web", packet)),
      "dropped icmp-error-no-flow at c",
    );
  });
});

describe("Pipeline: super-packets and checksums", () => {
  for (const remoteChecksumOffload of [false, true]) {
    it(`splits and merges them, remote checksum offload ${remoteChecksumOffload}`, () => {
      const cluster = new SimulatedCluster({ remoteChecksumOffload });
      for (const [source, destination] of [
        [cluster.pod("web").ipv4, cluster.pod("db").ipv4],
        [cluster.pod("web").ipv6, cluster.pod("db").ipv6],
      ] as const) {
        const transport = tcpSegment(40000, 80, 0x10, 60_000);
        const packet = ipPacket({ source, destination, protocol: Protocol.Tcp, transport });
        const read = offloaded(packet, 1380);
        cluster.inject("web", read.slice());
        cluster.run();
        const [written, ...others] = cluster.take("db");
        assert.equal(others.length, 0);
        // Two nodes counted the TTL down; all else is as it was sent.
        assert.deepEqual(unwrap(written!).subarray(40), read.subarray(50));
        assert.equal(written![1], read[1]);
      }
      const { scalars } = cluster.pod("web").node.counters.snapshot();
      assert.equal(scalars.superPacketsSplit, 2);
      assert.equal(cluster.pod("db").node.counters.snapshot().scalars.superPacketsMerged, 2);
    });
  }

  it("hands them whole to pods of the same node", () => {
    const cluster = new SimulatedCluster();
    const transport = tcpSegment(40000, 80, 0x10, 60_000);
    const { ipv4: source } = cluster.pod("web");
    const packet = ipPacket({
      source,
      destination: cluster.pod("api").ipv4,
      protocol: Protocol.Tcp,
      transport,
    });
    const read = offloaded(packet, 1380);
    cluster.inject("web", read.slice());
    cluster.run();
    const [written] = cluster.take("api");
    assert.deepEqual(written!.subarray(0, 10), read.subarray(0, 10));
    assert.deepEqual(written!.subarray(22), read.subarray(22));
  });

  it("completes a partial checksum for a peer that cannot", () => {
    const cluster = new SimulatedCluster();
    const { from, packet } = packetOf(cluster, "web -> db udp/53 size=500");
    cluster.inject(from, offloaded(packet));
    cluster.run();
    assert.ok(transportIsValid(unwrap(cluster.take("db")[0]!)));
  });
});
