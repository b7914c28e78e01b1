import assert from "node:assert/strict";
import { readFd, writeFd } from "./fd.ts";
import { nativeMemory } from "./memory.ts";
import { changeEntries, ENTRY_MARK, type Entry, replaceEntries } from "./nftables-entry.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { Socket } from "./socket.ts";
import { writeSysctl } from "./sysctl.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";
import { closeTun, openTun, type Tun, VIRTIO_HEADER_BYTES } from "./tun.ts";

const UDP = 17;
const TABLE = 80;

/**
 *   client 192.0.2.9, fd99::9 -- eth0 | node 192.0.2.1, fd99::1 | pw0, a TUN device at whose end packets are answered
 */
describe("entries", () => {
  let client: TestNamespace;
  let node: TestNamespace;
  let plane: Tun;

  before(async () => {
    [client, node] = await Promise.all([openTestNamespace(), openTestNamespace()]);
    plane = openTun({ name: "pw0", namespace: node.fd });
    withRtnetlink(client.fd, network => {
      network.createVeth({ name: "eth0", peerName: "eth0", peerNamespace: node.fd });
      network.setLink("eth0", { up: true });
      for (const address of ["192.0.2.9/24", "fd99::9/64"]) network.addAddress("eth0", address);
    });
    // Its answers have a source that is the node's own.
    writeSysctl(node.fd, "net/ipv4/conf/pw0/accept_local", 1);
    writeSysctl(node.fd, "net/ipv4/conf/pw0/rp_filter", 2);
    writeSysctl(node.fd, "net.ipv4.ip_forward", 1);
    writeSysctl(node.fd, "net.ipv6.conf.all.forwarding", 1);
    withRtnetlink(node.fd, network => {
      for (const device of ["lo", "eth0", "pw0"]) network.setLink(device, { up: true });
      for (const address of ["192.0.2.1/24", "fd99::1/64"]) network.addAddress("eth0", address);
      network.addAddress("pw0", "10.0.0.1/32");
      for (const destination of ["0.0.0.0/0", "::/0"]) {
        network.addRoute({ destination, device: "pw0", table: TABLE });
      }
      for (const family of [4, 6] as const) {
        const local = network.listRules(family).find(rule => rule.priority === 0)!;
        network.addRule({ ...local, priority: 100 });
        network.addRule({ family, priority: 50, table: TABLE, mark: ENTRY_MARK });
        network.deleteRule(local);
      }
    });
  });
  after(async () => {
    closeTun(plane);
    await Promise.all([client.close(), node.close()]);
  });

  const entry = (address: string, port: number): Entry => ({ address, protocol: UDP, port });

  /** Sends what came through pw0 back; whether there was anything. */
  function reflect(): boolean {
    const memory = nativeMemory(2048);
    let reflected = false;
    for (;;) {
      const bytes = readFd(plane.fd, memory.address, 2048);
      if (bytes <= 0) return reflected;
      const at = VIRTIO_HEADER_BYTES;
      const isIPv4 = memory.u8[at]! >> 4 === 4;
      const protocol = memory.u8[at + (isIPv4 ? 9 : 6)];
      if (protocol !== UDP) continue;
      swap(memory.u8, at + (isIPv4 ? 12 : 8), isIPv4 ? 4 : 16);
      swap(memory.u8, at + (isIPv4 ? 20 : 40), 2);
      assert.equal(writeFd(plane.fd, memory.address, bytes), bytes);
      reflected = true;
    }
  }

  /** Sums over addresses and ports stay what they are. */
  function swap(u8: Uint8Array, at: number, bytes: number): void {
    const first = u8.slice(at, at + bytes);
    u8.copyWithin(at, at + bytes, at + 2 * bytes);
    u8.set(first, at + bytes);
  }

  /** Who gets a datagram that `from` sends to this port of the node; the answer comes from that port, too. */
  function reached(from: TestNamespace, to: string, port: number, sourcePort = 0): "node" | "plane" {
    const family = to.includes(":") ? 6 : 4;
    const memory = nativeMemory(64);
    const server = Socket.open({ family, type: "udp", namespace: node.fd });
    const sender = Socket.open({ family, type: "udp", namespace: from.fd });
    try {
      server.bind(to, port);
      server.setReceiveTimeout(50);
      sender.setReceiveTimeout(3000);
      if (sourcePort !== 0) sender.bind(family === 4 ? "0.0.0.0" : "::", sourcePort);
      assert.equal(sender.sendTo(memory, 0, 5, to, port), 5);
      const { bytes, from: source } = server.receiveFrom(memory, 0, 64);
      const isNode = bytes === 5;
      if (isNode) server.sendTo(memory, 0, 5, source!.address, source!.port);
      assert.equal(reflect(), !isNode);
      const answer = sender.receiveFrom(memory, 0, 64);
      assert.deepEqual([answer.bytes, answer.from], [5, { address: to, port }]);
      return isNode ? "node" : "plane";
    } finally {
      sender.close();
      server.close();
    }
  }

  for (const address of ["192.0.2.1", "fd99::1"]) {
    it(`${address}: what is an entry goes to the data plane, from outside and from the node itself`, () => {
      for (let round = 0; round < 2; round++) {
        replaceEntries(node.fd, "pw0", [entry(address, 30080)]);
        for (const from of [client, node]) {
          assert.equal(reached(from, address, 30080), "plane");
          assert.equal(reached(from, address, 30081), "node");
        }
      }
      changeEntries(node.fd, [entry(address, 30081)], [entry(address, 30080)]);
      for (const from of [client, node]) {
        assert.equal(reached(from, address, 30080), "node");
        assert.equal(reached(from, address, 30081), "plane");
      }
      replaceEntries(node.fd, "pw0", []);
      assert.equal(reached(client, address, 30081), "node");
    });
  }

  it("UDP that goes on from one source port follows at once, whoever had its port before", () => {
    for (const address of ["192.0.2.1", "fd99::1"]) {
      const who = () => [client, node].map(from => reached(from, address, 30082, 40_123));
      replaceEntries(node.fd, "pw0", []);
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(who(), ["node", "node"]);
        changeEntries(node.fd, [entry(address, 30082)], []);
        assert.deepEqual(who(), ["plane", "plane"]);
        changeEntries(node.fd, [], [entry(address, 30082)]);
      }
    }
  });

  it("takes as many entries as there are node ports", () => {
    const all = Array.from({ length: 5000 }, (_, index) => [
      entry("192.0.2.1", 30_000 + index),
      entry("fd99::1", 30_000 + index),
    ]).flat();
    replaceEntries(node.fd, "pw0", all.slice(0, 1000));
    changeEntries(node.fd, all.slice(1000, 2000), all.slice(0, 500));
    assert.equal(reached(client, "192.0.2.1", 30_240), "node");
    assert.equal(reached(client, "fd99::1", 30_260), "plane");
    assert.equal(reached(client, "192.0.2.1", 30_900), "plane");
    replaceEntries(node.fd, "pw0", all);
    assert.equal(reached(client, "fd99::1", 34_999), "plane");
  });
});
