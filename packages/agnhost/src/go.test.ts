import assert from "node:assert/strict";
import { parseFlags, UsageError } from "./flags.ts";
import { joinHostPort, marshal, parseDuration, splitHostPort } from "./go.ts";

describe("what Go reads and prints", () => {
  it("durations", () => {
    const table: [string, number | undefined][] = [
      ["1s", 1000],
      ["1m30s", 90_000],
      ["1.5s", 1500],
      ["250ms", 250],
      ["0", 0],
      ["-2s", -2000],
      ["5", undefined],
      ["", undefined],
      ["1 s", undefined],
    ];
    for (const [text, expected] of table) assert.equal(parseDuration(text), expected, text);
  });

  it("host and port", () => {
    assert.deepEqual(splitHostPort("a:1"), { host: "a", port: "1" });
    assert.deepEqual(splitHostPort("[fd00::1]:80"), { host: "fd00::1", port: "80" });
    assert.throws(() => splitHostPort("a"), /^Error: address a: missing port in address$/);
    assert.throws(() => splitHostPort("fd00::1:80"), /too many colons in address/);
    assert.throws(() => splitHostPort("[fd00::1"), /missing '\]' in address/);
    assert.equal(joinHostPort("::ffff:10.0.0.1", 80), "10.0.0.1:80");
    assert.equal(joinHostPort("fd00::1", 80), "[fd00::1]:80");
  });

  it("JSON of a map: sorted, with < > & escaped", () => {
    assert.equal(marshal({ output: "a<b", error: "x&y" }), '{"error":"x\\u0026y","output":"a\\u003cb"}');
  });

  it("flags", () => {
    const types = { port: "int", close: "bool", timeout: "duration", name: "string" } as const;
    const parsed = parseFlags(["--port", "80", "--close", "-v=4", "--timeout=2s", "x", "--", "--y"], types);
    assert.deepEqual(parsed, { flags: { port: 80, close: true, timeout: 2000 }, args: ["x", "--y"] });
    assert.deepEqual(parseFlags(["--close=false"], types).flags, { close: false });
    assert.throws(() => parseFlags(["--prot", "1"], types), new UsageError("unknown flag: --prot"));
    assert.throws(() => parseFlags(["--port"], types), new UsageError("flag needs an argument: --port"));
    assert.throws(() => parseFlags(["--port=x"], types), /invalid argument "x" for "--port" flag/);
  });
});
