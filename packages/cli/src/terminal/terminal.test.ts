import assert from "node:assert/strict";
import { formatMilliseconds, parseSeconds } from "./duration.ts";
import { Progress } from "./progress.ts";
import { formatTable, visibleWidth } from "./table.ts";
import { makeTerminal, type Output } from "./terminal.ts";

function output(isTTY: boolean): Output & { text: string } {
  return {
    text: "",
    isTTY,
    columns: 20,
    write(text: string) {
      this.text += text;
    },
  };
}

describe("terminal", () => {
  it("paints on a terminal only, and not with NO_COLOR or TERM=dumb", () => {
    const red = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
      makeTerminal(output(isTTY), output(isTTY), environment).paint("red", "x");
    assert.equal(red(true, {}), "\x1b[31mx\x1b[0m");
    assert.equal(red(true, { NO_COLOR: "" }), "\x1b[31mx\x1b[0m");
    assert.equal(red(true, { NO_COLOR: "1" }), "x");
    assert.equal(red(true, { TERM: "dumb" }), "x");
    assert.equal(red(false, {}), "x");
  });

  it("moves on a terminal only, and not in CI", () => {
    const moves = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
      makeTerminal(output(isTTY), output(isTTY), environment).moves;
    assert.equal(moves(true, {}), true);
    assert.equal(moves(true, { NO_COLOR: "1" }), true);
    assert.equal(moves(true, { CI: "true" }), false);
    assert.equal(moves(false, {}), false);
  });
});

describe("progress", () => {
  it("is plain lines where nothing moves, each step once", () => {
    const stderr = output(false);
    const progress = new Progress(makeTerminal(output(false), stderr, {}));
    progress.step("one");
    progress.step("one");
    progress.say("said");
    progress.step("two");
    progress.end("done");
    assert.equal(stderr.text, "one\nsaid\ntwo\ndone\n");
  });

  it("counts on a terminal only", () => {
    for (const [isTTY, expected] of [
      [false, "asking\n"],
      [true, "\r\x1b[K⠋ asking: 1 of 2\r\x1b[K⠙ asking: 2 of 2\r\x1b[K"],
    ] as const) {
      const stderr = output(isTTY);
      const progress = new Progress(makeTerminal(output(isTTY), stderr, {}));
      progress.step("asking", "1 of 2");
      progress.step("asking", "2 of 2");
      progress.end();
      assert.equal(stderr.text, expected);
    }
  });

  it("is one line on a terminal, cut to its width and cleared at the end", () => {
    const stderr = output(true);
    const progress = new Progress(makeTerminal(output(true), stderr, {}));
    progress.step("a step that is longer than the line");
    progress.say("said");
    progress.end("done");
    const lines = stderr.text.split("\r\x1b[K").filter(line => line !== "");
    assert.deepEqual(lines, [
      "⠋ a step that is lo",
      `${"said\n⠙ a step that is lo".split("\n")[0]}\n`,
      "⠙ a step that is lo",
      "done\n",
    ]);
  });
});

describe("tables", () => {
  it("align columns by what is seen, without trailing spaces", () => {
    const table = formatTable(
      ["NAME", "STATUS"],
      [
        ["web", "\x1b[32mRunning\x1b[0m"],
        ["a-long-name", "✓"],
      ],
    );
    assert.equal(table, "NAME          STATUS\nweb           \x1b[32mRunning\x1b[0m\na-long-name   ✓");
    assert.equal(visibleWidth("\x1b[31m✗ no\x1b[0m"), 4);
  });
});

describe("durations", () => {
  it("are written for people", () => {
    assert.equal(formatMilliseconds(850.4), "850 ms");
    assert.equal(formatMilliseconds(2314), "2.31 s");
  });

  it("are read with units, or as seconds", () => {
    assert.deepEqual(["90", "90s", "5m", "1h30m"].map(parseSeconds), [90, 90, 300, 5400]);
    assert.deepEqual(["", "s", "1d", "-1", "1 m", "1.5s"].map(parseSeconds), Array(6).fill(undefined));
  });
});
