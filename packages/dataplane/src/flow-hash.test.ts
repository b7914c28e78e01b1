import assert from "node:assert/strict";
import { FlowHash, halfSipHash } from "./flow-hash.ts";

describe("FlowHash", () => {
  /** The message words as little-endian bytes, the rounds as the reference implementation writes them. */
  function reference(key: readonly [number, number], message: readonly number[]): number {
    const rotate = (x: number, by: number) => ((x << by) | (x >>> (32 - by))) >>> 0;
    let [v0, v1, v2, v3] = [key[0], key[1], 0x6c796765 ^ key[0], 0x74656462 ^ key[1]].map(v => v >>> 0) as [
      number,
      number,
      number,
      number,
    ];
    const round = () => {
      v0 = (v0 + v1) >>> 0;
      v1 = (rotate(v1, 5) ^ v0) >>> 0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) >>> 0;
      v3 = (rotate(v3, 8) ^ v2) >>> 0;
      v0 = (v0 + v3) >>> 0;
      v3 = (rotate(v3, 7) ^ v0) >>> 0;
      v2 = (v2 + v1) >>> 0;
      v1 = (rotate(v1, 13) ^ v2) >>> 0;
      v2 = rotate(v2, 16);
    };
    for (const word of message) {
      v3 = (v3 ^ word) >>> 0;
      round();
      v0 = (v0 ^ word) >>> 0;
    }
    v2 ^= 0xff;
    for (let i = 0; i < 3; i++) round();
    return (v1 ^ v3) | 0;
  }

  it("is HalfSipHash-1-3 over four words", () => {
    for (let i = 0; i < 100; i++) {
      const [a, b, c, d] = [i * 0x9e3779b9, i << 20, ~i, i * i].map(word => word | 0) as [
        number,
        number,
        number,
        number,
      ];
      assert.equal(halfSipHash(i, -i, a, b, c, d), reference([i, -i], [a, b, c, d]));
    }
  });

  it("spreads neighbours over buckets and lanes", () => {
    const hash = new FlowHash([1, 2]);
    const buckets = new Int32Array(64);
    for (let port = 0; port < 6400; port++) {
      const bucket = hash.ofIpv4(0x0af40002, 0x0af40102, (40_000 + port) << 16, 6 | (4 << 8)) & 63;
      buckets[bucket] = buckets[bucket]! + 1;
    }
    assert.ok(Math.max(...buckets) < 150 && Math.min(...buckets) > 50, `${buckets}`);
  });

  it("depends on its key", () => {
    const of = (seed: readonly [number, number]) => new FlowHash(seed).ofIpv4(1, 2, 3, 4);
    assert.notEqual(of([1, 2]), of([1, 3]));
    assert.notEqual(of([1, 2]), of([2, 2]));
  });
});
