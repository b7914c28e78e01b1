/** What new tables do to flows, and what the flow records say of all of it. */
import assert from "node:assert/strict";
import { SimulatedCluster } from "./testing/cluster.ts";
import { expectFlow, trace } from "./testing/trace.ts";

describe("Pipeline: publish", () => {
  it("judges flows anew: one whose destination went is refused, and revived with it", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    expectFlow(cluster, "web -> api tcp/80", "delivered api");
    cluster.publish(node, ["api"]);
    const refused = "dropped no-such-pod at a; web told: host unreachable by 10.244.0.1";
    expectFlow(cluster, "web -> api tcp/80 flags=A", refused);
    // The other direction does not make a flow of its own.
    expectFlow(
      cluster,
      "api -> web tcp/40000 sport=80 flags=A",
      "dropped no-such-pod at a; api told: host unreachable by 10.244.0.1",
    );
    expectFlow(cluster, "web -> api tcp/80 flags=A", refused);
    cluster.publish(node);
    expectFlow(cluster, "web -> api tcp/80 flags=A", "delivered api");
    const { scalars } = node.counters.snapshot();
    assert.equal(scalars.flowsCreated, 1);
    assert.equal(scalars.flowsRejudged, 2);
    assert.equal(scalars.flowsRevoked, 1);
  });

  it("leaves flows alone that it does not concern", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    expectFlow(cluster, "web -> db tcp/80", "delivered db");
    expectFlow(cluster, "db -> web tcp/40000 sport=80 flags=SA", "delivered web");
    cluster.publish(node, ["api"]);
    expectFlow(cluster, "db -> web tcp/40000 sport=80 flags=A", "delivered web");
    expectFlow(cluster, "web -> db tcp/80 flags=A", "delivered db");
    assert.equal(node.counters.snapshot().scalars.flowsCreated, 1);
  });

  it("ends flows whose sender lost its address, and takes the next packet for itself", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    expectFlow(cluster, "web -> db tcp/80", "delivered db");
    cluster.publish(node, ["web"]);
    expectFlow(cluster, "web -> db tcp/80 flags=A", "dropped source-not-pods at a");
    cluster.publish(node);
    expectFlow(cluster, "web -> db tcp/80 flags=A", "delivered db");
    assert.equal(node.counters.snapshot().scalars.flowsCreated, 2);
  });

  it("names a device that is gone", () => {
    const cluster = new SimulatedCluster();
    const { node, port } = cluster.pod("api");
    node.pipeline.removePort(port);
    node.io.removePort(port);
    expectFlow(cluster, "web -> api tcp/80", "dropped port-gone at a");
    node.pipeline.addPort(port, 1450);
    expectFlow(cluster, "web -> api tcp/80", "dropped port-gone at a");
  });
});

describe("Pipeline: flow records", () => {
  it("tell how a flow began, how it ended, and what was refused", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    expectFlow(cluster, "web -> db udp/53 size=100", "delivered db");
    cluster.nowMs += 1000;
    expectFlow(cluster, "db -> web udp/40000 sport=53 size=200", "delivered web");
    trace(cluster, "web -> 10.244.9.9 tcp/80");
    trace(cluster, "web -> 224.0.0.251 udp/5353");
    cluster.nowMs += 121_000;
    node.pipeline.tick(cluster.nowMs);
    const [started, dropped, ended, ...others] = node.records.read();
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...started },
      {
        event: "started",
        verdict: "forwarded",
        dropReason: "none",
        protocol: 17,
        source: "10.244.0.2",
        destination: "10.244.1.2",
        sourcePort: 40000,
        destinationPort: 53,
        backend: undefined,
        from: { kind: "pod", index: 1 },
        to: { kind: "peer", index: 1 },
        startMs: 1_700_000_000_000,
        lastMs: 1_700_000_000_000,
        packets: 0,
        bytes: 0,
        replyPackets: 0,
        replyBytes: 0,
      },
    );
    assert.deepEqual(
      [dropped!.event, dropped!.verdict, dropped!.dropReason, dropped!.destination, dropped!.packets],
      ["dropped", "dropped", "no-route", "10.244.9.9", 1],
    );
    assert.deepEqual(
      [ended!.event, ended!.verdict, ended!.lastMs - ended!.startMs, ended!.packets, ended!.bytes],
      ["ended", "forwarded", 1000, 1, 100],
    );
    assert.deepEqual([ended!.replyPackets, ended!.replyBytes], [1, 200]);
  });

  it("are bounded for a flood of refused packets", () => {
    const cluster = new SimulatedCluster();
    for (let port = 0; port < 500; port++) trace(cluster, `web -> 10.244.9.9 tcp/${port}`);
    const records = cluster.pod("web").node.records.read();
    assert.equal(records.length, 200);
    assert.equal(cluster.drops()["no-route"], 500);
  });
});
