import assert from "node:assert/strict";
import { median, ratio, significant, spread } from "./statistics.ts";

describe("statistics", () => {
  it("takes the middle of odd and even counts, whatever their order", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it("does not let one disturbed round move the median", () => {
    assert.equal(median([10, 10.2, 0.3]), 10);
  });

  it("turns every ratio so that more is better", () => {
    assert.equal(ratio("higher", 5, 10), 0.5);
    assert.equal(ratio("lower", 5, 10), 2);
  });

  it("has no ratio where a side is missing or nothing was measured", () => {
    assert.equal(ratio("higher", 5, null), null);
    assert.equal(ratio("higher", null, 5), null);
    assert.equal(ratio("higher", 5, 0), null);
    assert.equal(ratio("lower", 0, 5), null);
  });

  it("gives the whole range", () => {
    assert.deepEqual(spread([3, 1, 2]), { least: 1, greatest: 3 });
    assert.equal(spread([]), null);
  });

  it("rounds to significant digits", () => {
    assert.equal(significant(12345.678, 4), 12350);
    assert.equal(significant(0.0123456, 4), 0.01235);
  });
});
