/** The splitter against its oracle, against lying headers, and at the edges of its room. */
import assert from "node:assert/strict";
import { ipv4, tcp, virtio, vxlan } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import {
  fillRandom,
  headerBytes,
  makePartial,
  type PacketShape,
  writePacket,
  writeSuperPacket,
} from "./fixtures.ts";
import { MESSAGE } from "./outbox.ts";
import { OFFLOAD_REJECT_NAMES, OffloadReject } from "./reject.ts";
import { splitOracle } from "./split-oracle.ts";
import { Dice, Testbed } from "./testbed.ts";

const SEED = testSeed();
const bed = new Testbed();
const { arena } = bed;
const AT = bed.packetsAt + 32;

function expectReject(result: number, reject: OffloadReject): void {
  assert.equal(OFFLOAD_REJECT_NAMES[-result], OFFLOAD_REJECT_NAMES[reject]);
  assert.equal(bed.outbox.messageCount, 0);
}

describe("splitting a super-packet", () => {
  beforeEach(() => fillRandom(arena.u8, bed.packetsAt, bed.packetsEnd, 99));
  afterEach(() => {
    bed.outbox.reset();
    bed.expectGuards();
  });

  it(`gives what the oracle builds from nothing, in both checksum modes (seed ${SEED})`, function () {
    this.timeout(20_000);
    const dice = new Dice(SEED);
    for (let round = 0; round < 20_000; round++) {
      const isBig = round % 500 === 0;
      const gsoSize = isBig ? dice.between(500, 9_000) : dice.between(1, 60);
      const payloadBytes = isBig ? dice.between(gsoSize + 1, 65_000) : gsoSize + dice.between(1, 150);
      const shape: PacketShape = {
        version: dice.pick([4, 6]),
        protocol: dice.pick(["tcp", "udp"]),
        payloadBytes,
        identification: dice.below(65_536),
        dontFragment: dice.oneIn(2),
        trafficClass: dice.below(256),
        sequence: dice.below(2 ** 32 - 1),
        acknowledgement: dice.below(2 ** 32 - 1),
        flags: dice.below(256),
        optionBytes: dice.below(11) * 4,
      };
      const at = AT + dice.below(8);
      const end = writeSuperPacket(arena, at, shape, gsoSize);
      const remoteChecksum = dice.oneIn(2);
      const expected = splitOracle(arena.u8.slice(at, end), gsoSize, bed.template, remoteChecksum);
      const seeded = `seed ${dice.seed}, round ${round}`;
      assert.equal(bed.send(at, end, remoteChecksum), expected.length, seeded);
      const datagrams = bed.drainDatagrams();
      assert.equal(datagrams.length, expected.length, seeded);
      for (const [i, datagram] of datagrams.entries()) {
        assert.ok(Buffer.compare(datagram, expected[i]!) === 0, `${seeded}, segment ${i}`);
      }
    }
  });

  it("splits a full 64 KB packet into two messages, and the next one starts where the last may continue", () => {
    const shape: PacketShape = { version: 4, protocol: "tcp", payloadBytes: 46 * 1398, optionBytes: 12 };
    const end = writeSuperPacket(arena, AT, shape, 1398);
    assert.equal(bed.send(AT, end, true), 46);
    const rows = bed.outbox.messages;
    assert.equal(bed.outbox.messageCount, 2);
    assert.equal(rows[MESSAGE.segments], 44);
    assert.equal(rows[MESSAGE.segmentSize], 1472);
    assert.equal(rows[MESSAGE.columns + MESSAGE.segments], 2);
    assert.equal(bed.send(AT, end, true), 46);
    assert.equal(bed.outbox.messageCount, 3, "the second packet's first segments join the open message");
    assert.equal(bed.drainDatagrams().length, 92);
  });

  it("splits behind IPv6 extension headers", () => {
    const shape: PacketShape = { version: 6, protocol: "tcp", payloadBytes: 300 };
    const plainEnd = writeSuperPacket(arena, AT + 8, shape, 100);
    arena.u8.copyWithin(AT, AT + 8, AT + 48);
    arena.view.setUint16(AT + 4, plainEnd - AT - 40);
    arena.u8[AT + 6] = 60;
    arena.u8.set([6, 0, 1, 4, 0, 0, 0, 0], AT + 40);
    virtio.write(arena.view, AT - 10, 1, virtio.Gso.Tcpv6, 0, 100, 48, 16);
    assert.equal(bed.send(AT, plainEnd, false), 3);
    for (const [i, datagram] of bed.drainDatagrams().entries()) {
      const view = new DataView(datagram.buffer, datagram.byteOffset);
      assert.equal(view.getUint16(22 + 4), 8 + 20 + 100);
      assert.equal(tcp.sequence(view, 22 + 48), 1 + i * 100);
    }
  });

  it("says NoRoom and queues nothing when the outbox is full, and TooManySegments when it never fits", () => {
    const small = new Testbed({ headersBytes: 1_000, iovecCapacity: 20 });
    const at = small.packetsAt + 32;
    const end = writeSuperPacket(small.arena, at, { version: 4, protocol: "udp", payloadBytes: 600 }, 100);
    assert.equal(small.send(at, end, true), 6);
    assert.equal(small.send(at, end, true), -OffloadReject.NoRoom);
    assert.equal(small.drainDatagrams().length, 6);
    assert.equal(small.send(at, end, true), 6);
    small.outbox.reset();
    virtio.setGsoSize(small.arena.view, at - 10, 20);
    assert.equal(small.send(at, end, true), -OffloadReject.TooManySegments);
    small.expectGuards();
  });

  it("refuses segments that the path does not take", () => {
    const shape: PacketShape = { version: 6, protocol: "tcp", payloadBytes: 3_000 };
    const end = writeSuperPacket(arena, AT, shape, 1_000);
    expectReject(bed.send(AT, end, true, 1_059), OffloadReject.TooBig);
    assert.equal(bed.send(AT, end, true, 1_060), 3);
  });
});

describe("virtio headers that lie", () => {
  const shape: PacketShape = { version: 4, protocol: "tcp", payloadBytes: 1_000, optionBytes: 12 };
  const { view } = arena;
  let end = 0;
  beforeEach(() => {
    end = writeSuperPacket(arena, AT, shape, 100);
  });
  afterEach(() => {
    bed.outbox.reset();
    bed.expectGuards();
  });
  const fields: [what: string, change: () => void, reject: OffloadReject][] = [
    ["gso_size 0", () => virtio.setGsoSize(view, AT - 10, 0), OffloadReject.GsoSize],
    ["gso_size 65535", () => virtio.setGsoSize(view, AT - 10, 65_535), OffloadReject.GsoSize],
    ["payload equal to gso_size", () => virtio.setGsoSize(view, AT - 10, 1_000), OffloadReject.GsoPayload],
    ["unknown gso type", () => view.setUint8(AT - 9, 2), OffloadReject.GsoType],
    ["UDP fragmentation offload", () => view.setUint8(AT - 9, 3), OffloadReject.GsoType],
    ["the other IP version's type", () => view.setUint8(AT - 9, 4), OffloadReject.GsoType],
    ["UDP's type on TCP", () => view.setUint8(AT - 9, 5), OffloadReject.GsoType],
    ["no NEEDS_CSUM", () => view.setUint8(AT - 10, 0), OffloadReject.GsoChecksum],
    ["csum_start in the IP header", () => view.setUint16(AT - 4, 12, true), OffloadReject.ChecksumStart],
    ["csum_start beyond the packet", () => view.setUint16(AT - 4, 60_000, true), OffloadReject.ChecksumStart],
    [
      "csum_offset beyond the packet",
      () => view.setUint16(AT - 2, 60_000, true),
      OffloadReject.ChecksumOffset,
    ],
    ["UDP's csum_offset on TCP", () => view.setUint16(AT - 2, 6, true), OffloadReject.ChecksumOffset],
    ["data offset 4", () => view.setUint8(AT + 32, 0x40), OffloadReject.TransportHeader],
    ["IP version 5", () => view.setUint8(AT, 0x55), OffloadReject.IpHeader],
    ["a first fragment", () => ipv4.setFragment(view, AT, ipv4.MORE_FRAGMENTS), OffloadReject.IpHeader],
    ["total length too small", () => ipv4.setTotalLength(view, AT, 500), OffloadReject.IpHeader],
  ];
  for (const [what, change, reject] of fields) {
    it(`${what}: ${OFFLOAD_REJECT_NAMES[reject]}`, () => {
      change();
      expectReject(bed.send(AT, end, true), reject);
      expectReject(bed.send(AT, end, false), reject);
    });
  }

  it("does not care for hdr_len", () => {
    for (const lie of [0, 1, 65_535]) {
      view.setUint16(AT - 8, lie, true);
      assert.equal(bed.send(AT, end, false), 10);
      bed.outbox.reset();
    }
  });

  it("rejects a data offset beyond a short packet", () => {
    end = writeSuperPacket(arena, AT, { ...shape, payloadBytes: 2, optionBytes: 0 }, 1);
    view.setUint8(AT + 32, 0xf0);
    expectReject(bed.send(AT, end, true), OffloadReject.TransportHeader);
  });

  it(`survives any header and any packet without writing out of bounds (seed ${SEED})`, function () {
    this.timeout(20_000);
    const dice = new Dice(SEED);
    for (let round = 0; round < 100_000; round++) {
      const at = AT + dice.below(8);
      const version = dice.pick([4, 6] as const);
      const protocol = dice.pick(["tcp", "udp"] as const);
      end = writeSuperPacket(
        arena,
        at,
        { version, protocol, payloadBytes: dice.between(0, 200) },
        dice.between(1, 64),
      );
      for (let i = dice.between(1, 4); i > 0; i--) arena.u8[at - 10 + dice.below(80)] = dice.below(256);
      bed.send(at, Math.min(end, at + dice.between(20, 300)), dice.oneIn(2));
      if (round % 16 === 0) bed.expectGuards();
      bed.outbox.reset();
    }
  });
});

describe("sending a packet that is no super-packet", () => {
  afterEach(() => {
    bed.outbox.reset();
    bed.expectGuards();
  });

  it("puts VXLAN and Ethernet into the headroom, and the bytes leave in one iovec", () => {
    const end = writePacket(arena, AT, { version: 4, protocol: "udp", payloadBytes: 64 });
    virtio.clear(arena.view, AT - 10);
    const packet = arena.u8.slice(AT, end);
    assert.equal(bed.send(AT, end, true), 1);
    assert.equal(bed.outbox.messages[MESSAGE.iovecCount], 1);
    assert.deepEqual(bed.drainDatagrams(), [Uint8Array.from([...bed.template, ...packet])]);
  });

  for (const version of [4, 6] as const) {
    for (const protocol of ["tcp", "udp"] as const) {
      it(`completes a partial ${protocol} checksum over IPv${version}, or leaves it to the peer`, () => {
        const end = writePacket(arena, AT, { version, protocol, payloadBytes: 77 });
        const complete = arena.u8.slice(AT, end);
        const start = version === 4 ? 20 : 40;
        const offset = protocol === "tcp" ? 16 : 6;
        makePartial(arena.view, AT, end);
        const partial = arena.u8.slice(AT, end);
        virtio.write(arena.view, AT - 10, 1, 0, 0, 0, start, offset);
        assert.equal(bed.send(AT, end, true), 1);
        const [deferred] = bed.drainDatagrams();
        const view = new DataView(deferred!.buffer, deferred!.byteOffset);
        assert.deepEqual(deferred!.slice(22), partial);
        assert.ok(vxlan.hasRemoteChecksum(view, 0));
        assert.equal(vxlan.remoteChecksumStart(view, 0), 14 + start);
        assert.equal(vxlan.remoteChecksumOffset(view, 0), offset);
        virtio.write(arena.view, AT - 10, 1, 0, 0, 0, start, offset);
        assert.equal(bed.send(AT, end, false), 1);
        assert.deepEqual(bed.drainDatagrams()[0]!.slice(22), complete);
      });
    }
  }

  it("joins a burst of equal datagrams in messages of at most 64", () => {
    for (let i = 0; i < 130; i++) {
      const at = AT + i * 256;
      const end = writePacket(arena, at, { version: 4, protocol: "udp", payloadBytes: i === 129 ? 10 : 64 });
      virtio.clear(arena.view, at - 10);
      bed.send(at, end, true);
    }
    assert.deepEqual(
      [0, 1, 2].map(row => bed.outbox.messages[row * MESSAGE.columns + MESSAGE.segments]),
      [64, 64, 2],
    );
    assert.equal(bed.drainDatagrams().length, 130);
  });

  it("begins a new message after a shorter datagram, and for a larger one or another lane", () => {
    for (const [i, payloadBytes] of [64, 10, 10, 64, 64].entries()) {
      const at = AT + i * 256;
      const end = writePacket(arena, at, { version: 4, protocol: "udp", payloadBytes });
      virtio.clear(arena.view, at - 10);
      bed.splitter.send(1, i === 4 ? 1 : 0, at, end, bed.templateAt, 1_450, true);
    }
    const segments = [0, 1, 2, 3].map(row => bed.outbox.messages[row * MESSAGE.columns + MESSAGE.segments]);
    assert.deepEqual(segments, [2, 1, 1, 1]);
    assert.equal(bed.drainDatagrams().length, 5);
  });

  it("rejects a checksum that lies beyond the packet", () => {
    const end = writePacket(arena, AT, { version: 4, protocol: "udp", payloadBytes: 64 });
    virtio.write(arena.view, AT - 10, 1, 0, 0, 0, 600, 6);
    expectReject(bed.send(AT, end, false), OffloadReject.ChecksumStart);
    virtio.write(arena.view, AT - 10, 1, 0, 0, 0, 4, 6);
    expectReject(bed.send(AT, end, false), OffloadReject.ChecksumStart);
    virtio.write(arena.view, AT - 10, 1, 0, 0, 0, 20, end - AT - 21);
    expectReject(bed.send(AT, end, true), OffloadReject.ChecksumOffset);
    assert.equal(headerBytes({ version: 4, protocol: "udp", payloadBytes: 0 }), 28);
  });
});
