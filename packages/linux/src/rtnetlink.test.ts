import assert from "node:assert/strict";
import { LinuxError } from "./errors.ts";
import { type Rtnetlink, withRtnetlink } from "./rtnetlink.ts";
import { openTestNamespace, runIn, type TestNamespace } from "./testing/namespaces.ts";

describe("rtnetlink", () => {
  let here: TestNamespace;
  let there: TestNamespace;
  beforeEach(async () => {
    [here, there] = await Promise.all([openTestNamespace(), openTestNamespace()]);
  });
  afterEach(() => Promise.all([here.close(), there.close()]));

  const inside = <T>(task: (network: Rtnetlink) => T) => withRtnetlink(here.fd, task);

  it("makes a veth pair with its peer in another namespace, and changes it", () => {
    inside(network => {
      network.createVeth({ name: "one", peerName: "two", peerNamespace: there.fd, mtu: 9000 });
      network.setLink("one", { mtu: 1400, txQueueLength: 77, mac: "02:00:00:00:00:07" });
      network.setLink("one", { name: "uno" });
      network.setLink("uno", { up: true });
      const link = network.findLink("uno");
      assert.equal(network.findLink("one"), undefined);
      assert.deepEqual(
        [link?.mtu, link?.txQueueLength, link?.mac, link?.up, link?.kind],
        [1400, 77, "02:00:00:00:00:07", true, "veth"],
      );
    });
    withRtnetlink(there.fd, network => assert.equal(network.findLink("two")?.mtu, 9000));
    inside(network => network.deleteLink("uno"));
    withRtnetlink(there.fd, network => assert.equal(network.findLink("two"), undefined));
  });

  it("joins devices in a bridge", async () => {
    inside(network => {
      network.createBridge("bridge");
      network.createVeth({ name: "port", peerName: "eth0", peerNamespace: there.fd });
      network.setLink("port", { master: "bridge", up: true });
      network.setLink("bridge", { up: true });
      network.addAddress("bridge", "10.9.0.1/24");
    });
    withRtnetlink(there.fd, network => {
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", "10.9.0.2/24");
    });
    await runIn(there, "sh", "-c", "grep -q 'eth0' /proc/net/route");
    assert.deepEqual(
      inside(network => network.listAddresses("bridge").map(entry => entry.address)).filter(a =>
        a.startsWith("10"),
      ),
      ["10.9.0.1/24"],
    );
  });

  it("adds, replaces and deletes addresses and routes of both families", async () => {
    inside(network => {
      network.createVeth({ name: "eth0", peerName: "peer" });
      network.setLink("peer", { up: true });
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", "10.1.0.1/32");
      network.addAddress("eth0", "fd00:1::1/64", { noPrefixRoute: true });
      network.addRoute({ destination: "10.2.0.0/16", device: "eth0", source: "10.1.0.1", mtu: 1300 });
      network.addRoute({ destination: "fd00:2::/64", device: "eth0", source: "fd00:1::1" });
      network.addRoute({ destination: "0.0.0.0/0", via: "10.2.0.9", device: "eth0" });
      assert.throws(
        () => network.addRoute({ destination: "10.2.0.0/16", device: "eth0" }),
        (error: unknown) => error instanceof LinuxError && error.code === "EEXIST",
      );
      network.replaceRoute({ destination: "10.2.0.0/16", device: "eth0" });
      network.deleteRoute({ destination: "0.0.0.0/0", device: "eth0" });
    });
    const routes = await runIn(here, "cat", "/proc/net/route");
    const words = routes.split("\n").map(line => line.split("\t").slice(0, 3));
    assert.deepEqual(words.slice(1, -1), [["eth0", "0000020A", "00000000"]]);
    const routes6 = await runIn(here, "cat", "/proc/net/ipv6_route");
    assert.match(routes6, /^fd0000020{24} 40 /m);
    assert.doesNotMatch(routes6, /^fd0000010{24} 40 /m);
    inside(network => {
      network.deleteAddress("eth0", "fd00:1::1/64");
      const left = network.listAddresses("eth0").map(entry => entry.address);
      assert.deepEqual(
        left.filter(address => !address.startsWith("fe80")),
        ["10.1.0.1/32"],
      );
    });
  });

  it("makes a VXLAN device of the kernel with static forwarding", () => {
    inside(network => {
      const mac = "02:00:00:00:00:01";
      network.createVxlan({ name: "vx", vni: 7, udpPort: 4789, local: "10.0.0.1", mac, mtu: 1400 });
      network.setLink("vx", { up: true });
      network.replaceForwarding("vx", "02:00:00:00:00:02", "10.0.0.2");
      network.replaceForwarding("vx", "02:00:00:00:00:02", "10.0.0.3");
      network.replaceNeighbour("vx", "10.244.2.1", "02:00:00:00:00:02");
      network.replaceNeighbour("vx", "fd00::2", "02:00:00:00:00:02");
      assert.deepEqual([network.findLink("vx")?.kind, network.findLink("vx")?.mac], ["vxlan", mac]);
    });
  });

  it("names the operation and the object when the kernel refuses", () => {
    inside(network => {
      assert.throws(() => network.setLink("none0", { up: true }), /device none0: netlink: ENODEV/);
      assert.throws(
        () => network.addRoute({ destination: "10.0.0.0/8", via: "192.0.2.1" }),
        /route 10\.0\.0\.0\/8 via 192\.0\.2\.1: add: netlink: ENETUNREACH \(Nexthop has invalid gateway\)/,
      );
    });
  });
});
