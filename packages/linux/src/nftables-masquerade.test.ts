import assert from "node:assert/strict";
import { nativeMemory } from "./memory.ts";
import { removeMasquerade, replaceMasquerade } from "./nftables-masquerade.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { Socket } from "./socket.ts";
import { writeSysctl } from "./sysctl.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";

/**
 *   pod 10.244.1.5, fd00:10:244:1::5 -- node -- outside 192.0.2.9, fd99::9 and (as if in the cluster) 10.244.2.9
 */
describe("masquerade", () => {
  let pod: TestNamespace;
  let node: TestNamespace;
  let outside: TestNamespace;
  const masquerade = {
    podCIDRs: ["10.244.1.0/25", "fd00:10:244:1::/64"],
    clusterCIDRs: ["10.244.0.0/16", "fd00:10:244::/56"],
    hostDevice: "pw0",
  };

  before(async () => {
    [pod, node, outside] = await Promise.all([openTestNamespace(), openTestNamespace(), openTestNamespace()]);
    link(pod, "eth0", ["10.244.1.5/24", "fd00:10:244:1::5/64"], "topod", [
      "10.244.1.1/24",
      "fd00:10:244:1::1/64",
    ]);
    link(outside, "eth0", ["192.0.2.9/24", "fd99::9/64", "10.244.2.9/24"], "out", [
      "192.0.2.1/24",
      "fd99::1/64",
      "10.244.2.1/24",
    ]);
    writeSysctl(node.fd, "net.ipv4.ip_forward", 1);
    writeSysctl(node.fd, "net.ipv6.conf.all.forwarding", 1);
    withRtnetlink(pod.fd, network => {
      network.addRoute({ destination: "0.0.0.0/0", via: "10.244.1.1" });
      network.addRoute({ destination: "::/0", via: "fd00:10:244:1::1" });
    });
    withRtnetlink(outside.fd, network => {
      network.addRoute({ destination: "10.244.1.0/24", via: "10.244.2.1" });
      network.addRoute({ destination: "fd00:10:244:1::/64", via: "fd99::1" });
    });
  });
  after(() => Promise.all([pod.close(), node.close(), outside.close()]));

  function link(
    end: TestNamespace,
    device: string,
    addresses: string[],
    other: string,
    others: string[],
  ): void {
    withRtnetlink(end.fd, network => {
      network.createVeth({ name: device, peerName: other, peerNamespace: node.fd });
      network.setLink(device, { up: true });
      for (const address of addresses) network.addAddress(device, address);
    });
    withRtnetlink(node.fd, network => {
      network.setLink(other, { up: true });
      for (const address of others) network.addAddress(other, address);
    });
  }

  /** Sends a datagram from the pod and an answer back; returns the source that the outside saw. */
  function exchange(to: string): string {
    const family = to.includes(":") ? 6 : 4;
    const server = Socket.open({ family, type: "udp", namespace: outside.fd });
    const client = Socket.open({ family, type: "udp", namespace: pod.fd });
    const memory = nativeMemory(64);
    try {
      server.bind(to, 0);
      for (const socket of [server, client]) socket.setReceiveTimeout(3000);
      assert.equal(client.sendTo(memory, 0, 5, to, server.local().port), 5);
      const { bytes, from } = server.receiveFrom(memory, 0, 64);
      assert.equal(bytes, 5);
      assert.equal(server.sendTo(memory, 0, 7, from!.address, from!.port), 7);
      const answer = client.receiveFrom(memory, 0, 64);
      assert.deepEqual([answer.bytes, answer.from?.address], [7, to]);
      return from!.address;
    } finally {
      server.close();
      client.close();
    }
  }

  it("gives the node's address to what leaves the cluster, and answers find back", () => {
    assert.equal(exchange("192.0.2.9"), "10.244.1.5");
    for (let round = 0; round < 2; round++) {
      replaceMasquerade(node.fd, masquerade);
      assert.equal(exchange("192.0.2.9"), "192.0.2.1");
      assert.equal(exchange("fd99::9"), "fd99::1");
    }
  });

  it("leaves what stays in the cluster, or enters the host's device, alone", () => {
    replaceMasquerade(node.fd, masquerade);
    assert.equal(exchange("10.244.2.9"), "10.244.1.5");
    replaceMasquerade(node.fd, { ...masquerade, hostDevice: "out" });
    assert.equal(exchange("192.0.2.9"), "10.244.1.5");
    replaceMasquerade(node.fd, { ...masquerade, podCIDRs: ["10.244.1.128/25"] });
    assert.equal(exchange("192.0.2.9"), "10.244.1.5");
  });

  it("is gone after its removal, which may be repeated", () => {
    replaceMasquerade(node.fd, masquerade);
    removeMasquerade(node.fd);
    removeMasquerade(node.fd);
    assert.equal(exchange("192.0.2.9"), "10.244.1.5");
  });
});
