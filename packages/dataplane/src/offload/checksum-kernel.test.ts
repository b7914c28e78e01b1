/** The WebAssembly kernel against its twins, and the arena and iovecs that it shares with everything else. */
import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import { createArena } from "./arena.ts";
import { createChecksumKernel } from "./checksum-kernel.ts";
import { sumBytes, sumWords } from "./checksum-twin.ts";
import { fillRandom } from "./fixtures.ts";
import { IovecWriter } from "./iovec.ts";
import { Dice } from "./testbed.ts";
import { signed, unsigned } from "./wasm-module.ts";

const SEED = testSeed();
const arena = createArena(1 << 21);
const sum = createChecksumKernel(arena);

describe("checksum kernel", () => {
  it("sums the example of RFC 1071 §3", () => {
    arena.u8.set([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7], 3);
    assert.equal(sum(3, 8), 0xddf2);
    assert.equal(sum(3, 7), 0xdcfb);
    assert.equal(sum(3, 0), 0);
  });

  it(`equals both twins at every small length and alignment, and at random ones (seed ${SEED})`, () => {
    const dice = new Dice(SEED);
    fillRandom(arena.u8, 0, arena.u8.length, SEED);
    const check = (at: number, bytes: number) => {
      const expected = sumBytes(arena.u8, at, bytes);
      assert.equal(sum(at, bytes), expected, `seed ${SEED}: ${bytes} bytes at ${at}`);
      assert.equal(sumWords(arena.view, at, bytes), expected);
    };
    for (let bytes = 0; bytes <= 200; bytes++) for (let at = 0; at < 17; at++) check(at, bytes);
    for (let i = 0; i < 300; i++) check(dice.below(1 << 20), dice.below(65_536));
  });

  it("holds its largest sums, reads to the last byte, and keeps 0 apart from 0xffff", () => {
    arena.u8.fill(0xff);
    assert.equal(sum(1, 1 << 20), 0xffff);
    assert.equal(sum(1, (1 << 20) - 1), sumBytes(arena.u8, 1, (1 << 20) - 1));
    assert.equal(sum(arena.u8.length - 77, 77), sumBytes(arena.u8, 0, 77));
    arena.u8.fill(0);
    assert.equal(sum(5, 10_000), 0);
  });

  it("never reads beyond what it was given", () => {
    arena.u8.fill(0);
    for (let bytes = 0; bytes < 150; bytes++) {
      arena.u8[99] = 1;
      arena.u8[100 + bytes] = 1;
      assert.equal(sum(100, bytes), 0);
      arena.u8[100 + bytes] = 0;
    }
  });
});

describe("LEB128", () => {
  it("writes the examples of the WebAssembly specification and of DWARF", () => {
    assert.deepEqual(unsigned(624_485), [0xe5, 0x8e, 0x26]);
    assert.deepEqual([unsigned(0), unsigned(127), unsigned(128)], [[0], [127], [0x80, 1]]);
    assert.deepEqual(signed(-123_456), [0xc0, 0xbb, 0x78]);
    assert.deepEqual(
      [signed(63), signed(64), signed(-64), signed(-65)],
      [[63], [0xc0, 0], [0x40], [0xbf, 0x7f]],
    );
  });
});

describe("iovecs", () => {
  it("hold 64-bit addresses, carried over where the low half overflows", () => {
    const far = createArena(1 << 16, () => 0x7fab_ffff_f000);
    new IovecWriter(far).write(16, 0xff0, 5);
    new IovecWriter(far).write(32, 0x1000, 6);
    assert.equal(far.view.getBigUint64(16, true), 0x7fab_ffff_fff0n);
    assert.equal(far.view.getBigUint64(24, true), 5n);
    assert.equal(far.view.getBigUint64(32, true), 0x7fac_0000_0000n);
    assert.equal(far.view.getBigUint64(40, true), 6n);
    assert.equal(createArena(1).u8.length, 65_536);
  });
});
