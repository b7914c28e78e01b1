import assert from "node:assert/strict";
import { LIMITS } from "./limits.ts";
import { Spin } from "./spin.ts";

/** Looks every microsecond from `fromMs` until the spin gives up; returns for how long it spun. */
function spinFrom(spin: Spin, fromMs: number): number {
  let nowMs = fromMs;
  while (spin.empty(nowMs)) nowMs += 0.001;
  return nowMs - fromMs;
}

describe("spinning", () => {
  it("does not begin before it has been seen to pay", () => {
    const spin = new Spin();
    assert.equal(spinFrom(spin, 0), 0);
    spin.found(1000, true);
    assert.equal(spinFrom(spin, 1000), 0);
  });

  it("begins when packets follow each other closely, and ends after the bound", () => {
    const spin = new Spin();
    spin.found(1000, true);
    spin.found(1000.03, true);
    const spun = spinFrom(spin, 1000.03);
    assert.ok(Math.abs(spun - LIMITS.spinMs) < 0.002, `${spun} ms`);
  });

  it("ends for good when nothing comes, so that slow traffic costs no CPU", () => {
    const spin = new Spin();
    for (let i = 0; i < 100; i++) spin.found(i * 0.02, true);
    let spunMs = 0;
    for (let second = 1; second < 100; second++) {
      spin.found(second * 1000, true);
      spunMs += spinFrom(spin, second * 1000);
    }
    assert.ok(spunMs <= (LIMITS.spinCredit + 1) * LIMITS.spinMs, `${spunMs} ms`);
  });

  it("goes on while every packet comes during a spin", () => {
    const spin = new Spin();
    spin.found(0, true);
    spin.found(0.01, true);
    for (let i = 1; i < 1000; i++) {
      assert.ok(spin.empty(i * 0.04 - 0.001));
      spin.found(i * 0.04, false);
    }
  });
});
