/** The flow hash: MurmurHash3's own vectors, spread, and what a seed changes. */
import assert from "node:assert/strict";
import { finalise, hashIpv4, hashIpv6, mix } from "./flow-hash.ts";

describe("flow hash", () => {
  it("is MurmurHash3 (x86, 32 bits)", () => {
    assert.equal(finalise(0, 0) >>> 0, 0);
    assert.equal(finalise(1, 0) >>> 0, 0x514e28b7);
    // "test" with seed 0, and with seed 0x9747b28c; the word is little endian in that hash.
    assert.equal(finalise(mix(0, 0x74736574), 4) >>> 0, 0xba6bd213);
    assert.equal(finalise(mix(0x9747b28c, 0x74736574), 4) >>> 0, 0x704b81dc);
  });

  it("spreads neighbouring flows evenly over the low bits and over the high ones", () => {
    const buckets = 64;
    const flows = 64_000;
    const low = new Array<number>(buckets).fill(0);
    const high = new Array<number>(buckets).fill(0);
    for (let i = 0; i < flows; i++) {
      const hash = hashIpv4(0x0af40100 + (i & 15), 0x0af40201, ((32_768 + (i >> 4)) << 16) | 80, 6, 42);
      low[hash & (buckets - 1)]! += 1;
      high[hash >>> 26]! += 1;
    }
    for (const counts of [low, high]) {
      const expected = flows / buckets;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      assert.ok(chiSquare < 130, `chi square ${chiSquare} of 63 degrees of freedom`);
    }
  });

  it("depends on every field and on the seed, and takes signed words for unsigned ones", () => {
    const fields: [number, number, number, number, number] = [0x0af40105, 0xfaf40207, 0x9c401f90, 6, 7];
    const hash = hashIpv4(...fields);
    for (let i = 0; i < fields.length; i++) {
      const changed: typeof fields = [...fields];
      changed[i]! ^= 1;
      assert.notEqual(hashIpv4(...changed), hash);
    }
    assert.equal(hashIpv4(fields[0], fields[1] | 0, fields[2] | 0, 6, 7), hash);
    const view = new DataView(new ArrayBuffer(32));
    const zeros = hashIpv6(view, 0, 1, 6, 7);
    for (let i = 0; i < 32; i++) {
      view.setUint8(i, 1);
      assert.notEqual(hashIpv6(view, 0, 1, 6, 7), zeros);
      view.setUint8(i, 0);
    }
  });
});
