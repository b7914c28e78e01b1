/** Probes over time, as transcripts: seconds after the container's start, and what changed. */
import assert from "node:assert/strict";
import type { Container, Probe } from "@podwire/api";
import { ManualClock } from "../testing/manual-clock.ts";
import { testContainer } from "../testing/pods.ts";
import { ContainerProbes } from "./container-probes.ts";

const START_MS = 1_000_000;

/** A container whose probes run the command that names them; `answers` says whether it succeeds. */
function probed(probes: Partial<Record<"startup" | "liveness" | "readiness", Partial<Probe>>>, more = {}) {
  const clock = new ManualClock(START_MS);
  const answers = { startup: true, liveness: true, readiness: true };
  const lines: string[] = [];
  const seconds = (): number => (clock.nowMs() - START_MS) / 1000;
  const probe = (name: string, probe: Partial<Probe> | undefined): Probe | undefined =>
    probe && { exec: { command: [name] }, periodSeconds: 10, ...probe };
  const container = {
    ...testContainer("main", ""),
    startupProbe: probe("startup", probes.startup),
    livenessProbe: probe("liveness", probes.liveness),
    readinessProbe: probe("readiness", probes.readiness),
  } as Container;
  const all = new ContainerProbes({
    target: {
      container,
      podIP: "",
      exec: async ([name]) => {
        lines.push(`${seconds()} ${name}`);
        return { code: answers[name as keyof typeof answers] ? 0 : 1, output: "no", timedOut: false };
      },
    },
    clock,
    startedAtMs: START_MS,
    before: undefined,
    changed: () => lines.push(`${seconds()} ${JSON.stringify(all.state)}`),
    unhealthy: message => lines.push(`${seconds()} ${message}`),
    warning: message => lines.push(`${seconds()} ${message}`),
    ...more,
  });
  return { clock, answers, all, told: () => lines.splice(0) };
}

describe("probes of a container", () => {
  it("readiness: not ready until it succeeds, not any more after three failures, again after one success", async () => {
    const { clock, answers, all, told } = probed({ readiness: { initialDelaySeconds: 5 } });
    assert.deepEqual(all.state, { started: true, ready: false });
    await clock.advance(20_000);
    assert.deepEqual(told(), ["5 readiness", '5 {"started":true,"ready":true}', "15 readiness"]);
    answers.readiness = false;
    await clock.advance(30_000);
    const failed = "Readiness probe failed: no";
    assert.deepEqual(told(), [
      ...["25 readiness", `25 ${failed}`, "35 readiness", `35 ${failed}`, "45 readiness", `45 ${failed}`],
      '45 {"started":true,"ready":false}',
    ]);
    answers.readiness = true;
    await clock.advance(10_000);
    assert.deepEqual(told(), ["55 readiness", '55 {"started":true,"ready":true}']);
    all.stop();
    await clock.advance(60_000);
    assert.deepEqual([told(), clock.timers], [[], 0]);
  });

  it("startup: the others wait for it; then it is over", async () => {
    const { clock, answers, all, told } = probed({
      startup: { periodSeconds: 2, failureThreshold: 5 },
      liveness: { initialDelaySeconds: 1 },
      readiness: { successThreshold: 2 },
    });
    answers.startup = false;
    await clock.advance(3_000);
    assert.deepEqual(told(), [
      "0 startup",
      "0 Startup probe failed: no",
      "2 startup",
      "2 Startup probe failed: no",
    ]);
    answers.startup = true;
    await clock.advance(11_000);
    assert.deepEqual(told(), [
      ...["4 startup", '4 {"started":true,"ready":false}', "4 readiness", "4 liveness"],
      ...["14 readiness", '14 {"started":true,"ready":true}', "14 liveness"],
    ]);
    all.stop();
  });

  it("startup that never succeeds, and liveness that ceases, ask for the end of the run once", async () => {
    const startup = probed({ startup: { periodSeconds: 1, failureThreshold: 2 }, liveness: {} });
    startup.answers.startup = false;
    await startup.clock.advance(30_000);
    assert.equal(startup.all.state.failed, "startup");
    assert.equal(startup.told().filter(line => line.includes('"failed"')).length, 1);
    assert.equal(startup.clock.timers, 0);

    const liveness = probed({ liveness: { failureThreshold: 1 }, readiness: {} });
    await liveness.clock.advance(5_000);
    liveness.answers.liveness = false;
    await liveness.clock.advance(10_000);
    assert.equal(liveness.all.state.failed, "liveness");
    assert.equal(liveness.all.state.ready, true, "whether it is ready is the other probe's to say");
    liveness.all.stop();
  });

  it("goes on after a restart of the daemon with what was known, in its own phase", async () => {
    const clock = new ManualClock(START_MS + 103_000);
    const {
      told,
      all,
      clock: _,
    } = probed(
      { startup: {}, readiness: { initialDelaySeconds: 5 } },
      { before: { started: true, ready: true }, clock },
    );
    assert.deepEqual(all.state, { started: true, ready: true });
    await clock.advance(1_900);
    assert.equal(told().length, 0);
    await clock.advance(200);
    assert.equal(told().length, 1, "at 105 s: 5 and ten periods");
    all.stop();
  });

  it("an attempt that cannot be made counts for nothing", async () => {
    const { clock, all, told } = probed({
      readiness: { exec: undefined as never, grpc: undefined as never },
    });
    await clock.advance(25_000);
    assert.deepEqual(all.state, { started: true, ready: false });
    assert.match(
      told()[0]!,
      /^0 Readiness probe errored and resulted in unknown state: missing probe handler/,
    );
    all.stop();
  });
});
