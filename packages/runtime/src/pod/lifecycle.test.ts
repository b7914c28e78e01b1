/** Probes, hooks, signals, deadlines and last words of real containers. */
import assert from "node:assert/strict";
import type { Container, ContainerStatus, Pod, PodSpec } from "@podwire/api";
import { TestNode } from "../testing/node.ts";
import { testContainer, testPod } from "../testing/pods.ts";

/** Ends with 0 on SIGTERM; says so. */
const POLITE = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done";

describe("life of a container", function () {
  this.timeout(30_000);
  let node: TestNode;
  beforeEach(() => {
    node = new TestNode();
  });
  afterEach(() => node.stop());

  const apply = (container: Partial<Container>, spec: Partial<PodSpec> = {}, script = POLITE): Pod => {
    const pod = testPod([testContainer("main", script, container)], spec);
    node.runtime.apply(pod);
    return pod;
  };
  const main = (pod: Pod): ContainerStatus => node.statuses.get(pod.metadata.uid)!.containerStatuses![0]!;
  const until = (pod: Pod, test: (status: ContainerStatus) => boolean, what: string) =>
    node.until(pod.metadata.uid, ({ containerStatuses: [status] = [] }) => test(status!), what);
  const running = (pod: Pod) => until(pod, ({ state }) => state!.running !== undefined, "running");
  const messages = (reason: string): string[] =>
    node.events.filter(event => event.reason === reason).map(event => event.message);
  const ready = (pod: Pod): string | undefined =>
    node.statuses.get(pod.metadata.uid)!.conditions!.find(({ type }) => type === "Ready")!.status;

  it("readiness decides Ready, and a restart of the daemon does not take it away", async () => {
    const pod = apply({ readinessProbe: { exec: { command: ["test", "-e", "/tmp/ok"] }, periodSeconds: 1 } });
    await node.untilEvent("Unhealthy");
    assert.equal(ready(pod), "False");
    assert.deepEqual([main(pod).started, main(pod).ready], [true, false]);
    assert.match(messages("Unhealthy")[0]!, /^Readiness probe failed: /);
    await node.exec(pod.metadata.uid, ["touch", "/tmp/ok"]);
    await until(pod, status => status.ready, "ready");
    assert.equal(ready(pod), "True");
    const reported: boolean[] = [];
    await node.restart(({ containerStatuses }) => reported.push(containerStatuses![0]!.ready));
    await until(pod, status => status.ready, "still ready");
    assert.ok(!reported.includes(false), `${reported}`);
    await node.exec(pod.metadata.uid, ["rm", "/tmp/ok"]);
    await until(pod, status => !status.ready, "not ready");
    assert.equal(main(pod).restartCount, 0);
  });

  it("a startup probe holds readiness back; a liveness probe that fails restarts the container", async () => {
    const exec = (path: string) => ({ exec: { command: ["test", "-e", path] }, periodSeconds: 1 });
    const pod = apply(
      {
        startupProbe: { ...exec("/tmp/started"), failureThreshold: 30 },
        livenessProbe: { ...exec("/tmp/started"), failureThreshold: 1, terminationGracePeriodSeconds: 7 },
      },
      { restartPolicy: "Always" },
    );
    await node.untilEvent("Unhealthy");
    assert.deepEqual([main(pod).started, main(pod).ready], [false, false]);
    await node.exec(pod.metadata.uid, ["touch", "/tmp/started"]);
    await until(pod, status => status.started === true && status.ready, "started");
    await node.exec(pod.metadata.uid, ["rm", "/tmp/started"]);
    await until(pod, status => status.restartCount === 1, "restarted");
    assert.deepEqual(messages("Killing"), ["Container main failed liveness probe, will be restarted"]);
    assert.equal(main(pod).lastState!.terminated!.exitCode, 0, "asked to end before it was killed");
  });

  it("postStart runs before the container counts as running; one that fails ends it", async () => {
    const command = ["sh", "-c", "sleep 0.3; touch /tmp/hooked"];
    const pod = apply({ lifecycle: { postStart: { exec: { command } } } });
    await node.untilEvent("Started");
    assert.equal(main(pod).state!.waiting?.reason, "ContainerCreating");
    await running(pod);
    assert.equal((await node.exec(pod.metadata.uid, ["test", "-e", "/tmp/hooked"])).code, 0);
    const failing = apply({ lifecycle: { postStart: { exec: { command: ["false"] } } } });
    await until(failing, ({ state }) => state!.terminated !== undefined, "ended");
    assert.deepEqual(messages("FailedPostStartHook"), ["PostStartHook failed"]);
    assert.deepEqual(messages("Killing"), ["FailedPostStartHook"]);
  });

  it("preStop runs before SIGTERM, within the grace period, and may fail", async () => {
    const hook = (script: string) => ({
      lifecycle: { preStop: { exec: { command: ["sh", "-c", script] } } },
    });
    const pod = apply(hook("echo hook >/proc/1/fd/1; sleep 0.2"));
    await running(pod);
    await node.untilLog(pod.metadata.uid, "", "up");
    const log = node.logs(pod.metadata.uid, "", { follow: true });
    node.delete(pod, 20);
    assert.equal(await log, "up\nhook\nbye\n");
    await node.untilGone(pod.metadata.uid);

    const failing = apply(hook("exit 3"));
    await running(failing);
    node.delete(failing, 20);
    await node.untilGone(failing.metadata.uid);
    assert.deepEqual(messages("FailedPreStopHook"), ["PreStopHook failed"]);
    assert.deepEqual(messages("Killing"), ["Stopping container main", "Stopping container main"]);
  });

  it("SIGTERM before process 1 has its handler is not lost; stopSignal is another one", async () => {
    const late = apply({}, {}, `i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; ${POLITE}`);
    await node.untilEvent("Started");
    const began = performance.now();
    node.delete(late, 25);
    await node.untilGone(late.metadata.uid);
    assert.ok(performance.now() - began < 20_000, "ended by the signal, not by the end of the grace period");

    const other = apply({ lifecycle: { stopSignal: "SIGUSR1" } }, {}, POLITE.replace("TERM", "USR1"));
    await node.untilLog(other.metadata.uid, "", "up").catch(() => running(other));
    await node.untilLog(other.metadata.uid, "", "up");
    const log = node.logs(other.metadata.uid, "", { follow: true });
    node.delete(other, 25);
    assert.equal(await log, "up\nbye\n");
    await node.untilGone(other.metadata.uid);
  });

  it("a container that is over at once has started all the same, once", async () => {
    const pods = Array.from({ length: 10 }, () => apply({}, {}, "true"));
    for (const pod of pods) await until(pod, ({ state }) => !!state!.terminated, "ended");
    assert.deepEqual(messages("Started"), Array(10).fill("Started container main"));
  });

  it("last words: a file of the container's choice, or the end of its log when it fails", async () => {
    const lines = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done";
    const own = apply({ terminationMessagePath: "/last/words" }, {}, "echo so long >/last/words");
    const log = apply({ terminationMessagePolicy: "FallbackToLogsOnError" }, {}, `${lines}; exit 1`);
    const fine = apply({ terminationMessagePolicy: "FallbackToLogsOnError" }, {}, lines);
    for (const pod of [own, log, fine]) await until(pod, ({ state }) => !!state!.terminated, "ended");
    assert.equal(main(own).state!.terminated!.message, "so long\n");
    const message = main(log).state!.terminated!.message!;
    assert.match(message, /^line 21\n[\s\S]*line 100\n$/);
    assert.equal(main(fine).state!.terminated!.message, undefined);
  });

  it("activeDeadlineSeconds ends a Pod as failed", async () => {
    const pod = apply({}, { activeDeadlineSeconds: 1, restartPolicy: "Always" });
    const status = await node.until(pod.metadata.uid, ({ phase }) => phase === "Failed", "failed");
    assert.equal(status.reason, "DeadlineExceeded");
    const ended = await until(pod, ({ state }) => !!state!.terminated, "ended");
    assert.deepEqual([ended.phase, ended.reason], ["Failed", "DeadlineExceeded"]);
    assert.equal(messages("DeadlineExceeded").length, 1);
  });

  it("another image restarts a container, whatever the restartPolicy", async () => {
    const pod = apply({});
    await running(pod);
    const containers = [{ ...pod.spec.containers[0]!, image: "busybox:2" }];
    node.runtime.apply({ ...pod, spec: { ...pod.spec, containers } });
    await until(pod, status => status.restartCount === 1 && !!status.state!.running, "restarted");
    assert.deepEqual(messages("Killing"), ["Container main definition changed, will be restarted"]);
    assert.equal(main(pod).image, "busybox:2");
  });

  it("sidecars end after the containers, backwards", async () => {
    const sidecar = (name: string): Container => testContainer(name, POLITE, { restartPolicy: "Always" });
    const pod = testPod([testContainer("main", POLITE)], { initContainers: [sidecar("a"), sidecar("b")] });
    node.runtime.apply(pod);
    await running(pod);
    for (const name of ["main", "a", "b"]) await node.untilLog(pod.metadata.uid, name, "up");
    node.delete(pod, 20);
    await node.untilGone(pod.metadata.uid);
    assert.deepEqual(
      messages("Killing"),
      ["main", "b", "a"].map(name => `Stopping container ${name}`),
    );
  });

  it("readiness gates are conditions that others set", async () => {
    const pod = apply({}, { readinessGates: [{ conditionType: "example.org/fed" }] });
    await running(pod);
    const found = node.statuses.get(pod.metadata.uid)!.conditions!.find(({ type }) => type === "Ready")!;
    assert.deepEqual(
      [found.status, found.reason, found.message],
      [
        "False",
        "ReadinessGatesNotReady",
        'corresponding condition of pod readiness gate "example.org/fed" does not exist.',
      ],
    );
    const conditions = [{ type: "example.org/fed", status: "True" as const }];
    node.runtime.apply({ ...pod, status: { conditions } });
    await node.until(pod.metadata.uid, () => ready(pod) === "True", "ready");
  });
});
