import assert from "node:assert/strict";
import { parseIperf3, probeOf } from "./iperf3.ts";

describe("iperf3 output", () => {
  it("gives what the receiver saw", () => {
    const end = parseIperf3('{"end":{"sum_received":{"bytes":250000000,"seconds":2}}}');
    assert.deepEqual(end.sum_received, { bytes: 250_000_000, seconds: 2 });
  });

  it("counts delivered datagrams", () => {
    const end = parseIperf3('{"end":{"sum":{"packets":1000,"lost_packets":7,"seconds":1}}}');
    assert.deepEqual(probeOf(end), { sent: 1000, delivered: 993, seconds: 1 });
  });

  it("reports iperf3's own error", () => {
    assert.throws(() => parseIperf3('{"end":{},"error":"unable to connect"}'), /iperf3: unable to connect/);
  });
});
