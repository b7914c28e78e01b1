import assert from "node:assert/strict";
import fc from "fast-check";
import { addressBytes, addressText, parsePrefix } from "./ip.ts";
import { macBytes, macText } from "./mac.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Date.now() % 2 ** 31);

describe("addresses as text", () => {
  it(`survive the way to bytes and back (PODWIRE_SEED=${seed})`, () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map(a => Uint8Array.from(a)),
    );
    fc.assert(
      fc.property(bytes, value => {
        assert.deepEqual(addressBytes(addressText(value)), value);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it("are canonical as RFC 5952 wants them", () => {
    for (const text of [
      "::",
      "::1",
      "fd00::",
      "fd00:10:244::2",
      "2001:db8::1:0:0:1",
      "10.0.0.1",
      "1:0:2:3:4:5:6:7",
    ]) {
      assert.equal(addressText(addressBytes(text)), text);
    }
    assert.equal(addressText(addressBytes("::ffff:10.1.2.3")), "::ffff:a01:203");
  });

  it("are refused with what is wrong", () => {
    assert.throws(() => addressBytes("10.0.0"), /address "10.0.0": not an IPv4 or IPv6 address/);
    assert.throws(() => parsePrefix("10.0.0.0/33"), /prefix length must be 0 to 32/);
    assert.throws(() => parsePrefix("10.0.0.0/"), /prefix length/);
    assert.throws(() => macBytes("02:00"), /six hexadecimal bytes/);
    assert.equal(macText(macBytes("02:00:0A:00:00:ff")), "02:00:0a:00:00:ff");
  });
});
