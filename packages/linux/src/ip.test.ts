import assert from "node:assert/strict";
import { addressBytes, macBytes, parsePrefix } from "./ip.ts";

describe("texts for the kernel", () => {
  it("become bytes", () => {
    assert.deepEqual([...addressBytes("10.1.2.3")], [10, 1, 2, 3]);
    assert.equal(addressBytes("fd00::1").length, 16);
    assert.deepEqual([...macBytes("02:00:0A:00:00:ff")], [2, 0, 10, 0, 0, 255]);
    const bytes = Uint8Array.of(10, 1, 2, 3);
    assert.deepEqual(parsePrefix("10.1.2.3/8"), { family: 4, bytes, prefixLength: 8 });
    assert.deepEqual(parsePrefix("10.1.2.3"), { family: 4, bytes, prefixLength: 32 });
    assert.equal(parsePrefix("::").prefixLength, 128);
  });

  it("are refused with what is wrong", () => {
    assert.throws(() => addressBytes("10.0.0"), /address "10.0.0": not an IPv4 or IPv6 address/);
    assert.throws(() => parsePrefix("10.0.0/8"), /address "10.0.0": not an IPv4 or IPv6 address/);
    assert.throws(() => parsePrefix("10.0.0.0/33"), /CIDR "10.0.0.0\/33": prefix length must be 0 to 32/);
    assert.throws(() => parsePrefix("10.0.0.0/"), /prefix length/);
    assert.throws(() => macBytes("02:00"), /six hexadecimal bytes/);
  });
});
