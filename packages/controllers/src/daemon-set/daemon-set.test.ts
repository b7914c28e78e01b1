/** DaemonSets over a real registry: nodes that come, go and change; updates within their limits. */
import assert from "node:assert/strict";
import { type DaemonSet, kinds, type Pod } from "@podwire/api";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { isDeleted, template, WorkloadLab } from "../testing/workload-lab.ts";
import { targetNode } from "./daemon-pod.ts";

const spec = (more: object = {}) => ({
  selector: { matchLabels: { app: "log" } },
  template: template("log", "agnhost:1"),
  ...more,
});

describe("DaemonSet", () => {
  let lab: WorkloadLab;

  beforeEach(async () => {
    lab = await WorkloadLab.start();
    for (const name of ["a", "b", "c"])
      await lab.addNode(name, { labels: { disk: name === "c" ? "hdd" : "ssd" } });
  });
  afterEach(() => lab.stop());

  const change = (edit: (copy: DaemonSet) => void) => lab.change(kinds.daemonSets, "log", edit);
  const setImage = (image: string) =>
    change(copy => {
      copy.spec.template.spec!.containers[0]!.image = image;
    });
  const status = async () => (await lab.get(kinds.daemonSets, "log")).status;
  const version = (pod: Pod) => pod.spec.containers[0]!.image!.slice(8);

  /** `a1`: a Pod of version 1 on node a; `a1-` one that is on its way out. */
  async function pods(): Promise<string> {
    const all = await lab.pods();
    return all
      .map(pod => `${targetNode(pod)}${version(pod)}${isDeleted(pod) ? "-" : ""}`)
      .sort()
      .join(" ");
  }

  it("has a Pod on every node, meant for it and tolerant, and counts them", async () => {
    await lab.create(kinds.daemonSets, "log", spec());
    await lab.settle();
    assert.equal(await pods(), "a1 b1 c1");
    const [pod] = await lab.pods();
    const [term] =
      pod!.spec.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms;
    assert.deepEqual(term, {
      matchFields: [{ key: "metadata.name", operator: "In", values: [pod!.spec.nodeName] }],
    });
    const tolerated = pod!.spec.tolerations!.map(({ key, effect }) => `${key?.split("/")[1]} ${effect}`);
    for (const each of ["not-ready NoExecute", "unreachable NoExecute", "unschedulable NoSchedule"]) {
      assert.ok(tolerated.includes(each), each);
    }
    assert.deepEqual(await status(), {
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
  });

  it("follows nodes that come, and labels and taints that change", async () => {
    const picky = {
      ...template("log", "agnhost:1"),
      spec: { nodeSelector: { disk: "ssd" }, containers: [{ name: "main", image: "agnhost:1" }] },
    };
    await lab.create(kinds.daemonSets, "log", spec({ template: picky }));
    await lab.settle();
    assert.equal(await pods(), "a1 b1");
    await lab.addNode("d", { labels: { disk: "ssd" } });
    await lab.changeNode("a", copy => {
      copy.metadata.labels!.disk = "hdd";
    });
    await lab.settle();
    assert.equal(await pods(), "b1 d1");
    const taint = (effect: "NoSchedule" | "NoExecute") =>
      lab.changeNode("b", copy => {
        copy.spec.taints = [{ key: "example.com/busy", effect }];
      });
    await taint("NoSchedule");
    await lab.settle();
    assert.equal(await pods(), "b1 d1");
    assert.deepEqual([(await status()).desiredNumberScheduled, (await status()).numberMisscheduled], [1, 1]);
    await taint("NoExecute");
    await lab.settle();
    assert.equal(await pods(), "d1");
  });

  it("updates one node at a time, and waits for a Pod that does not become ready", async () => {
    await lab.create(kinds.daemonSets, "log", spec());
    await lab.settle();
    lab.behave = pod => (isDeleted(pod) ? "gone" : version(pod) === "2" ? "running" : "ready");
    await setImage("agnhost:2");
    await lab.settle();
    assert.equal((await pods()).match(/2/g)?.length, 1);
    const { updatedNumberScheduled, numberUnavailable } = await status();
    assert.deepEqual([updatedNumberScheduled, numberUnavailable], [1, 1]);
    // A Pod that serves nobody is not waited for.
    await setImage("agnhost:3");
    await lab.settle();
    assert.equal(await pods(), "a3 b3 c3");
    const revisions = await lab.list(kinds.controllerRevisions);
    assert.deepEqual(revisions.map(({ revision }) => revision).sort(), [1, 2, 3]);
  });

  it("maxSurge: the new Pod is ready before the old one goes", async () => {
    const updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await lab.create(kinds.daemonSets, "log", spec({ updateStrategy }));
    await lab.settle();
    // The older of two Pods on a node is counted: their times of creation have to differ.
    await lab.advance(1);
    lab.behave = pod => (isDeleted(pod) ? "gone" : version(pod) === "2" ? "running" : "ready");
    await setImage("agnhost:2");
    await lab.settle();
    assert.match(await pods(), /^a1 a2 b1 c1$|^a1 b1 b2 c1$|^a1 b1 c1 c2$/);
    assert.equal((await status()).numberAvailable, 3);
    lab.behave = pod => (isDeleted(pod) ? "gone" : "ready");
    await lab.live();
    await lab.settle();
    assert.equal(await pods(), "a2 b2 c2");
  });

  it("OnDelete: leaves old Pods until somebody deletes them", async () => {
    await lab.create(kinds.daemonSets, "log", spec({ updateStrategy: { type: "OnDelete" } }));
    await lab.settle();
    await setImage("agnhost:2");
    await lab.settle();
    assert.equal(await pods(), "a1 b1 c1");
    const onB = (await lab.pods()).find(pod => targetNode(pod) === "b")!;
    await lab.delete(kinds.pods, onB.metadata.name);
    await lab.settle();
    assert.equal(await pods(), "a1 b2 c1");
  });

  it("replaces failed Pods, later each time", async () => {
    lab.behave = pod => (isDeleted(pod) ? "gone" : targetNode(pod) === "b" ? "failed" : "ready");
    await lab.create(kinds.daemonSets, "log", spec());
    await lab.settle();
    const failures = () => lab.events.filter(({ reason }) => reason === "FailedDaemonPod").length;
    const seen = [];
    for (let second = 0; second < 16; second++) {
      seen.push(failures());
      await lab.advance(1);
    }
    assert.ok(seen[0]! >= 1 && seen[0]! <= 2, `${seen}`);
    assert.ok(seen.at(-1)! >= 4 && seen.at(-1)! <= 6, `${seen}`);
    assert.equal((await status()).numberReady, 2);
  });

  it("over random updates: no more than maxUnavailable are missing, through restarts, and all end new", async function () {
    this.timeout(120_000);
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const history = fc.record({
      nodes: fc.integer({ min: 1, max: 6 }),
      maxUnavailable: fc.integer({ min: 1, max: 3 }),
      versions: fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }),
      turns: fc.nat(60),
      restarts: fc.boolean(),
    });
    const run = async ({ nodes, maxUnavailable, versions, turns, restarts }: HistoryOf<typeof history>) => {
      const own = await WorkloadLab.start();
      try {
        for (let node = 0; node < nodes; node++) await own.addNode(`n${node}`);
        await own.create(
          kinds.daemonSets,
          "log",
          spec({ updateStrategy: { rollingUpdate: { maxUnavailable } } }),
        );
        await own.settle();
        for (const each of versions) {
          await own.change(kinds.daemonSets, "log", copy => {
            copy.spec.template.spec!.containers[0]!.image = `agnhost:${each}`;
          });
          for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
          if (!restarts) continue;
          own.stopControllers();
          await own.startControllers();
        }
        await own.settle();
        const last = versions.at(-1);
        const left = (await own.pods()).map(pod => `${targetNode(pod)} ${version(pod)}`).sort();
        assert.deepEqual(
          left,
          Array.from({ length: nodes }, (_, node) => `n${node} ${last}`),
        );
        await checkServed(own, nodes, maxUnavailable);
      } finally {
        await own.stop();
      }
    };
    await fc.assert(fc.asyncProperty(history, run), { seed, numRuns: 20 });
  });
});

type HistoryOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

async function checkServed(lab: WorkloadLab, nodes: number, maxUnavailable: number): Promise<void> {
  const serving = new Map<string, string>();
  let wasUp = false;
  for await (const { type, stored } of lab.history(kinds.pods)) {
    const pod = stored.object as Pod;
    const isReady = pod.status.conditions?.some(each => each.type === "Ready" && each.status === "True");
    if (type !== "DELETED" && !isDeleted(pod) && isReady) serving.set(pod.metadata.uid, targetNode(pod)!);
    else serving.delete(pod.metadata.uid);
    const up = new Set(serving.values()).size;
    wasUp ||= up === nodes;
    assert.ok(!wasUp || up >= nodes - maxUnavailable, `${up} of ${nodes} nodes are served`);
  }
}
