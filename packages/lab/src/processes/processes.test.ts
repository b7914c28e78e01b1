import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boundLogs, quoteLog } from "./log-files.ts";
import { nextBackoff, Supervisor } from "./supervisor.ts";

describe("restart backoff", () => {
  it("is none at first, then doubles to its bound, and starts over after a stable time", () => {
    const delays: number[] = [];
    for (let last: number | undefined, death = 0; death < 10; death++) {
      last = nextBackoff(last, 50);
      delays.push(last);
    }
    assert.deepEqual(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000]);
    assert.equal(nextBackoff(10000, 60_000), 0);
  });
});

describe("supervisor", () => {
  it("starts nothing more once it was stopped", async () => {
    const supervisor = new Supervisor();
    await supervisor.stop();
    const program = { command: process.execPath, arguments: [] };
    const spec = { name: "node-1", program, arguments: [], labDirectory: "/nowhere", log: "/dev/null" };
    await assert.rejects(supervisor.start(spec, 1000), {
      name: "LabError",
      message: "node-1: not started: the lab is being taken down",
    });
    assert.deepEqual(supervisor.states(), []);
  });
});

describe("log files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "podwire-logs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keep their end, in whole lines, while someone goes on appending", async () => {
    const path = join(folder, "node-1.log");
    const writer = openSync(path, "a");
    const stop = boundLogs(folder, 1000);
    let written = 0;
    try {
      for (let round = 0; round < 50; round++) {
        for (let line = 0; line < 10; line++) writeSync(writer, `line ${written++}\n`);
        // The cut comes with an event of inotify: a turn of the event loop's poll phase.
        await new Promise(resolve => setTimeout(resolve, 1));
      }
      const deadline = Date.now() + 5000;
      while (statSync(path).size > 1000 && Date.now() < deadline)
        await new Promise(resolve => setTimeout(resolve, 5));
    } finally {
      stop();
      closeSync(writer);
    }
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    assert(lines.length < 120, `${lines.length} lines are left`);
    assert.equal(lines.at(-1), `line ${written - 1}`);
    const first = Number(lines[0]!.slice(5));
    assert.deepEqual(
      lines,
      lines.map((_, index) => `line ${first + index}`),
    );
  });

  it("are quoted by their last lines", () => {
    const path = join(folder, "a.log");
    assert.equal(quoteLog(path), "  (nothing was logged)");
    appendFileSync(path, Array.from({ length: 100 }, (_, line) => `line ${line}\n`).join(""));
    assert.equal(quoteLog(path, 2), "  line 98\n  line 99");
  });
});
