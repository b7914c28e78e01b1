import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

const seed = testSeed();

describe("histogram", () => {
  it(`finds the percentiles of a sorted list to within a cell (seed ${seed})`, () => {
    const durations = fc.array(fc.integer({ min: 1, max: 2 ** 39 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, share) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * share) - 1]!;
        const error = Math.abs(histogram.percentile(share) - exact) / exact;
        assert.ok(error <= 1 / 256, `${histogram.percentile(share)} for ${exact}`);
      }),
      { seed },
    );
  });

  it("has no percentile of nothing, and keeps what is out of range", () => {
    const histogram = new Histogram();
    assert.ok(Number.isNaN(histogram.percentile(0.5)));
    histogram.record(0);
    histogram.record(2 ** 60);
    assert.equal(histogram.count, 2);
    assert.ok(histogram.percentile(1) > 2 ** 40);
  });
});
