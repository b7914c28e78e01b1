/** The hot functions allocate nothing: a million calls of each leave the heap where it was. */
import assert from "node:assert/strict";
import { virtio } from "@podwire/wire";
import { makePartial, type PacketShape, writePacket, writeSuperPacket } from "./fixtures.ts";
import { Testbed } from "./testbed.ts";

const CALLS = 1_000_000;
const CHUNKS = 100;
/** What reading the heap's size costs itself, with room to spare; one number on the heap a call would be 16 MB. */
const ALLOWED_BYTES = 2_000_000;

const bed = new Testbed();
const { arena } = bed;
const { view } = arena;
const AT = bed.packetsAt + 32;
const STRIDE = 256;
const PACKETS = 8;
const VERSIONS = [4, 6] as const;
const PROTOCOLS = ["tcp", "udp"] as const;

/** Runs `call` a million times and adds up all growth of the heap, so that a collection hides nothing. */
function expectNoAllocation(call: (i: number) => void): void {
  for (let i = 0; i < 100_000; i++) call(i);
  let grown = 0;
  let before = process.memoryUsage().heapUsed;
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    for (let i = 0; i < CALLS / CHUNKS; i++) call(i);
    const after = process.memoryUsage().heapUsed;
    grown += Math.max(0, after - before);
    before = after;
  }
  assert.ok(grown < ALLOWED_BYTES, `${grown} bytes in ${CALLS} calls`);
}

describe("a million calls leave the heap where it was", function () {
  this.timeout(60_000);
  afterEach(() => bed.expectGuards());

  it("splitting super-packets of every kind, in both checksum modes", () => {
    const ends: number[] = [];
    const kinds = VERSIONS.flatMap(version => PROTOCOLS.map(protocol => ({ version, protocol })));
    for (const [i, kind] of kinds.entries()) {
      const shape: PacketShape = { ...kind, payloadBytes: 30, sequence: 0xfffffff0, identification: 65_535 };
      ends.push(writeSuperPacket(arena, AT + i * STRIDE, shape, 12));
    }
    expectNoAllocation(i => {
      const kind = i & 3;
      if (bed.send(AT + kind * STRIDE, ends[kind]!, (i & 4) !== 0) !== 3)
        throw new Error("not split in three");
      if (bed.outbox.messageCount > 8) bed.outbox.reset();
    });
    bed.outbox.reset();
  });

  it("sending single packets, complete and partial", () => {
    const end = writePacket(arena, AT, { version: 4, protocol: "udp", payloadBytes: 64 });
    expectNoAllocation(i => {
      virtio.write(view, AT - 10, i & 1, 0, 0, 0, 20, 6);
      if (bed.send(AT, end, (i & 2) !== 0) !== 1) throw new Error("not sent");
      if ((i & 63) === 0) bed.outbox.reset();
    });
    bed.outbox.reset();
  });

  it("rejecting what cannot be split", () => {
    const end = writeSuperPacket(arena, AT, { version: 4, protocol: "tcp", payloadBytes: 30 }, 12);
    virtio.setGsoSize(view, AT - 10, 0);
    expectNoAllocation(() => {
      if (bed.send(AT, end, true) >= 0) throw new Error("not rejected");
    });
  });

  it("merging two flows, verified and vouched for, and emitting them", () => {
    const ends = new Int32Array(PACKETS);
    const write = (i: number) => {
      const flow = i & 1;
      const shape: PacketShape = {
        version: VERSIONS[flow]!,
        protocol: "tcp",
        payloadBytes: 40,
        ports: 0xffff_0000 + flow,
        identification: i >> 1,
        sequence: (0xfffffff0 + (i >> 1) * 40) % 2 ** 32,
      };
      ends[i] = writePacket(arena, AT + i * STRIDE, shape);
      if (flow === 1) makePartial(view, AT + i * STRIDE, ends[i]!);
    };
    for (let i = 0; i < PACKETS; i++) write(i);
    // Emitting rewrites the first packet of each flow; these bytes put it back.
    const firsts = [0, 1].map(i => arena.u8.slice(AT + i * STRIDE, ends[i]));
    let packet = 0;
    expectNoAllocation(() => {
      const partial = packet & 1 ? 40 | (16 << 8) : 0;
      if (!bed.merger.add(packet & 1, AT + packet * STRIDE, ends[packet]!, partial))
        throw new Error("no room");
      packet++;
      if (packet < PACKETS) return;
      packet = 0;
      if (bed.merger.count !== 2) throw new Error(`${bed.merger.count} items`);
      for (let item = 0; item < 2; item++) {
        bed.merger.emit(item);
        arena.u8.set(firsts[item]!, AT + item * STRIDE);
      }
      bed.merger.reset();
    });
  });
});
