import assert from "node:assert/strict";
import { allCaseNames, MEASUREMENTS, selectMeasurements, UNDERLAY_MTUS } from "./cases.ts";

describe("cases", () => {
  it("have names that tell them apart", () => {
    const names = allCaseNames();
    assert.equal(new Set(names).size, names.length);
  });

  it("cover one and eight streams over both families, underlays and places", () => {
    for (const mtu of UNDERLAY_MTUS)
      for (const place of ["across-nodes", "same-node"])
        for (const family of ["ipv4", "ipv6"])
          for (const streams of ["1-stream", "8-streams"])
            assert.ok(allCaseNames().includes(`tcp-${streams}/${place}/mtu-${mtu}/${family}`));
  });

  it("ask for a ratio where one is promised", () => {
    const targets = new Map(MEASUREMENTS.flatMap(each => each.cases).map(one => [one.name, one.target]));
    assert.equal(targets.get("tcp-1-stream/across-nodes/mtu-1500/ipv4"), 0.45);
    assert.equal(targets.get("tcp-1-stream/across-nodes/mtu-65535/ipv4"), 0.4);
    assert.equal(targets.get("tcp-1-stream/same-node/mtu-1500/ipv4"), 0.6);
    assert.equal(targets.get("tcp-round-trip-p50/across-nodes/any-core"), 1);
    assert.equal(targets.get("tcp-round-trip-p50/across-nodes/one-core"), 0.25);
    assert.equal(targets.get("udp-64B/across-nodes"), 0.6);
    assert.equal(targets.get("tcp-connections/across-nodes"), null);
  });

  it("are chosen by a part of their name, and measured once for all of their numbers", () => {
    const [both] = selectMeasurements([
      "tcp-round-trip-p50/across-nodes/one-core",
      "p99/across-nodes/one-core",
    ]);
    assert.deepEqual(
      both!.cases.map(one => one.metric),
      ["roundTripP50Microseconds", "roundTripP99Microseconds"],
    );
    assert.equal(selectMeasurements([]).length, MEASUREMENTS.length);
    assert.deepEqual(
      selectMeasurements(["cpu/"]).map(each => each.cases.map(one => one.name)),
      [
        ["cpu/across-nodes/mtu-1500"],
        ["cpu/same-node/mtu-1500"],
        ["cpu/across-nodes/mtu-65535"],
        ["cpu/same-node/mtu-65535"],
      ],
    );
  });

  it("name what there is when a name matches nothing", () => {
    assert.throws(
      () => selectMeasurements(["quic"]),
      /--case quic: no case .* there are .*udp-64B\/across-nodes/,
    );
  });
});
