/**
 * The property that splitting undoes merging, over random batches: `split(merge(x)) == x`. On the way, what the merger
 * writes is held against its twin.
 */
import assert from "node:assert/strict";
import { ipv4, tcp } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import {
  completeChecksum,
  fillRandom,
  makePartial,
  type PacketShape,
  partialOf,
  writePacket,
} from "./fixtures.ts";
import { mergeTwin, type TwinPacket } from "./merge-twin.ts";
import { Dice, Testbed } from "./testbed.ts";

const SEED = testSeed();
const bed = new Testbed({ packetsBytes: 200_000 });
const { arena } = bed;
const { view } = arena;
const HEADROOM = 32;
const SPLIT_AT = bed.packetsEnd - 70_000;

describe("split(merge(x)) == x", () => {
  it(`over 100,000 random batches, which merge as the twin merges them (seed ${SEED})`, function () {
    this.timeout(60_000);
    const dice = new Dice(SEED);
    fillRandom(arena.u8, bed.packetsAt, bed.packetsEnd, dice.seed);
    let merged = 0;
    for (let round = 0; round < 100_000; round++) {
      const seeded = `seed ${dice.seed}, round ${round}`;
      const packets = addBatch(dice);
      const writes = bed.drainWrites();
      // The twin is slow, and one case in five is enough of it.
      if (round % 5 === 0) {
        const expected = mergeTwin(packets);
        assert.equal(writes.length, expected.length, seeded);
        for (const [i, write] of writes.entries()) {
          assert.ok(Buffer.compare(write.bytes, expected[i]!.bytes) === 0, `${seeded}, write ${i}`);
        }
      }
      const waiting = new Map<string, Uint8Array[]>();
      for (const write of writes) {
        if (write.iovecs > 1) merged += write.iovecs;
        for (const bytes of splitAgain(write.bytes, write.iovecs)) {
          const key = flowKey(write.port, bytes);
          waiting.set(key, [...(waiting.get(key) ?? []), bytes]);
        }
      }
      for (const packet of packets) {
        const bytes = waiting.get(flowKey(packet.port, packet.bytes))?.shift();
        assert.ok(bytes !== undefined && isSamePacket(packet, bytes), seeded);
      }
    }
    bed.expectGuards();
    assert.ok(merged > 100_000, `only ${merged} packets took part in merging`);
  });
});

/** A few packets of one to three streams, contiguous mostly, with every reason not to merge now and then. */
function addBatch(dice: Dice): TwinPacket[] {
  const flows = Array.from({ length: dice.between(1, 3) }, (_, i) => ({
    version: dice.pick([4, 6] as const),
    protocol: dice.pick(["tcp", "tcp", "udp"] as const),
    ports: dice.oneIn(4) ? 5 : 0x9c40_0000 + i,
    optionBytes: dice.pick([0, 12]),
    dontFragment: dice.oneIn(2),
    payloadBytes: dice.between(1, 40),
    sequence: dice.oneIn(4) ? 2 ** 32 - dice.between(1, 60) : dice.below(2 ** 32 - 1),
    identification: dice.below(65_536),
    isPartial: dice.oneIn(3),
    flags: tcp.ACK as number,
  }));
  let at = bed.packetsAt + HEADROOM + dice.below(4);
  const packets: TwinPacket[] = [];
  for (let i = dice.between(2, 8); i > 0; i--) {
    const flow = dice.pick(flows);
    const shape = { ...flow, ...oddity(dice, flow.payloadBytes) };
    const end = writePacket(arena, at, shape);
    if (shape.isPartial) makePartial(view, at, end);
    else if (dice.oneIn(20)) arena.u8[at + dice.between(4, end - at - 1)]! ^= 1 << dice.below(8);
    if (arena.u8[at]! >> 4 === shape.version && isFramed(at, end)) {
      packets.push({ port: 3, bytes: arena.u8.slice(at, end), isPartial: shape.isPartial });
      assert.ok(bed.merger.add(3, at, end, shape.isPartial ? partialOf(shape) : 0));
    }
    flow.sequence = (shape.sequence + shape.payloadBytes) % 2 ** 32;
    flow.identification = (flow.identification + 1) % 65_536;
    at = end + HEADROOM;
  }
  return packets;
}

function oddity(dice: Dice, payloadBytes: number): Partial<PacketShape> {
  switch (dice.below(24)) {
    case 0:
      return { payloadBytes: dice.between(1, payloadBytes) };
    case 1:
      return { payloadBytes: payloadBytes + 1 };
    case 2:
      return { flags: dice.below(256) };
    case 3:
      return { payloadBytes: 0 };
    case 4:
      return { acknowledgement: dice.below(1_000) };
    case 5:
      return { ttl: 3 };
    case 6:
      return { identification: dice.below(65_536) };
    case 7:
    case 8:
      return { flags: tcp.ACK | tcp.PSH };
    default:
      return {};
  }
}

/** The lengths still say what was written: a flipped bit may have hit them, and then the pipeline would drop it. */
function isFramed(at: number, end: number): boolean {
  const isIpv4 = arena.u8[at]! >> 4 === 4;
  const total = isIpv4 ? view.getUint16(at + 2) : 40 + view.getUint16(at + 4);
  if (isIpv4 ? (arena.u8[at]! & 15) !== 5 : false) return false;
  const protocol = arena.u8[at + (isIpv4 ? 9 : 6)];
  const transportAt = at + (isIpv4 ? 20 : 40);
  if (total !== end - at) return false;
  if (protocol === 6) return tcp.fits(view, transportAt, end) === 0;
  return protocol !== 17 || view.getUint16(transportAt + 4) === end - transportAt;
}

/** A write as the packets that it holds. */
function splitAgain(bytes: Uint8Array, members: number): Uint8Array[] {
  if (members === 1) return [bytes.slice(10)];
  arena.u8.set(bytes, SPLIT_AT);
  assert.equal(bed.send(SPLIT_AT + 10, SPLIT_AT + bytes.length, false), members);
  return bed.drainDatagrams().map(datagram => datagram.slice(22));
}

/** Packets of one flow and kind keep their order; the payload is not part of the key. */
function flowKey(port: number, bytes: Uint8Array): string {
  const isIpv4 = bytes[0]! >> 4 === 4;
  const addresses = bytes.slice(isIpv4 ? 12 : 8, isIpv4 ? 24 : 44);
  return `${port} ${bytes[isIpv4 ? 9 : 6]} ${addresses.join()}`;
}

/** Equal to the bit, but for a checksum that was partial, and identifications that DF makes meaningless. */
function isSamePacket(packet: TwinPacket, again: Uint8Array): boolean {
  return (
    Buffer.compare(normalised(packet.bytes, packet.isPartial), normalised(again, packet.isPartial)) === 0
  );
}

function normalised(bytes: Uint8Array, isPartial: boolean): Uint8Array {
  const copy = bytes.slice();
  const copyView = new DataView(copy.buffer);
  if (isPartial) completeChecksum(copyView, 0, copy.length);
  if (copy[0]! >> 4 === 4 && ipv4.dontFragment(copyView, 0) && ipv4.checksumFits(copyView, 0) === 0) {
    ipv4.setIdentification(copyView, 0, 0);
    ipv4.complete(copyView, 0);
  }
  return copy;
}
