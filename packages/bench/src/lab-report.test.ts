import assert from "node:assert/strict";
import { type LabReport, labTable, measure } from "./lab-report.ts";
import { groupMemory, kibibytes, memoryOf } from "./process-memory.ts";

const machine = {
  processor: "any",
  processors: 2,
  memoryGiB: 8,
  architecture: "x64",
  kernel: "6.1",
  node: "v20",
  loadAtStart: 0,
};

describe("lab report", () => {
  it("marks what is over its target", () => {
    const report: LabReport = {
      measures: [measure("start", "ms", [2900, 3100, 3500], 3000), measure("memory", "MiB", [300], 400)],
      processes: [{ name: "node daemons", processes: 3, residentMiB: 180, proportionalMiB: null }],
      machine,
    };
    const lines = labTable(report).split("\n");
    assert.match(lines[1]!, /^start +ms +3100 +2900–3500 +3 +< 3000 +over target$/);
    assert.match(lines[2]!, /^memory +MiB +300 +1 +< 400$/);
    assert.ok(lines.some(line => /^node daemons +3 +180 +–$/.test(line)));
  });
});

describe("process memory", () => {
  it("reads /proc's fields in KiB", () => {
    assert.equal(kibibytes("Rss:   120 kB\nPss:    60 kB\n", "Pss"), 60);
    assert.equal(kibibytes("Rss:   120 kB\n", "Pss"), null);
  });

  it("knows this process, and nothing of one that is gone", () => {
    const own = memoryOf(process.pid)!;
    assert.ok(own.residentKiB > 0);
    assert.ok(own.proportionalKiB === null || own.proportionalKiB <= own.residentKiB * 1.1);
    assert.equal(memoryOf(0x7fffffff), null);
    assert.equal(groupMemory("both", [process.pid, 0x7fffffff]).processes, 1);
  });
});
