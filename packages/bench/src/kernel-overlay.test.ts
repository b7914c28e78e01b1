import assert from "node:assert/strict";
import { type Measurement, MEASUREMENTS } from "./cases.ts";
import { Children } from "./children.ts";
import { holdNetworkNamespace, inNetworkOf, startKernelOverlay } from "./kernel-overlay.ts";
import { runTraffic } from "./traffic.ts";
import type { UnderlayNode, Variant } from "./variant.ts";

const UNDERLAY_MTU = 1500;
const options = { durationSeconds: 0.2, idleShare: 0 };

/** Two network namespaces joined by a veth pair: the smallest underlay there is. */
async function startUnderlay(children: Children): Promise<[UnderlayNode, UnderlayNode]> {
  const pids = [await holdNetworkNamespace(children), await holdNetworkNamespace(children)] as const;
  inNetworkOf(pids[1], (peer, namespace) => {
    inNetworkOf(pids[0], own => {
      own.createVeth({ name: "underlay", peerName: "underlay", peerNamespace: namespace, mtu: UNDERLAY_MTU });
      own.setLink("underlay", { up: true });
      own.addAddress("underlay", "192.0.2.1/24");
    });
    peer.setLink("underlay", { up: true });
    peer.addAddress("underlay", "192.0.2.2/24");
  });
  return [
    { name: "a", pid: pids[0], address: "192.0.2.1" },
    { name: "b", pid: pids[1], address: "192.0.2.2" },
  ];
}

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
          const metrics = await runTraffic(children, measurement("tcp-stream", { traffic, place, family }), kernel, options);
          assert.ok(metrics.gigabitsPerSecond! > 0);
          assert.ok(metrics.processorSecondsPerGigabyte! >= 0);
        });
      }
    }
  }

  it("measures round trips, free and on one processor", async () => {
    for (const isPinned of [false, true]) {
      const metrics = await runTraffic(children, measurement("tcp-round-trip", { isPinned }), kernel, options);
      assert.ok(metrics.roundTripP50Microseconds! > 0);
      assert.ok(metrics.roundTripP99Microseconds! >= metrics.roundTripP50Microseconds!);
    }
  });

  it("counts new connections", async () => {
    const metrics = await runTraffic(children, measurement("tcp-connections"), kernel, options);
    assert.ok(metrics.connectionsPerSecond! > 0);
  });

  it("searches the UDP rate of small and large datagrams, over both families", async () => {
    for (const [payloadBytes, family] of [[64, "ipv4"], [1400, "ipv6"]] as const) {
      const traffic = { kind: "udp", payloadBytes } as const;
      const metrics = await runTraffic(children, measurement("udp", { traffic, family }), kernel, options);
      assert.ok(metrics.packetsPerSecond! > 0);
      assert.ok(metrics.loss! < 0.01);
    }
  });

  it("fails with the generator's own words when a pod has no network", async () => {
    const pid = await holdNetworkNamespace(children);
    const cutOff: Variant = { ...kernel, client: { ...kernel.client, pid } };
    await assert.rejects(runTraffic(children, measurement("tcp-connections"), cutOff, options), /ENETUNREACH/);
  });
});
