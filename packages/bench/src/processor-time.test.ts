import assert from "node:assert/strict";
import { busySeconds, processSeconds, secondsPerGigabyte } from "./processor-time.ts";

describe("processor time", () => {
  it("adds up the busy columns of /proc/stat and leaves out idle, iowait, steal and guest", () => {
    const stat = "cpu  100 20 30 999999 888 4 6 777 5 5\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
    assert.equal(busySeconds(stat), 1.6);
  });

  it("only grows", () => {
    const before = busySeconds();
    assert.ok(busySeconds() >= before);
  });

  it("reads a process whose name holds spaces and brackets", () => {
    const stat = "42 (a) b (c) S 1 2 3 0 -1 0 10 0 0 0 250 50 0 0 20 0 7 0 100 0 0";
    assert.equal(processSeconds(stat), 3);
  });

  it("takes what an idle machine uses off the cost, and never below nothing", () => {
    const window = { busySeconds: 3, seconds: 2, bytes: 2e9 };
    assert.equal(secondsPerGigabyte(window, 0.5), 1);
    assert.equal(secondsPerGigabyte(window, 5), 0);
  });
});
