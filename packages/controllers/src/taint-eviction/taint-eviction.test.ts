/** Pods of nodes that are silent, tainted or gone, with controllers over a real registry. */
import assert from "node:assert/strict";
import { formatTime, kinds, type Taint, type Toleration } from "@podwire/api";
import type { HeartbeatSource } from "../context.ts";
import { startNodeLifecycle } from "../node-lifecycle/node-lifecycle.ts";
import { startPodGc } from "../pod-gc/pod-gc.ts";
import { isDeleted, WorkloadLab } from "../testing/workload-lab.ts";
import { deadlineMs } from "./deadline.ts";
import { startTaintEviction } from "./taint-eviction.ts";

describe("taint eviction deadline", () => {
  const taint = (key: string, timeAdded?: string): Taint => ({
    key,
    effect: "NoExecute",
    ...(timeAdded && { timeAdded }),
  });
  const tolerate = (key: string, tolerationSeconds?: number): Toleration => ({
    key,
    operator: "Exists",
    effect: "NoExecute",
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  });
  const at = (seconds: number) => formatTime(seconds * 1_000);

  it("is the earliest that a taint and its toleration give", () => {
    const table: [Taint[], Toleration[], number][] = [
      [[], [], Number.POSITIVE_INFINITY],
      [[{ key: "a", effect: "NoSchedule" }], [], Number.POSITIVE_INFINITY],
      [[taint("a")], [], 0],
      [[taint("a")], [tolerate("a")], Number.POSITIVE_INFINITY],
      [[taint("a", at(100))], [tolerate("a", 30)], 130_000],
      [[taint("a")], [tolerate("a", 30)], 37_000],
      [[taint("a", at(100)), taint("b", at(110))], [tolerate("a", 30), tolerate("b", 5)], 115_000],
      [[taint("a", at(100)), taint("b")], [tolerate("a", 30)], 0],
      [[taint("a", at(100))], [tolerate("a", -1)], 100_000],
    ];
    for (const [taints, tolerations, expected] of table) {
      assert.equal(deadlineMs(taints, tolerations, 7_000), expected, JSON.stringify({ taints, tolerations }));
    }
  });
});

describe("taint eviction", () => {
  let lab: WorkloadLab;
  const heard = new Map<string, { atMs: number; notReady: string }>();
  const listeners = new Set<(node: string) => void>();
  const heartbeats: HeartbeatSource = {
    last: node => heard.get(node),
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const beat = (node: string) => {
    heard.set(node, { atMs: lab.clock.nowMs(), notReady: "" });
    for (const listener of listeners) listener(node);
  };

  beforeEach(async () => {
    heard.clear();
    lab = await WorkloadLab.start({
      beside: context => [
        startNodeLifecycle(context, { heartbeats, wallClockMs: () => context.clock.wallMs() }),
        startTaintEviction(context),
        startPodGc(context),
      ],
    });
    await lab.addNode("a");
    beat("a");
  });
  afterEach(() => lab.stop());

  async function createPod(name: string, tolerationSeconds: number): Promise<void> {
    const key = "node.kubernetes.io/unreachable";
    const tolerations = [{ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }];
    await lab.create(kinds.pods, name, {
      nodeName: "a",
      tolerations,
      containers: [{ name: "main", image: "agnhost" }],
    });
  }

  const ready = async (name: string) => {
    const { conditions } = (await lab.get(kinds.pods, name)).status;
    const found = conditions?.find(({ type }) => type === "Ready");
    return `${found?.status} ${found?.reason ?? ""}`.trim();
  };

  it("a node that is heard again in time keeps its Pods, and they are Ready again", async () => {
    await createPod("patient", 60);
    await lab.settle();
    await lab.freeze(async () => {
      await lab.advance(6);
      assert.equal(await ready("patient"), "False NodeNotReady");
      const silent = (await lab.registry.get(kinds.nodes, { name: "a" })).object.status.conditions;
      assert.deepEqual(silent?.map(({ type, status }) => `${type} ${status}`).sort(), [
        "DiskPressure Unknown",
        "MemoryPressure Unknown",
        "PIDPressure Unknown",
        "Ready Unknown",
      ]);
      beat("a");
      await lab.settle();
      assert.equal(await ready("patient"), "True");
    });
    assert.ok(lab.events.some(({ message }) => message === "Cancelling deletion of Pod test/patient"));
    const conditions = (await lab.registry.get(kinds.nodes, { name: "a" })).object.status.conditions;
    assert.ok(conditions?.some(({ reason }) => reason === "KubeletHasSufficientMemory"));
  });

  it("a node that stays silent loses them, each in its time, and the last rest when it is removed", async () => {
    await createPod("patient", 60);
    await createPod("hasty", 10);
    await lab.settle();
    await lab.freeze(async () => {
      await lab.advance(12);
      assert.equal(isDeleted(await lab.get(kinds.pods, "hasty")), false);
      await lab.advance(6);
      const hasty = await lab.get(kinds.pods, "hasty");
      assert.equal(isDeleted(hasty), true);
      assert.ok(hasty.status.conditions?.some(({ reason }) => reason === "DeletionByTaintManager"));
      assert.ok(lab.events.some(({ message }) => message === "Marking for deletion Pod test/hasty"));
      assert.equal(isDeleted(await lab.get(kinds.pods, "patient")), false);
      await lab.advance(50);
      assert.equal(isDeleted(await lab.get(kinds.pods, "patient")), true);
      await lab.registry.delete(kinds.nodes, { name: "a" });
      await lab.advance(45);
      assert.deepEqual(await lab.pods(), []);
    });
  });

  it("out-of-service: Pods that are marked for deletion go at once", async () => {
    await createPod("hasty", 10);
    await lab.settle();
    await lab.freeze(async () => {
      await lab.advance(20);
      assert.equal(isDeleted(await lab.get(kinds.pods, "hasty")), true);
      await lab.changeNode("a", copy => {
        const taint = {
          key: "node.kubernetes.io/out-of-service",
          value: "nodeshutdown",
          effect: "NoExecute",
        } as const;
        copy.spec.taints = [...(copy.spec.taints ?? []), taint];
      });
      await lab.settle();
      assert.deepEqual(await lab.pods(), []);
    });
  });
});
