import assert from "node:assert/strict";
import { MEASUREMENTS, type Measurement } from "./cases.ts";
import { Children } from "./children.ts";
import { holdNetworkNamespace, startKernelOverlay } from "./kernel-overlay.ts";
import { startUnderlay, UNDERLAY_MTU } from "./testing/underlay.ts";
import { runTraffic } from "./traffic.ts";
import type { Variant } from "./variant.ts";

const options = { durationSeconds: 0.2, idleShare: 0 };

function measurement(kind: string, change: Partial<Measurement> = {}): Measurement {
  const found = MEASUREMENTS.find(one => one.traffic.kind === kind && one.underlayMtu === UNDERLAY_MTU)!;
  return { ...found, ...change };
}

describe("kernel overlay and traffic generator", function () {
  this.timeout(60_000);
  const children = new Children();
  let kernel: Variant;

  before(async () => {
    kernel = await startKernelOverlay(children, await startUnderlay(children), UNDERLAY_MTU);
  });
  after(() => children.close());

  for (const place of ["same-node", "across-nodes"] as const) {
    for (const family of ["ipv4", "ipv6"] as const) {
      for (const streams of [1, 8]) {
        it(`carries ${streams} TCP streams, ${place}, ${family}`, async () => {
          const traffic = { kind: "tcp-stream", streams } as const;
          const metrics = await runTraffic(
            children,
            measurement("tcp-stream", { traffic, place, family }),
            kernel,
            options,
          );
          assert.ok(metrics.gigabitsPerSecond! > 0);
          assert.ok(metrics.processorSecondsPerGigabyte! >= 0);
        });
      }
    }
  }

  it("measures round trips, free and on one processor", async () => {
    for (const processors of ["any", "two", "one"] as const) {
      const metrics = await runTraffic(
        children,
        measurement("tcp-round-trip", { processors }),
        kernel,
        options,
      );
      assert.ok(metrics.roundTripP50Microseconds! > 0);
      assert.ok(metrics.roundTripP99Microseconds! >= metrics.roundTripP50Microseconds!);
    }
  });

  it("counts new connections", async () => {
    const metrics = await runTraffic(children, measurement("tcp-connections"), kernel, options);
    assert.ok(metrics.connectionsPerSecond! > 0);
  });

  it("searches the UDP rate of small and large datagrams, over both families", async () => {
    for (const [payloadBytes, family] of [
      [64, "ipv4"],
      [1400, "ipv6"],
    ] as const) {
      const traffic = { kind: "udp", payloadBytes } as const;
      const metrics = await runTraffic(children, measurement("udp", { traffic, family }), kernel, options);
      assert.ok(metrics.packetsPerSecond! > 0);
      assert.ok(metrics.loss! < 0.01);
    }
  });

  it("fails with the generator's own words when a pod has no network", async () => {
    const pid = await holdNetworkNamespace(children);
    const cutOff: Variant = { ...kernel, client: { ...kernel.client, pid } };
    await assert.rejects(
      runTraffic(children, measurement("tcp-connections"), cutOff, options),
      /ENETUNREACH/,
    );
  });
});
