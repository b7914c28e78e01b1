import assert from "node:assert/strict";
import { parseAddress } from "./address.ts";
import { addressesOf, parseRange, rangeContains, rangesOverlap } from "./address-range.ts";

describe("address range", () => {
  const range = (text: string) => parseRange(text)!;

  it("is a CIDR, or two addresses in their order", () => {
    assert.deepEqual(
      [...addressesOf(range("192.0.2.252/30"))].join(" "),
      "192.0.2.252 192.0.2.253 192.0.2.254 192.0.2.255",
    );
    assert.deepEqual(
      [...addressesOf(range("192.0.1.255 - 192.0.2.1"))].join(" "),
      "192.0.1.255 192.0.2.0 192.0.2.1",
    );
    assert.deepEqual([...addressesOf(range("fd00::ffff-fd00::1:0"))].join(" "), "fd00::ffff fd00::1:0");
    assert.deepEqual([...addressesOf(range("::1/128"))], ["::1"]);
    for (const text of [
      "",
      "192.0.2.1",
      "192.0.2.1/24",
      "192.0.2.2-192.0.2.1",
      "192.0.2.1-fd00::1",
      "1.1.1.1-1.1.1.2-1.1.1.3",
    ]) {
      assert.equal(parseRange(text), undefined, text);
    }
  });

  it("has its ends and what is between, and overlaps what shares an address", () => {
    const some = range("192.0.2.10-192.0.2.20");
    const has = (address: string) => rangeContains(some, parseAddress(address)!);
    assert.deepEqual(["192.0.2.9", "192.0.2.10", "192.0.2.20", "192.0.2.21", "::c000:20a"].map(has), [
      false,
      true,
      true,
      false,
      false,
    ]);
    assert.equal(rangesOverlap(some, range("192.0.2.20/32")), true);
    assert.equal(rangesOverlap(some, range("192.0.2.21/32")), false);
    assert.equal(rangesOverlap(range("::/0"), range("0.0.0.0/0")), false);
  });
});
