import assert from "node:assert/strict";
import { overlayChart } from "./chart.ts";
import { type CaseRounds, type Report, reportJson, summarize } from "./report.ts";
import { alignColumns, overlayTable, quantity } from "./table.ts";

function rounds(
  name: string,
  unit: string,
  podwire: number[],
  kernel: number[],
  target: number | null,
): CaseRounds {
  const better = unit === "µs" ? "lower" : "higher";
  return { name, unit, better, target, podwire, kernel, podwireLoss: [], kernelLoss: [], failures: [] };
}

function sample(): Report {
  return {
    cases: [
      summarize(
        rounds("tcp-1-stream/across-nodes/mtu-1500/ipv4", "Gbit/s", [5, 5.5, 4.8], [11, 10, 12], 0.45),
      ),
      summarize(rounds("tcp-round-trip-p50/across-nodes/one-core", "µs", [90, 100, 95], [14, 13, 14], 0.25)),
      summarize({
        ...rounds("udp-64B/across-nodes", "packets/s", [60_000, 61_000, 59_000], [], 0.6),
        podwireLoss: [0.001, 0.002, 0.003],
        failures: ['kernel round 1: <gone> & "lost"'],
      }),
    ],
    rounds: 3,
    durationSeconds: 2,
    generator: "podwire",
    kernelUnavailable: null,
    machine: {
      processor: "A & B <fast>",
      processors: 2,
      memoryGiB: 8,
      architecture: "x64",
      kernel: "6.1",
      node: "v20",
      loadAtStart: 0.5,
    },
    notes: [],
  };
}

/** Every element that opens closes, in order: what an XML reader would refuse otherwise. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [tag, name] of xml.matchAll(/<\/?([a-z]+)[^>]*>/g)) {
    if (tag.endsWith("/>")) continue;
    if (tag.startsWith("</")) assert.equal(open.pop(), name);
    else open.push(name!);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(xml.replace(/&#\d+;/g, ""), /&/);
}

describe("overlay report", () => {
  it("has the promised fields in JSON", () => {
    const parsed = JSON.parse(reportJson(sample())) as Report;
    for (const one of parsed.cases) {
      assert.equal(typeof one.name, "string");
      assert.equal(typeof one.unit, "string");
      for (const value of [one.podwire, one.kernel, one.ratio])
        assert.ok(value === null || Number.isFinite(value));
    }
    assert.deepEqual(
      parsed.cases.map(one => [one.podwire, one.kernel, one.ratio]),
      [
        [5, 11, 0.4545],
        [95, 14, 0.1474],
        [60_000, null, null],
      ],
    );
    assert.deepEqual(parsed.cases[0]!.ratioSpread, { least: 0.4, greatest: 0.55 });
    assert.deepEqual(parsed.cases[2]!.loss, { podwire: 0.002, kernel: null });
  });

  it("prints a table that says what fell short and what failed", () => {
    const lines = overlayTable(sample()).split("\n");
    const of = (name: string) => lines.find(line => line.startsWith(name))!;
    assert.match(of("tcp-1-stream"), /0\.45 +≥ 0\.45$/);
    assert.match(of("tcp-round-trip-p50"), /0\.15 +≥ 0\.25 +below target$/);
    assert.match(of("udp-64B"), /loss 0\.20 % \/ –, 1 rounds failed$/);
  });

  it("draws well-formed SVG with a title, a description and a bar a ratio", () => {
    const svg = overlayChart(sample());
    assertWellFormed(svg);
    assert.match(
      svg,
      /<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+ratio 0\.15, target 0\.25/,
    );
    assert.equal(svg.match(/<rect class="(bar|below)"/g)?.length, 2);
    assert.match(svg, /prefers-color-scheme: dark/);
  });

  it("draws a report without ratios too", () => {
    const svg = overlayChart({ ...sample(), cases: sample().cases.slice(2) });
    assertWellFormed(svg);
    assert.match(svg, /Nothing to compare/);
  });

  it("aligns columns and shortens quantities", () => {
    assert.deepEqual(
      alignColumns(
        [
          ["a", "1", "x"],
          ["bcd", "22", ""],
        ],
        1,
      ),
      ["a     1  x", "bcd  22"],
    );
    assert.deepEqual([null, 0.123, 12.34, 123.4, 61234.5].map(quantity), [
      "–",
      "0.12",
      "12.3",
      "123",
      "61235",
    ]);
  });
});
