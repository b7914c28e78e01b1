import assert from "node:assert/strict";
import { ERRNO, inNamespace, withRtnetlink } from "@podwire/linux";
import { buildTables } from "@podwire/tables";
import { startDataPlane } from "./handle.ts";
import { PodNetwork } from "./testing/pod-network.ts";
import { addressOfPod, exchangeDatagram, ping, stream } from "./testing/traffic.ts";

const FAMILIES = [4, 6] as const;
/** EHOSTUNREACH: what the kernel makes of ICMP time exceeded (ICMPv6: the same). */
const EXPIRED_IN_TRANSIT = 113;
const MEBIBYTE = 1024 * 1024;

for (const underlayFamily of FAMILIES) {
  describe(`the data plane over an IPv${underlayFamily} underlay`, () => {
    let network: PodNetwork;
    before(async () => {
      network = await PodNetwork.open({ underlayMtu: 1500, underlayFamily, pods: [2, 1], kernelNode: true });
    });
    after(() => network.close());

    const pairs = [
      ["a1", "a2", "on one node"],
      ["a1", "b1", "across nodes"],
      ["a1", "c1", "to a node that is a kernel VXLAN device"],
      ["c1", "b1", "from a node that is a kernel VXLAN device"],
    ] as const;

    for (const [from, to, where] of pairs) {
      for (const family of FAMILIES) {
        it(`carries IPv${family} ${where}: echo, datagrams, fragments, a stream`, () => {
          const [one, other] = [network.pod(from), network.pod(to)];
          assert.equal(ping(one, addressOfPod(other, family)), 0);
          for (const bytes of [1, 64, 1400, 5000]) {
            assert.equal(exchangeDatagram(one, other, family, bytes), addressOfPod(one, family));
          }
          stream(one, other, family, 8 * MEBIBYTE);
          stream(other, one, family, MEBIBYTE);
        });
      }
    }

    it("tells a sender when its packet is too large", () => {
      const [one, other] = [network.pod("a1"), network.pod("b1")];
      for (const family of FAMILIES) {
        const headers = family === 4 ? 28 : 48;
        const to = addressOfPod(other, family);
        assert.equal(ping(one, to, { bytes: network.podMtu - headers, dontFragment: true }), 0);
        assert.equal(
          ping(one, to, { bytes: network.podMtu - headers + 1, dontFragment: true }),
          ERRNO.EMSGSIZE,
        );
      }
    });

    it("counts hops: one on a node, two across nodes", () => {
      const one = network.pod("a1");
      for (const family of FAMILIES) {
        for (const [to, enough] of [
          ["a2", 2],
          ["b1", 3],
        ] as const) {
          const address = addressOfPod(network.pod(to), family);
          assert.equal(ping(one, address, { timeToLive: enough }), 0);
          assert.equal(ping(one, address, { timeToLive: enough - 1 }), EXPIRED_IN_TRANSIT);
        }
      }
    });

    it("counts what it drops by name, and records its flows", () => {
      const [node] = network.nodes;
      assert.notEqual(ping(network.pod("a1"), "10.244.1.99"), 0);
      // The drop is counted after its ICMP error went out; once a later packet has passed, it is.
      assert.equal(ping(network.pod("a1"), network.pod("a2").ipv4), 0);
      const { drops, scalars } = node!.dataPlane!.counters();
      assert.ok(drops["no-such-pod"]! > 0, JSON.stringify(drops));
      assert.ok(scalars.superPacketsSplit > 0 && scalars.superPacketsMerged > 0);
      const flows = node!.dataPlane!.flows();
      assert.ok(
        flows.some(
          flow => flow.source === network.pod("a1").ipv4 && flow.destination === network.pod("b1").ipv4,
        ),
      );
    });
  });
}

describe("a running data plane", () => {
  it("carries super-packets whole over a large underlay MTU", async () => {
    const network = await PodNetwork.open({ underlayMtu: 65_535, underlayFamily: 4, pods: [1, 1] });
    try {
      for (const family of FAMILIES) stream(network.pod("a1"), network.pod("b1"), family, 8 * MEBIBYTE);
    } finally {
      await network.close();
    }
  });

  it("learns the path MTU that the kernel knows of, and tells the senders", async () => {
    const network = await PodNetwork.open({ underlayMtu: 1500, underlayFamily: 4, pods: [1, 1] });
    try {
      const [one, other] = [network.pod("a1"), network.pod("b1")];
      withRtnetlink(network.nodes[0]!.namespace.fd, netlink => {
        netlink.addRoute({ destination: "192.168.9.2/32", device: "eth0", mtu: 1380 });
      });
      for (const family of FAMILIES) stream(one, other, family, MEBIBYTE);
      const size = (bytes: number) => ping(one, other.ipv4, { bytes: bytes - 28, dontFragment: true });
      assert.deepEqual([size(1380 - 50), size(1380 - 49)], [0, ERRNO.EMSGSIZE]);
    } finally {
      await network.close();
    }
  });

  it("lets a port go and come back while its pod keeps its connections", async () => {
    const network = await PodNetwork.open({ underlayMtu: 1500, underlayFamily: 4, pods: [1, 1] });
    try {
      const [one, other] = [network.pod("a1"), network.pod("b1")];
      const { dataPlane, tuns } = network.nodes[0]!;
      assert.equal(ping(one, other.ipv4), 0);
      await dataPlane!.removePort(1);
      assert.equal(ping(other, one.ipv4), ERRNO.EAGAIN);
      await dataPlane!.addPort({ port: 1, fd: tuns[0]!.fd, mtu: network.podMtu });
      assert.equal(ping(other, one.ipv4), 0);
    } finally {
      await network.close();
    }
  });

  it("refuses to start on a port that is taken", async () => {
    const network = await PodNetwork.open({ underlayMtu: 1500, underlayFamily: 4, pods: [1] });
    try {
      const nothing = { revision: 0, vni: 1, underlayMtu: 1500, mac: new Uint8Array(6) };
      const tables = buildTables({ ...nothing, addresses: [], routes: [], peers: [] });
      const options = { udpPort: 4789, udpSegmentation: true, tables };
      await assert.rejects(
        inNamespace(network.nodes[0]!.namespace.fd, () => startDataPlane(options)),
        /data plane: .*:4789: bind: EADDRINUSE/,
      );
    } finally {
      await network.close();
    }
  });
});
