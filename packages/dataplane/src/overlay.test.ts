/** The overlay's outer side: who may send, what the headers must say, ECN, and remote checksum offload. */
import assert from "node:assert/strict";
import { ipv4, ipv6, Protocol, tcp, udp, vxlan } from "@podwire/wire";
import type { Message } from "./memory-io.ts";
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
import { packetOf } from "./testing/trace.ts";

/** Sends web -> db with the message changed on its way; the drops, or what arrived. */
function tampered(
  change: (message: Message, view: DataView) => Partial<Message> | undefined,
  line = "web -> db udp/9",
) {
  const cluster = new SimulatedCluster();
  cluster.network.impair = message => {
    const bytes = message.bytes.slice();
    const changes = change({ ...message, bytes }, new DataView(bytes.buffer)) ?? {};
    return [{ ...message, bytes, segmentSize: bytes.length, ...changes }];
  };
  const { from, packet } = packetOf(cluster, line);
  cluster.inject(from, plain(packet));
  cluster.run();
  return { drops: cluster.drops(), arrived: cluster.take("db").map(unwrap) };
}

describe("Pipeline: binding and decapsulation", () => {
  const cases: [string, string, (message: Message, view: DataView) => Partial<Message> | undefined][] = [
    ["an unknown outer source", "outer-source-unknown", () => ({ from: "192.168.0.99" })],
    ["another node's outer source", "inner-source-not-peers", () => ({ from: "192.168.0.3" })],
    ["no I flag", "vxlan-flags-bad", (_, view) => void view.setUint32(0, 0)],
    ["reserved flags", "vxlan-flags-bad", (_, view) => void view.setUint32(0, 0x08000001)],
    ["reserved byte after the VNI", "vxlan-flags-bad", (_, view) => void view.setUint8(7, 1)],
    [
      "group policy, which nobody announced",
      "vxlan-flags-bad",
      (_, view) => void view.setUint32(0, 0x88000000),
    ],
    ["another VNI", "vni-wrong", (_, view) => void view.setUint32(4, 2 << 8)],
    [
      "remote checksum offload that nobody announced",
      "remote-checksum-bad",
      (_, view) => {
        vxlan.setRemoteChecksum(view, 0, 34, udp.CHECKSUM_OFFSET);
        return undefined;
      },
    ],
    ["another inner MAC", "inner-mac-wrong", (_, view) => void view.setUint8(13, 9)],
    [
      "a broadcast inner MAC",
      "inner-mac-wrong",
      (_, view) => {
        view.setInt32(8, -1);
        view.setInt16(12, -1);
        return undefined;
      },
    ],
    ["ARP", "ether-type-unknown", (_, view) => void view.setUint16(20, 0x0806)],
    ["IPv6 announced, IPv4 inside", "ip-version-unknown", (_, view) => void view.setUint16(20, 0x86dd)],
    [
      "a datagram cut in the VXLAN header",
      "vxlan-short",
      message => ({ bytes: message.bytes.subarray(0, 7) }),
    ],
    ["a datagram without inner packet", "vxlan-short", message => ({ bytes: message.bytes.subarray(0, 22) })],
    [
      "an empty datagram",
      "vxlan-short",
      message => ({ bytes: message.bytes.subarray(0, 0), segmentSize: 0 }),
    ],
    ["an inner packet cut short", "ipv4-header-bad", message => ({ bytes: message.bytes.subarray(0, 50) })],
    ["a damaged inner header", "ipv4-checksum-bad", (_, view) => void view.setUint8(22 + 8, 9)],
  ];
  for (const [what, reason, change] of cases) {
    it(`refuses ${what}: ${reason}`, () => {
      const { drops, arrived } = tampered(change);
      assert.deepEqual(drops, { [reason]: 1 });
      assert.equal(arrived.length, 0);
    });
  }

  it("refuses inner destinations that are elsewhere: a loop", () => {
    const { drops } = tampered((_, view) => {
      ipv4.setDestination(view, 22, 0x0af40202);
      ipv4.complete(view, 22);
      return undefined;
    });
    assert.deepEqual(drops, { "inner-destination-elsewhere": 1 });
  });

  it("carries what is right", () => {
    const { drops, arrived } = tampered(() => undefined);
    assert.deepEqual(drops, {});
    assert.equal(arrived.length, 1);
  });
});

describe("Pipeline: ECN (RFC 6040)", () => {
  const NOT_ECT = 0;
  const ECT1 = 1;
  const ECT0 = 2;
  const CE = 3;
  const table: [number, number, number | "dropped"][] = [
    [NOT_ECT, NOT_ECT, NOT_ECT],
    [NOT_ECT, ECT0, NOT_ECT],
    [NOT_ECT, ECT1, NOT_ECT],
    [NOT_ECT, CE, "dropped"],
    [ECT0, NOT_ECT, ECT0],
    [ECT0, ECT0, ECT0],
    [ECT0, ECT1, ECT1],
    [ECT0, CE, CE],
    [ECT1, NOT_ECT, ECT1],
    [ECT1, ECT0, ECT1],
    [ECT1, ECT1, ECT1],
    [ECT1, CE, CE],
    [CE, NOT_ECT, CE],
    [CE, ECT0, CE],
    [CE, ECT1, CE],
    [CE, CE, CE],
  ];
  for (const family of ["ipv4", "ipv6"] as const) {
    it(`copies it out and merges it back in, ${family}`, () => {
      for (const [inner, outer, after] of table) {
        const cluster = new SimulatedCluster();
        let copied = -1;
        cluster.network.impair = message => {
          copied = message.tos;
          return [{ ...message, tos: outer }];
        };
        const packet = ipPacket({
          source: cluster.pod("web")[family],
          destination: cluster.pod("db")[family],
          protocol: Protocol.Udp,
          transport: udpDatagram(1, 2, 3),
          tos: 0xb8 | inner,
        });
        cluster.inject("web", plain(packet));
        cluster.run();
        const message = `inner ${inner}, outer ${outer}`;
        assert.equal(copied, inner, message);
        const [written] = cluster.take("db");
        if (after === "dropped") {
          assert.equal(written, undefined);
          assert.deepEqual(cluster.drops(), { "ecn-congestion": 1 });
          continue;
        }
        const got = new DataView(unwrap(written!).buffer);
        assert.equal(family === "ipv4" ? ipv4.tos(got, 0) : ipv6.trafficClass(got, 0), 0xb8 | after, message);
        if (family === "ipv4") assert.equal(ipv4.checksumFits(got, 0), 0, message);
      }
    });
  }
});

describe("Pipeline: remote checksum offload", () => {
  it("sends partial checksums to peers that announced it, and completes those of others", () => {
    for (const remoteChecksumOffload of [true, false]) {
      const cluster = new SimulatedCluster({ remoteChecksumOffload });
      let sent: Message | undefined;
      cluster.network.impair = message => {
        sent = message;
        return [message];
      };
      const { from, packet } = packetOf(cluster, "web -> db tcp/80 size=700");
      cluster.inject(from, offloaded(packet));
      cluster.run();
      const view = new DataView(sent!.bytes.slice().buffer);
      assert.equal(vxlan.hasRemoteChecksum(view, 0), remoteChecksumOffload);
      assert.equal(transportIsValid(sent!.bytes.slice(22)), !remoteChecksumOffload);
      const [written] = cluster.take("db");
      assert.equal(written![0]! & 1, remoteChecksumOffload ? 1 : 0);
    }
  });

  it("drops what points elsewhere than at the packet's checksum", () => {
    const cluster = new SimulatedCluster({ remoteChecksumOffload: true });
    cluster.network.impair = message => {
      const bytes = message.bytes.slice();
      bytes[7] = 0x7f;
      return [{ ...message, bytes }];
    };
    const { from, packet } = packetOf(cluster, "web -> db tcp/80 size=700");
    cluster.inject(from, offloaded(packet));
    cluster.run();
    assert.deepEqual(cluster.drops(), { "remote-checksum-bad": 1 });
  });
});

describe("Pipeline: coalescing", () => {
  it("sends neighbours of one size, flow and ECN in one message, in order", () => {
    const cluster = new SimulatedCluster();
    const messages: Message[] = [];
    cluster.network.impair = message => {
      messages.push(message);
      return [message];
    };
    const { ipv4: source } = cluster.pod("web");
    const { ipv4: destination } = cluster.pod("db");
    const sizes = [100, 100, 100, 60, 100, 100, 200];
    for (const [index, size] of sizes.entries()) {
      const transport = tcpSegment(40000, 80, tcp.ACK, size, index);
      cluster.inject("web", plain(ipPacket({ source, destination, protocol: Protocol.Tcp, transport })));
    }
    cluster.run();
    assert.deepEqual(
      messages.map(({ bytes, segmentSize }) => Math.ceil(bytes.length / segmentSize)),
      [4, 2, 1],
    );
    const sequences = cluster.take("db").map(written => new DataView(unwrap(written).buffer).getUint32(24));
    assert.deepEqual(sequences, [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(cluster.pod("web").node.counters.snapshot().peers.get(1)!.packetsOut, 7);
  });

  it("counts what the underlay refuses", () => {
    const cluster = new SimulatedCluster();
    cluster.pod("web").node.io.setPeer(1, "192.168.0.77", 4789);
    const { from, packet } = packetOf(cluster, "web -> db udp/9");
    for (let i = 0; i < 3; i++) cluster.inject(from, plain(packet));
    cluster.run();
    assert.deepEqual(cluster.drops(), { "underlay-send-failed": 3 });
  });
});
