import assert from "node:assert/strict";
import { LinuxError } from "./errors.ts";
import { POLL, pollFd, readFd, writeFd } from "./fd.ts";
import { nativeMemory } from "./memory.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { Socket } from "./socket.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";
import { closeTun, deleteTun, openTun, VIRTIO_HEADER_BYTES } from "./tun.ts";

describe("TUN devices", () => {
  let namespace: TestNamespace;
  before(async () => {
    namespace = await openTestNamespace();
  });
  after(() => namespace.close());

  it("are made in the other namespace and hand over packets behind a virtio-net header", () => {
    const tun = openTun({ name: "tun0", namespace: namespace.fd, queueLength: 33 });
    withRtnetlink(namespace.fd, network => {
      network.setLink("tun0", { up: true });
      network.addAddress("tun0", "10.7.0.1/32");
      network.addRoute({ destination: "0.0.0.0/0", device: "tun0" });
      assert.equal(network.findLink("tun0")?.txQueueLength, 33);
    });
    const memory = nativeMemory(70_000);
    const socket = Socket.open({ family: 4, type: "udp", namespace: namespace.fd });
    socket.sendTo(memory, 0, 100, "10.7.0.2", 9);
    assert.equal(pollFd(tun.fd, POLL.in, 2000), POLL.in);
    const packets: Uint8Array[] = [];
    for (let bytes = 1; bytes > 0; ) {
      bytes = readFd(tun.fd, memory.address, 70_000);
      if (bytes > 0) packets.push(memory.u8.slice(0, bytes));
    }
    const udp = packets.filter(packet => packet[VIRTIO_HEADER_BYTES]! >> 4 === 4);
    assert.deepEqual(
      udp.map(packet => packet.length),
      [VIRTIO_HEADER_BYTES + 20 + 8 + 100],
    );
    socket.close();
    closeTun(tun);
    withRtnetlink(namespace.fd, network => assert.equal(network.findLink("tun0"), undefined));
  });

  it("stay when they are persistent, with their addresses, and are found again by name", () => {
    const options = { name: "tun1", namespace: namespace.fd, persistent: true };
    const first = openTun(options);
    withRtnetlink(namespace.fd, network => network.addAddress("tun1", "10.8.0.1/32"));
    assert.throws(
      () => openTun(options),
      (error: unknown) =>
        error instanceof LinuxError && error.code === "EBUSY" && /stop it first/.test(error.message),
    );
    closeTun(first);
    const again = openTun(options);
    withRtnetlink(namespace.fd, network => {
      assert.deepEqual(
        network.listAddresses("tun1").map(entry => entry.address),
        ["10.8.0.1/32"],
      );
    });
    deleteTun(again);
    withRtnetlink(namespace.fd, network => assert.equal(network.findLink("tun1"), undefined));
  });

  it("refuse what is no packet, and names that are too long", () => {
    const tun = openTun({ name: "tun2", namespace: namespace.fd });
    const memory = nativeMemory(64);
    assert.ok(writeFd(tun.fd, memory.address, 4) < 0);
    closeTun(tun);
    assert.throws(() => openTun({ name: "a-name-far-too-long" }), /1 to 15 characters/);
  });
});
