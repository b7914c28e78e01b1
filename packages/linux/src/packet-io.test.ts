import assert from "node:assert/strict";
import { type Arena, createArena, FAILED, RECEIVED } from "@podwire/dataplane";
import { formatAddress } from "@podwire/wire/address";
import { ERRNO } from "./errno.ts";
import { POLL, pollFd } from "./fd.ts";
import { addressOf, writeWord64 } from "./memory.ts";
import { LinuxPacketIo, PACKET_IO_SCRATCH_BYTES } from "./packet-io.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";

const UDP_PORT = 4789;
const IOVECS_AT = PACKET_IO_SCRATCH_BYTES;
const PAYLOAD_AT = 65_536;
const RECEIVE_AT = 4 * 65_536;
const RECEIVE_BYTES = 16 * 65_536;

describe("packet I/O over the underlay", () => {
  let here: TestNamespace;
  let there: TestNamespace;
  let sender: LinuxPacketIo;
  let receiver: LinuxPacketIo;
  let arena: Arena;
  let nextIovec: number;

  beforeEach(async () => {
    [here, there] = await Promise.all([openTestNamespace(), openTestNamespace()]);
    withRtnetlink(here.fd, network => {
      network.createVeth({ name: "eth0", peerName: "eth0", peerNamespace: there.fd });
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", "10.5.0.1/24");
      network.addAddress("eth0", "fd05::1/64");
    });
    withRtnetlink(there.fd, network => {
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", "10.5.0.2/24");
      network.addAddress("eth0", "fd05::2/64");
    });
    arena = createArena(RECEIVE_AT + RECEIVE_BYTES, addressOf);
    const open = (namespace: number) =>
      new LinuxPacketIo({ arena, scratchAt: 0, udpPort: UDP_PORT, namespace });
    sender = open(here.fd);
    receiver = open(there.fd);
    sender.setPeer(1, "10.5.0.2", UDP_PORT);
    sender.setPeer(2, "fd05::2", UDP_PORT);
    nextIovec = IOVECS_AT;
    arena.u8.fill(7, PAYLOAD_AT, PAYLOAD_AT + 65_536);
  });
  afterEach(async () => {
    sender.close();
    receiver.close();
    await Promise.all([here.close(), there.close()]);
  });

  /** Queues `bytes` bytes as iovecs of at most `part` bytes each. */
  function queue(peer: number, tos: number, bytes: number, segmentSize: number, part = bytes): void {
    const iovecsAt = nextIovec;
    let count = 0;
    for (let done = 0; done < bytes; done += part) {
      const iovec = iovecsAt + count++ * 16;
      writeWord64(arena.u32, iovec, arena.address + PAYLOAD_AT + done);
      writeWord64(arena.u32, iovec + 8, Math.min(part, bytes - done));
    }
    nextIovec += count * 16;
    sender.queueUnderlay(peer, peer & 3, tos, iovecsAt, count, bytes, segmentSize);
  }

  /** Everything that arrives within two seconds, until `bytes` are there: [source, length, segment size, TOS]. */
  function arrivals(bytes: number): [string, number, number, number][] {
    const rows: [string, number, number, number][] = [];
    for (let seen = 0; seen < bytes; ) {
      assert.notEqual(
        pollFd(receiver.underlayFd, POLL.in, 2000),
        0,
        `only ${seen} of ${bytes} bytes arrived`,
      );
      const count = receiver.receiveUnderlay(RECEIVE_AT, RECEIVE_BYTES);
      for (let row = 0; row < count * RECEIVED.columns; row += RECEIVED.columns) {
        const at = (column: keyof typeof RECEIVED) => receiver.received[row + RECEIVED[column]]!;
        const source = formatAddress(arena.u8.slice(at("sourceAt"), at("sourceAt") + 16));
        assert.ok(arena.u8.subarray(at("at"), at("at") + at("length")).every(byte => byte === 7));
        rows.push([source, at("length"), at("segmentSize"), at("tos")]);
        seen += at("length");
      }
    }
    return rows;
  }

  it("carries datagrams of both families, with their source and TOS", () => {
    queue(1, 0, 100, 100);
    queue(2, 0, 200, 200);
    queue(1, 3, 300, 300, 70);
    queue(2, 0xb9, 400, 400);
    assert.equal(sender.flush(), 0);
    const rows = arrivals(1000).sort((a, b) => a[1] - b[1]);
    assert.deepEqual(rows, [
      ["::ffff:10.5.0.1", 100, 100, 0],
      ["fd05::1", 200, 200, 0],
      ["::ffff:10.5.0.1", 300, 300, 3],
      ["fd05::1", 400, 400, 0xb9],
    ]);
    assert.equal(receiver.receiveUnderlay(RECEIVE_AT, RECEIVE_BYTES), -ERRNO.EAGAIN);
  });

  it("sends many segments by one message and receives them merged", () => {
    queue(1, 0, 44 * 1450 + 17, 1450, 1000);
    assert.equal(sender.flush(), 0);
    const rows = arrivals(44 * 1450 + 17);
    assert.deepEqual(rows, [["::ffff:10.5.0.1", 44 * 1450 + 17, 1450, 0]]);
  });

  it("sends more than a lane's queue holds", () => {
    for (let i = 0; i < 200; i++) queue(1, 0, 500, 500);
    assert.equal(sender.flush(), 0);
    assert.equal(
      arrivals(100_000).reduce((sum, row) => sum + row[1], 0),
      100_000,
    );
  });

  it("reports what is too large for the path with its MTU, and still sends what follows", () => {
    queue(1, 0, 3000, 3000);
    queue(1, 0, 6000, 2000);
    queue(2, 0, 3000, 3000);
    queue(1, 0, 50, 50);
    assert.equal(sender.flush(), 3);
    const row = (i: number) => [...sender.failed.subarray(i * FAILED.columns, (i + 1) * FAILED.columns)];
    assert.deepEqual(row(0), [1, ERRNO.EMSGSIZE, 1500, 1]);
    assert.deepEqual(row(1), [1, ERRNO.EMSGSIZE, 1500, 3]);
    assert.deepEqual(row(2), [2, ERRNO.EMSGSIZE, 1500, 1]);
    assert.deepEqual(
      arrivals(50).map(arrival => arrival[1]),
      [50],
    );
    assert.equal(sender.flush(), 0);
  });

  it("reports an underlay without a route, and ignores that nobody listens", () => {
    sender.setPeer(3, "198.51.100.1", UDP_PORT);
    sender.setPeer(4, "10.5.0.2", UDP_PORT + 1);
    queue(3, 0, 10, 10);
    assert.equal(sender.flush(), 1);
    assert.deepEqual([...sender.failed.subarray(0, 2)], [3, 101]);
    for (let i = 0; i < 3; i++) {
      queue(4, 0, 10, 10);
      assert.equal(sender.flush(), 0);
    }
    assert.throws(() => sender.setPeer(4096, "10.0.0.1", 1), /peer 4096/);
    assert.throws(() => sender.setPeer(1, "nowhere", 1), /not an IPv4 or IPv6 address/);
  });

  it("says which port is taken", () => {
    assert.throws(
      () => new LinuxPacketIo({ arena, scratchAt: 0, udpPort: UDP_PORT, namespace: here.fd }),
      /\[::\]:4789: bind: EADDRINUSE .* another process uses this address and port/,
    );
  });
});
