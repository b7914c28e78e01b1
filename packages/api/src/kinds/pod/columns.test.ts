/** The rows of `kubectl get pods -o wide`, for Pods in all of their states. */
import assert from "node:assert/strict";
import type { ContainerState } from "../../core/pod-status.ts";
import { admittedPod } from "../../testing/pods.ts";
import { podColumns } from "./columns.ts";

const NOW = Date.parse("2025-01-01T01:00:00Z");

function status(name: string, state: ContainerState, more: object = {}): object {
  return { name, state, ready: false, restartCount: 0, image: "x", imageID: "x", ...more };
}

function row(parts: { metadata?: object; spec?: object; status?: object }, wide = false): string {
  const pod = admittedPod({ spec: parts.spec });
  pod.metadata = { ...pod.metadata, creationTimestamp: "2025-01-01T00:00:00Z", ...parts.metadata };
  pod.status = { ...pod.status, ...(parts.status as object) };
  const columns = podColumns.filter(column => column.priority === 0 || wide);
  return columns.map(column => column.cell(pod, NOW)).join(" ");
}

const RUNNING = { running: { startedAt: "2025-01-01T00:00:00Z" } };
const COMPLETED = { terminated: { exitCode: 0, reason: "Completed" } };
const two = {
  containers: [
    { name: "a", image: "x" },
    { name: "b", image: "x" },
  ],
};
const withInit = {
  initContainers: [
    { name: "i", image: "x" },
    { name: "j", image: "x" },
  ],
};
const withSidecar = { initContainers: [{ name: "s", image: "x", restartPolicy: "Always" }] };

describe("the columns of a Pod", () => {
  it("pending, with everything that is not known", () => {
    assert.equal(row({}, true), "web 0/1 Pending 0 60m <none> <none> <none> <none>");
  });

  it("running on a node", () => {
    const parts = {
      spec: { nodeName: "node-1", readinessGates: [{ conditionType: "a/b" }] },
      status: {
        phase: "Running",
        podIPs: [{ ip: "10.244.0.2" }, { ip: "fd00::2" }],
        containerStatuses: [status("app", RUNNING, { ready: true })],
        conditions: [{ type: "a/b", status: "True" }],
      },
    };
    assert.equal(row(parts, true), "web 1/1 Running 0 60m 10.244.0.2 node-1 <none> 1/1");
  });

  it("restarted, and when last", () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: "2025-01-01T00:55:00Z" } };
    const waiting = { waiting: { reason: "CrashLoopBackOff" } };
    const containerStatuses = [status("app", waiting, { restartCount: 3, lastState })];
    assert.equal(
      row({ status: { phase: "Running", containerStatuses } }),
      "web 0/1 CrashLoopBackOff 3 (5m ago) 60m",
    );
  });

  it("in its init containers", () => {
    const init = (...statuses: object[]) =>
      row({ spec: withInit, status: { phase: "Pending", initContainerStatuses: statuses } });
    assert.equal(init(status("i", RUNNING), status("j", {})), "web 0/1 Init:0/2 0 60m");
    assert.equal(init(status("i", COMPLETED), status("j", RUNNING)), "web 0/1 Init:1/2 0 60m");
    assert.equal(init(status("i", { terminated: { exitCode: 2 } })), "web 0/1 Init:ExitCode:2 0 60m");
    assert.equal(
      init(status("i", { terminated: { exitCode: 137, signal: 9 } })),
      "web 0/1 Init:Signal:9 0 60m",
    );
    assert.equal(
      init(status("i", { waiting: { reason: "CrashLoopBackOff" } })),
      "web 0/1 Init:CrashLoopBackOff 0 60m",
    );
    assert.equal(init(status("i", { waiting: { reason: "PodInitializing" } })), "web 0/1 Init:0/2 0 60m");
  });

  it("with a sidecar, which counts among the ready", () => {
    const initContainerStatuses = [status("s", RUNNING, { ready: true, started: true, restartCount: 1 })];
    const containerStatuses = [status("app", RUNNING, { ready: true })];
    const parts = {
      spec: withSidecar,
      status: { phase: "Running", initContainerStatuses, containerStatuses },
    };
    assert.equal(row(parts), "web 2/2 Running 1 60m");
  });

  it("ended, partly and whole", () => {
    const partly = [status("a", COMPLETED), status("b", RUNNING, { ready: true })];
    assert.equal(
      row({ spec: two, status: { phase: "Running", containerStatuses: partly } }),
      "web 1/2 NotReady 0 60m",
    );
    const all = { phase: "Succeeded", containerStatuses: [status("app", COMPLETED)] };
    assert.equal(row({ status: all }), "web 0/1 Completed 0 60m");
    const failed = {
      phase: "Failed",
      containerStatuses: [status("app", { terminated: { exitCode: 3, reason: "Error" } })],
    };
    assert.equal(row({ status: failed }), "web 0/1 Error 0 60m");
    assert.equal(row({ status: { phase: "Failed", reason: "Evicted" } }), "web 0/1 Evicted 0 60m");
  });

  it("on its way out", () => {
    const metadata = { deletionTimestamp: "2025-01-01T01:00:30Z" };
    const containerStatuses = [status("app", RUNNING, { ready: true })];
    assert.equal(
      row({ metadata, status: { phase: "Running", containerStatuses } }),
      "web 1/1 Terminating 0 60m",
    );
    assert.equal(
      row({ metadata, status: { phase: "Running", reason: "NodeLost" } }),
      "web 0/1 Unknown 0 60m",
    );
  });

  it("held back by a gate", () => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }];
    assert.equal(row({ status: { phase: "Pending", conditions } }), "web 0/1 SchedulingGated 0 60m");
  });
});
