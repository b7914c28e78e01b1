import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { LOSS_LIMIT } from "./limits.ts";
import { lossOf, type Probe, searchRate } from "./rate-search.ts";

const seed = testSeed();

/** A path that delivers everything up to its capacity and drops the rest, behind a sender with a limit. */
function path(capacity: number, senderLimit: number): (rate: number) => Probe {
  return rate => {
    const sent = Math.round(Math.min(rate, senderLimit));
    return { sent, delivered: Math.min(sent, capacity), seconds: 1 };
  };
}

describe("rate search", () => {
  it(`comes close to a path's capacity from below (seed ${seed})`, () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 50, max: 1_000_000 }), async capacity => {
        const found = await searchRate(path(capacity, 10_000_000));
        assert.ok(found.loss < LOSS_LIMIT);
        assert.ok(found.packetsPerSecond <= capacity);
        assert.ok(found.packetsPerSecond > capacity * 0.9, `${found.packetsPerSecond} of ${capacity}`);
      }),
      { seed },
    ));

  it("reports what a slow sender got through", async () => {
    const found = await searchRate(path(1_000_000, 100_000));
    assert.deepEqual(found, { packetsPerSecond: 100_000, loss: 0 });
  });

  it("forgives one hiccup at a rate", async () => {
    const tried = new Set<number>();
    const steady = path(100_000, 10_000_000);
    const found = await searchRate(rate => {
      const isFirst = !tried.has(rate);
      tried.add(rate);
      return isFirst ? { sent: 100, delivered: 50, seconds: 1 } : steady(rate);
    });
    assert.ok(found.packetsPerSecond > 90_000);
  });

  it("ends on a path that delivers nothing", async () => {
    assert.deepEqual(await searchRate(path(0, 1_000_000)), { packetsPerSecond: 0, loss: 1 });
  });

  it("never counts more delivered than sent as a negative loss", () => {
    assert.equal(lossOf({ sent: 10, delivered: 11, seconds: 1 }), 0);
  });
});
