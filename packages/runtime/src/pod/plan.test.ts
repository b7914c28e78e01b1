/** The core of a Pod's life as transcripts: what is seen, what is done next, what is reported. */
import assert from "node:assert/strict";
import type { Pod } from "@podwire/api";
import type { RunEnd } from "../container/run.ts";
import { testContainer, testPod } from "../testing/pods.ts";
import { BackOff } from "./back-off.ts";
import type { ContainerObservation, PodObservation } from "./observation.ts";
import { graceMs, plan } from "./plan.ts";
import { podStatus } from "./status.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function end(exitCode: number, finishedAtMs = NOW): RunEnd {
  const reason = exitCode === 0 ? "Completed" : "Error";
  return { exitCode, reason, startedAtMs: finishedAtMs - 1000, finishedAtMs };
}

/** "running", an exit code, or "starting". */
function run(state: "running" | "starting" | number, sandboxAttempt = 1): ContainerObservation {
  return {
    current: {
      containerID: "podwire://x",
      image: "busybox",
      imageID: "podwire.dev/host-root",
      restartCount: 0,
      sandboxAttempt,
      startedAtMs: state === "starting" ? undefined : NOW - 1000,
      end: typeof state === "number" ? end(state) : undefined,
      stopping: false,
    },
  };
}

function seen(
  containers: Record<string, ContainerObservation>,
  more: Partial<PodObservation> & { sandboxState?: "none" | "ready" | "gone"; attempt?: number } = {},
): PodObservation {
  return {
    volumes: "ready",
    sandbox: { state: more.sandboxState ?? "ready", attempt: more.attempt ?? 1, podIPs: ["10.244.0.2"] },
    containers: new Map(Object.entries(containers)),
    ended: more.ended ?? false,
    stoppingForMs: more.stoppingForMs ?? 0,
  };
}

function next(pod: Pod, observation: PodObservation, backOff = new BackOff(), nowMs = NOW): string {
  const { actions, wakeAtMs } = plan(pod, observation, backOff, nowMs);
  const words = actions.map(action =>
    "container" in action ? `${action.do} ${action.container.name}` : action.do,
  );
  return [...words, ...(wakeAtMs === undefined ? [] : [`wake +${(wakeAtMs - nowMs) / 1000}s`])].join(", ");
}

function phase(pod: Pod, observation: PodObservation): string {
  return podStatus(pod, observation, { hostIPs: [], startTimeMs: NOW, nowMs: NOW, before: undefined }).phase!;
}

describe("plan of a Pod", () => {
  const two = (restartPolicy: "Always" | "OnFailure" | "Never"): Pod =>
    testPod([testContainer("a", ""), testContainer("b", "")], { restartPolicy });

  it("sandbox first, then every container", () => {
    const pod = two("Always");
    assert.equal(next(pod, seen({}, { sandboxState: "none" })), "create-sandbox");
    assert.equal(next(pod, seen({})), "start a, start b");
    assert.equal(next(pod, seen({ a: run("starting") })), "start b");
    assert.equal(next(pod, seen({ a: run("running"), b: run("running") })), "");
  });

  it("init containers one by one; a sidecar has to run; nothing else before", () => {
    const pod = testPod([testContainer("main", "")], {
      initContainers: [
        testContainer("i1", ""),
        testContainer("side", "", { restartPolicy: "Always" }),
        testContainer("i2", ""),
      ],
    });
    assert.equal(next(pod, seen({})), "start i1");
    assert.equal(next(pod, seen({ i1: run("running") })), "");
    assert.equal(next(pod, seen({ i1: run(0) })), "start side");
    assert.equal(next(pod, seen({ i1: run(0), side: run("starting") })), "");
    assert.equal(next(pod, seen({ i1: run(0), side: run("running") })), "start i2");
    assert.equal(next(pod, seen({ i1: run(0), side: run("running"), i2: run(0) })), "start main");
    const all = { i1: run(0), side: run("running"), i2: run(0), main: run("running") };
    assert.equal(next(pod, seen(all)), "");
    assert.equal(next(pod, seen({ ...all, side: run(1) })), "start side");
    assert.equal(next(pod, seen({ ...all, main: run(0) }, { ended: true })), "stop side");
  });

  it("phases by restartPolicy", () => {
    const table: ["Always" | "OnFailure" | "Never", ContainerObservation, ContainerObservation, string][] = [
      ["Always", run("running"), run("starting"), "Pending"],
      ["Always", run("running"), run(1), "Running"],
      ["Always", run(0), run(0), "Running"],
      ["OnFailure", run(0), run(0), "Succeeded"],
      ["OnFailure", run(0), run(1), "Running"],
      ["Never", run(0), run("running"), "Running"],
      ["Never", run(0), run(1), "Failed"],
      ["Never", run(0), run(0), "Succeeded"],
    ];
    for (const [policy, a, b, expected] of table)
      assert.equal(phase(two(policy), seen({ a, b })), expected, policy);
  });

  it("restarts what the policy asks for", () => {
    assert.equal(next(two("Always"), seen({ a: run(0), b: run("running") })), "start a");
    assert.equal(next(two("OnFailure"), seen({ a: run(0), b: run(1) })), "start b");
    assert.equal(next(two("Never"), seen({ a: run(0), b: run(1) })), "");
  });

  it("backs off 10 s, doubling to 300 s, and starts over after ten good minutes", () => {
    const pod = testPod([testContainer("a", "")], { restartPolicy: "Always" });
    const backOff = new BackOff();
    let nowMs = NOW;
    const waits: number[] = [];
    const fail = (): void => {
      const failedAtMs = nowMs;
      const crashed = run(1);
      crashed.current!.end = end(1, failedAtMs);
      const { wakeAtMs } = plan(pod, seen({ a: crashed }), backOff, nowMs);
      waits.push(((wakeAtMs ?? nowMs) - nowMs) / 1000);
      nowMs = wakeAtMs ?? nowMs;
      assert.equal(next(pod, seen({ a: crashed }), backOff, nowMs), "start a");
      backOff.attempt("a", failedAtMs, nowMs);
    };
    for (let failures = 0; failures < 8; failures++) fail();
    nowMs += 601_000;
    for (let failures = 0; failures < 2; failures++) fail();
    assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300, 0, 10]);
  });

  it("waits out a problem", () => {
    const pod = testPod([testContainer("a", "")]);
    const problem = { reason: "ErrImagePull", message: "", retryAtMs: NOW + 10_000 } as const;
    assert.equal(next(pod, seen({ a: { problem } })), "wake +10s");
    assert.equal(next(pod, seen({ a: { problem: { ...problem, retryAtMs: NOW } } })), "start a");
  });

  it("a lost sandbox: stop, create another, start again without back-off", () => {
    const pod = two("Always");
    const both = { a: run("running"), b: run(137) };
    assert.equal(next(pod, seen(both, { sandboxState: "gone" })), "stop a");
    assert.equal(next(pod, seen({ a: run(137), b: run(137) }, { sandboxState: "gone" })), "create-sandbox");
    assert.equal(next(pod, seen({ a: run(137), b: run(137) }, { attempt: 2 })), "start a, start b");
    assert.equal(next(two("OnFailure"), seen({ a: run(137), b: run(0) }, { attempt: 2 })), "start a");
  });

  it("a deleted Pod: stop all, remove the sandbox, forget", () => {
    const pod = two("Always");
    pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    assert.equal(next(pod, seen({ a: run("running"), b: run("starting") })), "stop a, stop b");
    assert.equal(next(pod, seen({ a: run(0), b: run(137) })), "remove-sandbox");
    assert.equal(next(pod, seen({}, { sandboxState: "none" })), "forget");
    assert.equal(graceMs(pod), 5000);
    pod.metadata.deletionGracePeriodSeconds = 2;
    assert.equal(graceMs(pod), 2000);
  });

  it("an ended Pod gives its sandbox back and does nothing more", () => {
    const pod = two("Never");
    assert.equal(next(pod, seen({ a: run(0), b: run(0) }, { ended: true })), "remove-sandbox");
    assert.equal(next(pod, seen({ a: run(0), b: run(0) }, { ended: true, sandboxState: "none" })), "");
  });
});

describe("status of a Pod", () => {
  it("keeps transition times of what did not change, and an end for ever", () => {
    const pod = testPod([testContainer("a", "")]);
    const context = { hostIPs: ["192.168.0.1"], startTimeMs: NOW, nowMs: NOW, before: undefined };
    const first = podStatus(pod, seen({ a: run("running") }), context);
    const ready = (status: typeof first) => status.conditions!.find(condition => condition.type === "Ready")!;
    assert.deepEqual(ready(first), {
      type: "Ready",
      status: "True",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
    const later = { ...context, nowMs: NOW + 5000, before: first };
    assert.deepEqual(podStatus(pod, seen({ a: run("running") }), later), first);
    const done = podStatus(pod, seen({ a: run(0) }), later);
    assert.equal(done.phase, "Succeeded");
    const completed = {
      type: "Ready",
      status: "False",
      lastTransitionTime: "2026-01-01T00:00:05Z",
      reason: "PodCompleted",
    };
    assert.deepEqual(ready(done), completed);
    assert.equal(podStatus(pod, seen({}), { ...later, before: done }).phase, "Succeeded");
  });
});
