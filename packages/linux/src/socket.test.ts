import assert from "node:assert/strict";
import { ERRNO } from "./errno.ts";
import { POLL, pollFd } from "./fd.ts";
import { nativeMemory } from "./memory.ts";
import { SOL, Socket, TCP } from "./socket.ts";

describe("sockets", () => {
  for (const [family, loopback] of [
    [4, "127.0.0.1"],
    [6, "::1"],
  ] as const) {
    it(`connect, send and receive over IPv${family}`, () => {
      const listener = Socket.open({ family, type: "tcp" });
      listener.bind(loopback, 0);
      listener.listen(1);
      const client = Socket.open({ family, type: "tcp" });
      client.connect(loopback, listener.local().port);
      client.setOption(SOL.tcp, TCP.noDelay, 1);
      assert.equal(client.option(SOL.tcp, TCP.noDelay), 1);
      const server = listener.accept()!;
      const memory = nativeMemory(256);
      memory.u8.fill(9, 0, 100);
      assert.equal(client.send(memory, 0, 100), 100);
      assert.equal(pollFd(server.fd, POLL.in, 1000), POLL.in);
      assert.equal(server.receive(memory, 100, 100), 100);
      assert.ok(memory.u8.subarray(0, 200).every(byte => byte === 9));
      client.shutdown("write");
      assert.equal(server.receive(memory, 0, 100), 0);
      for (const socket of [client, server, listener]) socket.close();
    });
  }

  it("send a packet from an address of another, and see it on its way", () => {
    const capture = Socket.open({ family: 4, type: "capture", nonBlocking: true });
    const raw = Socket.open({ family: 4, type: "raw" });
    const memory = nativeMemory(256);
    // UDP from 127.9.9.9 to 127.0.0.1, port 9; the kernel fills in the IPv4 checksum.
    const packet = [
      0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 127, 9, 9, 9, 127, 0, 0, 1, 9, 9, 0, 9, 0, 8, 0, 0,
    ];
    memory.u8.set(packet);
    assert.equal(raw.sendTo(memory, 0, packet.length, "127.0.0.1", 0), packet.length);
    let seen = 0;
    for (let bytes = capture.receive(memory, 0, 256); bytes > 0; bytes = capture.receive(memory, 0, 256)) {
      if (Buffer.from(memory.u8.subarray(12, 16)).equals(Buffer.from([127, 9, 9, 9]))) seen = bytes;
    }
    assert.equal(seen, packet.length);
    capture.close();
    raw.close();
  });

  it("return -errno instead of throwing where a loop would not want an exception", () => {
    const socket = Socket.open({ family: 4, type: "udp" });
    const memory = nativeMemory(128);
    socket.bind("127.0.0.1", 0);
    socket.setReceiveTimeout(1);
    assert.equal(socket.receive(memory, 0, 100), -ERRNO.EAGAIN);
    socket.setNonBlocking(true);
    assert.deepEqual(socket.receiveFrom(memory, 0, 100), { bytes: -ERRNO.EAGAIN, from: undefined });
    socket.close();
  });

  it("say what is wrong and what to do", () => {
    const one = Socket.open({ family: 4, type: "tcp" });
    const other = Socket.open({ family: 4, type: "tcp" });
    one.bind("127.0.0.1", 0);
    one.listen(1);
    const { port } = one.local();
    assert.throws(
      () => other.bind("127.0.0.1", port),
      /127\.0\.0\.1:\d+: bind: EADDRINUSE .*choose another port/,
    );
    assert.throws(() => other.connect("127.0.0.1", 1), /127\.0\.0\.1:1: connect: ECONNREFUSED/);
    one.close();
    other.close();
  });
});
