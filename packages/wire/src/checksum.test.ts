/** The Internet checksum: the RFCs' own examples, then properties against a sum taken bit for bit as RFC 1071 says. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as checksum from "./checksum.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** RFC 1071 with big numbers: the sum of all words modulo 65,535, 0 only when all are 0. */
function slowSum(bytes: Uint8Array): number {
  const padded = bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0]);
  let total = 0n;
  for (let i = 0; i < padded.length; i += 2) total += BigInt(padded[i]! * 256 + padded[i + 1]!);
  return total === 0n ? 0 : Number((total - 1n) % 65_535n) + 1;
}

const bytes = (maxLength = 200) => fc.uint8Array({ minLength: 2, maxLength });
const word = fc.integer({ min: 0, max: 0xffff });

describe("checksum", () => {
  it("sums the example of RFC 1071 §3", () => {
    const view = viewOf(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7));
    assert.equal(checksum.sum(view, 0, 8, 0), 0x2ddf0);
    assert.equal(checksum.fold(0x2ddf0), 0xddf2);
    assert.equal(checksum.finish(0x2ddf0), 0x220d);
  });

  it("updates the example of RFC 1624 §4, where equation 2 went wrong", () => {
    assert.equal(checksum.update16(0xdd2f, 0x5555, 0x3285), 0x0000);
  });

  it("folds as the slow sum does, at any length and offset", () => {
    fc.assert(
      fc.property(bytes(), fc.nat(7), (data, at) => {
        const padded = Uint8Array.from([...new Array<number>(at).fill(0xee), ...data]);
        return checksum.fold(checksum.sum(viewOf(padded), at, padded.length, 0)) === slowSum(data);
      }),
    );
    assert.equal(checksum.fold(2 ** 53 - 1), Number((2n ** 53n - 2n) % 65_535n) + 1);
    assert.equal(checksum.fold(0), 0);
    assert.equal(checksum.fold(0xffff * 40_000), 0xffff);
  });

  it("adds up in parts that begin at even distances", () => {
    fc.assert(
      fc.property(bytes(), fc.nat(50), (data, half) => {
        const cut = Math.min(half * 2, data.length & ~1);
        const view = viewOf(data);
        const parts = checksum.sum(view, cut, data.length, checksum.sum(view, 0, cut, 0));
        return checksum.fold(parts) === slowSum(data);
      }),
    );
  });

  it("is the same after an update as computed anew", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 40 }), fc.nat(3), word, (data, index, value) => {
        const view = viewOf(data);
        // A word that stays makes the sum nonzero, as protocol and length do in every packet.
        view.setUint16(6, 0x1234);
        const at = index * 2 === 6 ? 0 : index * 2;
        const before = checksum.finish(checksum.sum(view, 0, data.length, 0));
        const old = view.getUint16(at);
        view.setUint16(at, value);
        const partial = checksum.updatePartial16(~before & 0xffff, old, value);
        const after = checksum.finish(checksum.sum(view, 0, data.length, 0));
        return checksum.update16(before, old, value) === after && partial === (~after & 0xffff);
      }),
    );
  });

  it("updates 32 bits as two words", () => {
    fc.assert(
      fc.property(word, word, word, word, word, (sum, a, b, c, d) => {
        const twice = checksum.update16(checksum.update16(sum, a, c), b, d);
        const before = ((a << 16) | b) >>> 0;
        const after = ((c << 16) | d) >>> 0;
        const partials = checksum.updatePartial16(checksum.updatePartial16(sum, a, c), b, d);
        return (
          checksum.update32(sum, before, after) === twice &&
          checksum.update32(sum, before | 0, after | 0) === twice &&
          checksum.updatePartial32(sum, before, after) === partials
        );
      }),
    );
  });

  it("updates by the difference of several words at once", () => {
    fc.assert(
      fc.property(word, fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 10 }), (sum, changes) => {
        let difference = 0;
        let one = sum;
        let partial = sum || 1;
        for (const [before, after] of changes) {
          difference += checksum.difference32(before, after);
          one = checksum.update32(one, before, after);
          partial = checksum.updatePartial32(partial, before, after);
        }
        const same = (a: number, b: number) => a % 0xffff === b % 0xffff;
        return (
          same(checksum.updateBy(sum, difference), one) &&
          same(checksum.updatePartialBy(sum || 1, difference), partial)
        );
      }),
    );
  });

  it("sends UDP's 0 as 0xffff", () => {
    assert.equal(checksum.finish(0xffff), 0);
    assert.equal(checksum.finishUdp(0xffff), 0xffff);
    assert.equal(checksum.finishUdp(0xfffe), 1);
  });
});
