/** The merger against its twin, and the property that splitting undoes merging. */
import assert from "node:assert/strict";
import { ipv4, tcp, udp, vxlan } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import {
  fillRandom,
  headerBytes,
  makePartial,
  type PacketShape,
  partialOf,
  writePacket,
} from "./fixtures.ts";
import { mergeTwin, type TwinPacket } from "./merge-twin.ts";
import { OffloadReject } from "./reject.ts";
import { guessPartialChecksum, readRemoteChecksum } from "./remote-checksum.ts";
import { Dice, Testbed } from "./testbed.ts";

const SEED = testSeed();
const bed = new Testbed({ packetsBytes: 400_000 });
const { arena } = bed;
const { view } = arena;
const HEADROOM = 32;

/** Adds packets to the merger as `shapes` say, one behind the other in the arena; returns their bytes. */
function addAll(shapes: readonly (PacketShape & { isPartial?: boolean })[], port = 3): TwinPacket[] {
  let at = bed.packetsAt + HEADROOM;
  return shapes.map(shape => {
    const end = writePacket(arena, at, shape);
    if (shape.isPartial) makePartial(view, at, end);
    const packet = { port, bytes: arena.u8.slice(at, end), isPartial: shape.isPartial ?? false };
    assert.ok(bed.merger.add(port, at, end, shape.isPartial ? partialOf(shape) : 0));
    at = end + HEADROOM;
    return packet;
  });
}

/** `count` segments of one TCP stream, with changes for some. */
function stream(count: number, change: (i: number) => Partial<PacketShape> = () => ({})): PacketShape[] {
  let sequence = 1_000;
  return Array.from({ length: count }, (_, i) => {
    const shape: PacketShape = {
      version: 4,
      protocol: "tcp",
      payloadBytes: 100,
      identification: i,
      sequence,
      ...change(i),
    };
    sequence += shape.payloadBytes;
    return shape;
  });
}

/** How many packets each write holds. */
function sizes(): number[] {
  return bed.drainWrites().map(write => write.iovecs);
}

describe("merging segments", () => {
  beforeEach(() => fillRandom(arena.u8, bed.packetsAt, bed.packetsEnd, 5));
  afterEach(() => {
    bed.merger.reset();
    bed.expectGuards();
  });

  it("makes one write of a stream, whose header says TSO", () => {
    const packets = addAll(stream(45, i => ({ flags: i === 44 ? tcp.ACK | tcp.PSH : tcp.ACK })));
    const [write, ...others] = bed.drainWrites();
    assert.equal(others.length, 0);
    assert.deepEqual(write!.bytes, mergeTwin(packets)[0]!.bytes);
    assert.deepEqual([...write!.bytes.slice(0, 10)], [1, 1, 40, 0, 100, 0, 20, 0, 16, 0]);
  });

  const cases: [what: string, change: (i: number) => Partial<PacketShape>, expected: number[]][] = [
    ["nothing joins after PSH", i => (i === 1 ? { flags: tcp.ACK | tcp.PSH } : {}), [2, 2]],
    ["only the tail may be shorter", i => (i === 1 ? { payloadBytes: 40 } : {}), [2, 2]],
    ["nothing larger follows", i => (i === 2 ? { payloadBytes: 101 } : {}), [2, 2]],
    ["another acknowledgement", i => (i >= 2 ? { acknowledgement: 1 } : {}), [2, 2]],
    ["another window", i => (i >= 2 ? { window: 1 } : {}), [2, 2]],
    ["another urgent pointer", i => (i >= 2 ? { urgent: 1 } : {}), [2, 2]],
    ["another TTL", i => (i >= 2 ? { ttl: 63 } : {}), [2, 2]],
    ["another ECN mark", i => (i >= 2 ? { trafficClass: 3 } : {}), [2, 2]],
    ["another DF", i => (i >= 2 ? { dontFragment: false } : {}), [2, 2]],
    ["options of another length", i => (i >= 2 ? { optionBytes: 12 } : {}), [2, 2]],
    ["SYN, FIN, URG or ECE", i => (i === 1 ? { flags: tcp.ACK | tcp.FIN } : {}), [1, 1, 2]],
    ["pure ACKs", i => (i < 2 ? { payloadBytes: 0 } : {}), [1, 1, 2]],
    ["a hole in the sequence", i => (i === 2 ? { sequence: 9 } : {}), [2, 1, 1]],
    [
      "a hole in the identification",
      i => ({ dontFragment: false, identification: i < 2 ? i : i + 9 }),
      [2, 2],
    ],
    ["identifications under DF do not matter", () => ({ identification: 0 }), [4]],
    ["another port", i => (i === 1 ? { ports: 1 } : {}), [1, 1, 2]],
  ];
  for (const [what, change, expected] of cases) {
    it(`${what}: ${expected.join(" + ")}`, () => {
      addAll(stream(4, change));
      assert.deepEqual(sizes(), expected);
    });
  }

  it("merges two interleaved flows, each in its order, and keeps TUN devices apart", () => {
    const one = stream(3);
    const other = stream(3, () => ({ ports: 77 }));
    addAll([one[0]!, other[0]!, one[1]!, other[1]!, one[2]!, other[2]!]);
    assert.deepEqual(sizes(), [3, 3]);
    let at = bed.packetsAt + HEADROOM;
    for (const [i, shape] of stream(4).entries()) {
      const end = writePacket(arena, at, shape);
      bed.merger.add(i % 2, at, end, 0);
      at = end + HEADROOM;
    }
    assert.deepEqual(sizes(), [1, 1, 1, 1]);
  });

  it("delivers a damaged segment alone and as it came, wherever it is", () => {
    for (let damaged = 0; damaged < 4; damaged++) {
      let at = bed.packetsAt + HEADROOM;
      const originals = stream(4).map((shape, i) => {
        const end = writePacket(arena, at, shape);
        if (i === damaged) arena.u8[end - 1]! ^= 1;
        const bytes = arena.u8.slice(at, end);
        bed.merger.add(3, at, end, 0);
        at = end + HEADROOM;
        return { port: 3, bytes, isPartial: false };
      });
      const writes = bed.drainWrites();
      const expected = mergeTwin(originals);
      assert.deepEqual(
        writes.map(write => write.bytes),
        expected.map(item => item.bytes),
      );
      const alone = expected.find(item => item.members.includes(damaged))!;
      assert.deepEqual(alone.members, [damaged]);
      assert.deepEqual(alone.bytes.slice(10), originals[damaged]!.bytes);
    }
  });

  it("merges what a peer vouches for without looking, and marks a single one NEEDS_CSUM", () => {
    const packets = addAll(stream(3).map(shape => ({ ...shape, isPartial: true })));
    assert.deepEqual(bed.drainWrites()[0]!.bytes, mergeTwin(packets)[0]!.bytes);
    addAll([{ version: 6, protocol: "udp", payloadBytes: 9, isPartial: true }]);
    assert.deepEqual([...bed.drainWrites()[0]!.bytes.slice(0, 10)], [1, 0, 0, 0, 0, 0, 40, 0, 6, 0]);
  });

  it("lets nothing of TCP or UDP overtake a fragment", () => {
    const shapes = stream(3);
    let at = bed.packetsAt + HEADROOM;
    for (const [i, shape] of shapes.entries()) {
      const end = writePacket(arena, at, shape);
      if (i === 1) {
        ipv4.setFragment(view, at, ipv4.MORE_FRAGMENTS);
        ipv4.complete(view, at);
      }
      bed.merger.add(3, at, end, 0);
      at = end + HEADROOM;
    }
    assert.deepEqual(sizes(), [1, 1, 1]);
  });

  it("does not merge UDP without a checksum", () => {
    let at = bed.packetsAt + HEADROOM;
    for (let i = 0; i < 3; i++) {
      const end = writePacket(arena, at, { version: 4, protocol: "udp", payloadBytes: 50 });
      udp.setChecksum(view, at + 20, 0);
      bed.merger.add(3, at, end, 0);
      at = end + HEADROOM;
    }
    assert.deepEqual(sizes(), [1, 1, 1]);
  });

  it("stays below 65,535 bytes and 128 segments, and refuses packets beyond its room", () => {
    addAll(stream(50, () => ({ payloadBytes: 1_400 })));
    assert.deepEqual(sizes(), [46, 4]);
    addAll(stream(200, () => ({ payloadBytes: 10 })));
    assert.deepEqual(sizes(), [128, 72]);
    const small = new Testbed({ packetCapacity: 2 });
    const at = small.packetsAt + HEADROOM;
    const end = writePacket(small.arena, at, stream(1)[0]!);
    assert.deepEqual(
      [0, 1, 2].map(() => small.merger.add(3, at, end, 0)),
      [true, true, false],
    );
    small.merger.reset();
    assert.ok(small.merger.add(3, at, end, 0));
  });
});

describe("merging packets whose transport header lies", () => {
  it("writes nothing out of bounds and names nothing out of bounds", () => {
    const dice = new Dice(SEED);
    for (let round = 0; round < 50_000; round++) {
      let at = bed.packetsAt + HEADROOM;
      for (let i = 0; i < 4; i++) {
        const version = dice.pick([4, 6] as const);
        const payloadBytes = dice.below(30);
        const end = writePacket(arena, at, {
          version,
          protocol: dice.pick(["tcp", "udp"] as const),
          payloadBytes,
        });
        const isShort = dice.oneIn(4);
        const shortEnd = isShort ? at + (version === 4 ? 20 : 40) + dice.below(8) : end;
        if (isShort && version === 4) ipv4.setTotalLength(view, at, shortEnd - at);
        if (isShort && version === 6) view.setUint16(at + 4, shortEnd - at - 40);
        if (dice.oneIn(2)) arena.u8[at + (version === 4 ? 20 : 40) + dice.below(14)] = dice.below(256);
        bed.merger.add(1, at, shortEnd, 0);
        at = end + HEADROOM;
      }
      for (const write of bed.drainWrites()) assert.ok(write.bytes.length <= 4 * 160);
    }
    bed.expectGuards();
  });
});

describe("what a kernel VXLAN device sends over a veth", () => {
  it("is a partial checksum without a word", () => {
    for (const version of [4, 6] as const) {
      for (const protocol of ["tcp", "udp"] as const) {
        const shape = { version, protocol, payloadBytes: 30 };
        const at = bed.packetsAt + HEADROOM;
        const end = writePacket(arena, at, shape);
        assert.equal(guessPartialChecksum(view, at, end), 0);
        makePartial(view, at, end);
        assert.equal(guessPartialChecksum(view, at, end), partialOf(shape));
      }
    }
  });

  it("is a super-packet unsplit, which goes on as one", () => {
    const at = bed.packetsAt + HEADROOM;
    const flags = tcp.ACK | tcp.CWR | tcp.PSH;
    const end = writePacket(arena, at, { version: 4, protocol: "tcp", payloadBytes: 1_000, flags });
    makePartial(view, at, end);
    const packet = arena.u8.slice(at, end);
    assert.equal(bed.merger.addSuperPacket(3, at, end, 300), OffloadReject.None);
    const [write] = bed.drainWrites();
    assert.deepEqual([...write!.bytes.slice(0, 10)], [1, 0x81, 40, 0, 44, 1, 20, 0, 16, 0]);
    assert.deepEqual(write!.bytes.slice(10), packet);
    assert.equal(bed.merger.addSuperPacket(3, at, end, 0), OffloadReject.GsoSize);
    assert.equal(bed.merger.addSuperPacket(3, at, end, 1_000), OffloadReject.GsoPayload);
    ipv4.setProtocol(view, at, 1);
    assert.equal(bed.merger.addSuperPacket(3, at, end, 300), OffloadReject.GsoType);
    assert.equal(bed.merger.count, 0);
  });

  it("is not overtaken by what follows it in its flow", () => {
    const [first, last] = stream(2);
    const at = bed.packetsAt + HEADROOM;
    const end = writePacket(arena, at, first!);
    const superAt = end + HEADROOM;
    const superEnd = writePacket(arena, superAt, { ...last!, payloadBytes: 500 });
    const lastAt = superEnd + HEADROOM;
    const lastEnd = writePacket(arena, lastAt, last!);
    assert.ok(bed.merger.add(3, at, end, 0));
    assert.equal(bed.merger.addSuperPacket(3, superAt, superEnd, 100), OffloadReject.None);
    assert.ok(bed.merger.add(3, lastAt, lastEnd, 0));
    assert.deepEqual(sizes(), [1, 1, 1]);
  });
});

describe("reading a peer's remote checksum", () => {
  const vxlanAt = bed.packetsAt + 64;
  const at = vxlanAt + 22;
  it("takes what the splitter sends, and refuses to be pointed elsewhere", () => {
    for (const version of [4, 6] as const) {
      for (const protocol of ["tcp", "udp"] as const) {
        const shape: PacketShape = { version, protocol, payloadBytes: 30 };
        const end = writePacket(arena, at, shape);
        const start = headerBytes(shape) - (protocol === "tcp" ? 20 : 8);
        const [offset, other] = protocol === "tcp" ? [16, 6] : [6, 16];
        vxlan.write(view, vxlanAt, 7);
        assert.equal(readRemoteChecksum(view, vxlanAt, at, end), 0);
        vxlan.setRemoteChecksum(view, vxlanAt, 14 + start, offset!);
        assert.equal(readRemoteChecksum(view, vxlanAt, at, end), partialOf(shape));
        vxlan.setRemoteChecksum(view, vxlanAt, 14 + start, other!);
        assert.ok(readRemoteChecksum(view, vxlanAt, at, end) < 0);
        for (const wrong of [0, 12, 14 + start - 2, 14 + start + 2, 254]) {
          vxlan.write(view, vxlanAt, 7);
          vxlan.setRemoteChecksum(view, vxlanAt, wrong, offset!);
          assert.equal(readRemoteChecksum(view, vxlanAt, at, end), -OffloadReject.ChecksumStart);
        }
      }
    }
  });
});
