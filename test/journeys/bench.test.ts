/** The overlay benchmark against a real lab, as short as it goes: that it measures, not how much. */
import assert from "node:assert/strict";
import {
  benchOverlay,
  benchServices,
  labTable,
  overlayChart,
  overlayTable,
  reportJson,
} from "@podwire/bench";

describe("journey: podwire bench overlay", function () {
  this.timeout(120_000);

  for (const [generator, options, names] of [
    ["its own generator", {}, ["tcp-connections", "round-trip-p50/across-nodes/two-cores"]],
    ["iperf3", { withIperf3: true }, ["tcp-1-stream/across-nodes/mtu-1500/ipv4"]],
  ] as const) {
    it(`measures both overlays with ${generator}`, async () => {
      const report = await benchOverlay({ cases: [...names], durationSeconds: 1, ...options });
      assert.deepEqual(
        report.cases.flatMap(each => each.failures),
        [],
      );
      for (const { name, podwire, kernel, ratio } of report.cases) {
        assert.ok(podwire! > 0 && kernel! > 0 && ratio! > 0, `${name}: ${podwire}, ${kernel}, ${ratio}`);
      }
      const json = JSON.parse(reportJson(report)) as { cases: { name: string; unit: string }[] };
      assert.deepEqual(
        json.cases.map(each => each.name),
        report.cases.map(each => each.name),
      );
      assert.match(overlayTable(report), /ratio/);
      assert.match(overlayChart(report), /^<svg/);
    });
  }
});

describe("journey: podwire bench services", function () {
  this.timeout(180_000);

  it("measures Podwire's Services and the kernel's, changes, silences and what many of them cost", async () => {
    const report = await benchServices({ rounds: 1, durationSeconds: 0.5, services: 20, nodes: 2 });
    const named = (text: string) => report.measures.filter(({ name }) => name.includes(text));
    for (const text of ["TCP, one stream", "TCP round trip", "new connections, 1 Service", "of 5 endpoints"])
      assert.ok(named(text).length > 0, text);
    for (const { name, value } of [
      ...named("new connections"),
      ...named("silence"),
      ...named("last of 2 nodes"),
    ])
      assert.ok(value > 0, `${name}: ${value}`);
    assert.match(labTable(report), /ClusterIP to pod itself/);
  });
});
