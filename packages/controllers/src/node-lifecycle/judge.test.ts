/** The verdict over a Node, as a table. */
import assert from "node:assert/strict";
import { testNode } from "../testing/objects.ts";
import { agrees, judge, NOT_READY, taintsAgree, UNREACHABLE, withReady, withTaints } from "./judge.ts";

const observation = { nowMs: 10_000, heardAtMs: 9_000, notReady: "", silenceMs: 5_000 };
const node = testNode("node-1");

describe("node lifecycle verdict", () => {
  it("follows the heartbeat", () => {
    const table: [{ notReady?: string | undefined; heardAtMs?: number }, string | undefined][] = [
      [{}, "True KubeletReady"],
      [{ notReady: "the data plane is starting" }, "False KubeletNotReady"],
      [{ heardAtMs: 5_001 }, "True KubeletReady"],
      [{ heardAtMs: 5_000 }, "Unknown NodeStatusUnknown"],
      [{ heardAtMs: 5_000, notReady: "the data plane is starting" }, "Unknown NodeStatusUnknown"],
      [{ notReady: undefined }, undefined],
      [{ notReady: undefined, heardAtMs: 0 }, "Unknown NodeStatusUnknown"],
    ];
    for (const [given, expected] of table) {
      const verdict = judge(node, { ...observation, ...given });
      assert.equal(verdict && `${verdict.status} ${verdict.reason}`, expected, JSON.stringify(given));
    }
  });

  it("tells a Node that never reported from one that stopped", () => {
    const fresh = { ...node, status: {} };
    assert.equal(judge(fresh, { ...observation, heardAtMs: 0 })?.reason, "NodeStatusNeverUpdated");
  });

  it("replaces its own taints and leaves other people's", () => {
    const theirs = { key: "example.com/gpu", effect: "NoSchedule" as const };
    const tainted = testNode("node-1", { spec: { taints: [theirs] } });
    const unknown = { status: "Unknown" } as const;
    const taints = withTaints(tainted, unknown, "2020-01-01T00:00:00Z");
    assert.deepEqual(
      taints.map(({ key, effect }) => `${key} ${effect}`),
      ["example.com/gpu NoSchedule", `${UNREACHABLE} NoSchedule`, `${UNREACHABLE} NoExecute`],
    );
    const now = testNode("node-1", { spec: { taints }, ready: "Unknown" });
    assert(taintsAgree(now, unknown));
    assert(!taintsAgree(now, { status: "False" }));
    const notReady = withTaints(now, { status: "False" }, "");
    assert.deepEqual(
      notReady.slice(1).map(({ key }) => key),
      [NOT_READY, NOT_READY],
    );
    assert.deepEqual(withTaints(now, { status: "True" }, ""), [theirs]);
  });

  it("moves lastTransitionTime with the status alone", () => {
    const verdict = { status: "False", reason: "KubeletNotReady", message: "one" } as const;
    const [first] = withReady(node, verdict, "2020-01-01T00:00:00Z");
    const changed = { ...node, status: { conditions: [first!] } };
    const [second] = withReady(changed, { ...verdict, message: "two" }, "2021-01-01T00:00:00Z");
    assert.deepEqual(
      [second?.message, second?.lastTransitionTime, second?.lastHeartbeatTime],
      ["two", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"],
    );
    const unknown = { status: "Unknown", reason: "NodeStatusUnknown", message: "" } as const;
    const [third] = withReady(changed, unknown, "2022-01-01T00:00:00Z");
    assert.equal(third?.lastHeartbeatTime, "2020-01-01T00:00:00Z");
    assert(!agrees(changed, verdict), "the taints are not there yet");
  });
});
