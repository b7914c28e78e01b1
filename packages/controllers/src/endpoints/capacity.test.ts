/** Endpoints of too many addresses. */
import assert from "node:assert/strict";
import type { EndpointSubset } from "@podwire/api";
import { truncated } from "./capacity.ts";

const addresses = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ ip: `10.0.${at >> 8}.${at & 255}` }));
const subset = (ready: number, notReady: number): EndpointSubset => ({
  ...(ready > 0 && { addresses: addresses(ready) }),
  ...(notReady > 0 && { notReadyAddresses: addresses(notReady) }),
});
const sizes = (subsets: readonly EndpointSubset[] | undefined) =>
  subsets?.map(each => [each.addresses?.length ?? 0, each.notReadyAddresses?.length ?? 0]);

describe("truncated Endpoints", () => {
  for (const [what, before, after] of [
    ["as many as may be", [[600, 400]], undefined],
    ["one too many, and one is not ready", [[600, 401]], [[600, 400]]],
    ["too many that are ready: the others go", [[1_100, 50]], [[1_000, 0]]],
    [
      "of each subset its share, rounded up, the last what is left",
      [
        [500, 9],
        [500, 0],
        [501, 7],
      ],
      [
        [334, 0],
        [334, 0],
        [332, 0],
      ],
    ],
    [
      "of those that are not ready a share as well",
      [
        [400, 500],
        [400, 500],
      ],
      [
        [400, 100],
        [400, 100],
      ],
    ],
    [
      "a subset of which nothing is left goes",
      [
        [1_000, 0],
        [0, 10],
      ],
      [[1_000, 0]],
    ],
  ] as const) {
    it(what, () => {
      const result = truncated(before.map(([ready, notReady]) => subset(ready, notReady)));
      assert.deepEqual(sizes(result), after);
    });
  }
});
