/** CRC32c: the vectors of RFC 3720 appendix B.4, a bit-by-bit twin, and an SCTP packet. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";
import { Fit } from "./fit.ts";
import * as sctp from "./sctp.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

/** The definition: one bit at a time. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const low = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (low ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}

describe("CRC32c", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  const vectors: [name: string, bytes: Uint8Array, crc: number][] = [
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["ascending", ascending, 0x46dd794e],
    ["descending", ascending.slice().reverse(), 0x113fdb5c],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ];
  for (const [name, bytes, crc] of vectors) {
    it(`of ${name}`, () => assert.equal(crc32c(bytes, 0, bytes.length), crc));
  }

  it("is what the definition says, over any range", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, at) => {
        const start = Math.min(at, bytes.length);
        return crc32c(bytes, start, bytes.length) === slowCrc32c(bytes.slice(start));
      }),
    );
  });

  it("completes and verifies an SCTP packet, least significant byte first", () => {
    const bytes = new Uint8Array(40);
    const view = new DataView(bytes.buffer);
    sctp.setSourcePort(view, 4, 5000);
    sctp.setDestinationPort(view, 4, 6000);
    view.setUint32(8, 0x01020304);
    view.setUint8(16, sctp.Chunk.Init);
    view.setUint16(18, 20);
    sctp.complete(view, bytes, 4, 36);
    assert.equal(sctp.checksumFits(view, bytes, 4, 36), Fit.Ok);
    const zeroed = bytes.slice(4, 36);
    zeroed.fill(0, 8, 12);
    const crc = slowCrc32c(zeroed);
    assert.deepEqual(
      [...bytes.slice(12, 16)],
      [crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24],
    );
    assert.equal(sctp.verificationTag(view, 4), 0x01020304);
    assert.equal(sctp.firstChunk(view, 4), sctp.Chunk.Init);
    bytes[30]! ^= 1;
    assert.equal(sctp.checksumFits(view, bytes, 4, 36), Fit.BadChecksum);
  });
});
