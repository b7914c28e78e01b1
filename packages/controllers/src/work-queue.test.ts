/** The work queue's three promises: once, never twice at a time, and again after a failure. */
import assert from "node:assert/strict";
import { ManualClock } from "./testing/manual-clock.ts";
import { WorkQueue } from "./work-queue.ts";

const settled = () => new Promise(resolve => setImmediate(resolve));

describe("work queue", () => {
  it("reconciles a key once for many events, and again for one that comes meanwhile", async () => {
    const runs: string[] = [];
    let release = () => {};
    const reconcile = async (key: string) => {
      runs.push(key);
      await new Promise<void>(resolve => {
        release = resolve;
      });
    };
    const queue = new WorkQueue({ name: "test", reconcile, clock: new ManualClock(), log: () => {} });
    queue.add("a");
    queue.add("a");
    await settled();
    assert.deepEqual(runs, ["a"]);
    queue.add("a");
    queue.add("b");
    await settled();
    assert.deepEqual(runs, ["a"]);
    release();
    await settled();
    release();
    await settled();
    assert.deepEqual(runs, ["a", "a", "b"]);
  });

  it("tries again after a failure, later each time, until it succeeds", async () => {
    const clock = new ManualClock();
    const logged: string[] = [];
    let failures = 3;
    let runs = 0;
    const reconcile = async () => {
      runs++;
      if (failures-- > 0) throw new Error("the store is full");
    };
    const queue = new WorkQueue({ name: "test", reconcile, clock, log: line => logged.push(line) });
    queue.add("a");
    for (const delayMs of [20, 40, 80]) {
      await settled();
      const before = runs;
      clock.advance(delayMs - 1);
      await settled();
      assert.equal(runs, before);
      clock.advance(1);
      await settled();
      assert.equal(runs, before + 1);
    }
    assert.equal(clock.timers, 0);
    assert.equal(logged[0], "test: a: the store is full; trying again");
  });

  it("runs other keys beside a slow one", async () => {
    const runs: string[] = [];
    const reconcile = (key: string) => {
      runs.push(key);
      return key === "slow" ? new Promise<void>(() => {}) : Promise.resolve();
    };
    const clock = new ManualClock();
    const queue = new WorkQueue({ name: "test", reconcile, clock, log: () => {}, concurrency: 2 });
    for (const key of ["slow", "slow", "a", "b"]) queue.add(key);
    await settled();
    queue.add("slow");
    queue.add("c");
    await settled();
    assert.deepEqual(runs, ["slow", "a", "b", "c"]);
  });

  it("lets a key rest that has written, and reconciles what came meanwhile at once", async () => {
    const clock = new ManualClock();
    const runs: string[] = [];
    const reconcile = async (key: string) => {
      runs.push(key);
      return key === "writes";
    };
    const queue = new WorkQueue({ name: "test", reconcile, clock, log: () => {}, restMs: 20 });
    for (let turn = 0; turn < 3; turn++) {
      for (const key of ["writes", "reads"]) queue.add(key);
      await settled();
    }
    assert.deepEqual(runs, ["writes", "reads", "reads", "reads"]);
    clock.advance(19);
    await settled();
    assert.equal(runs.length, 4);
    clock.advance(1);
    await settled();
    assert.deepEqual(runs.slice(4), ["writes"]);
    clock.advance(20);
    queue.add("writes");
    await settled();
    assert.deepEqual(runs.slice(4), ["writes", "writes"]);
    queue.stop();
    assert.equal(clock.timers, 0);
  });

  it("holds keys until it is released", async () => {
    const runs: string[] = [];
    const reconcile = async (key: string) => void runs.push(key);
    const clock = new ManualClock();
    const queue = new WorkQueue({ name: "test", reconcile, clock, log: () => {}, held: true });
    queue.add("a");
    await settled();
    assert.deepEqual(runs, []);
    queue.release();
    await settled();
    assert.deepEqual(runs, ["a"]);
  });
});
