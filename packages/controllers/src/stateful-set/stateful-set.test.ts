/** StatefulSets over a real registry: order told as transcripts of what was made and deleted. */
import assert from "node:assert/strict";
import { kinds, type Pod, type StatefulSet } from "@podwire/api";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { isDeleted, type Life, template, WorkloadLab } from "../testing/workload-lab.ts";
import { ordinalOf } from "./identity.ts";

const spec = (replicas: number, more: object = {}) => ({
  replicas,
  serviceName: "db",
  selector: { matchLabels: { app: "db" } },
  template: template("db", "agnhost:1"),
  ...more,
});

describe("StatefulSet", () => {
  let lab: WorkloadLab;

  beforeEach(async () => {
    lab = await WorkloadLab.start();
  });
  afterEach(() => lab.stop());

  const change = (edit: (copy: StatefulSet) => void) => lab.change(kinds.statefulSets, "db", edit);
  const scaleTo = (replicas: number) =>
    change(copy => {
      copy.spec.replicas = replicas;
    });
  const setImage = (image: string) =>
    change(copy => {
      copy.spec.template.spec!.containers[0]!.image = image;
    });
  const status = async () => (await lab.get(kinds.statefulSets, "db")).status;
  const image = (pod: Pod) => pod.spec.containers[0]!.image;

  /** `db-0 1`: the Pod and the version of its image. */
  async function pods(): Promise<string[]> {
    return (await lab.pods()).map(pod => `${pod.metadata.name} ${image(pod)?.slice(8)}`);
  }

  const told = () =>
    lab.events
      .splice(0)
      .map(({ message }) => message.replace(/ in StatefulSet db successful$/, "").replace("Pod ", ""));

  it("makes Pods in order, each after the one before is ready, with an identity", async () => {
    lab.behave = pod => (isDeleted(pod) ? "gone" : pod.metadata.name === "db-1" ? "running" : "ready");
    await lab.create(
      kinds.statefulSets,
      "db",
      spec(3, { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: {} }] }),
    );
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 1", "db-1 1"]);
    lab.behave = pod => (isDeleted(pod) ? "gone" : "ready");
    await lab.live();
    await lab.settle();
    assert.deepEqual(told(), ["create db-0", "create db-1", "create db-2"]);
    const { metadata, spec: podSpec } = await lab.get(kinds.pods, "db-1");
    const [revision] = await lab.list(kinds.controllerRevisions);
    assert.deepEqual(metadata.labels, {
      app: "db",
      "statefulset.kubernetes.io/pod-name": "db-1",
      "apps.kubernetes.io/pod-index": "1",
      "controller-revision-hash": revision?.metadata.name,
    });
    assert.deepEqual([podSpec.hostname, podSpec.subdomain], ["db-1", "db"]);
    assert.deepEqual(podSpec.volumes?.[0], {
      name: "data",
      persistentVolumeClaim: { claimName: "data-db-1" },
    });
    assert.deepEqual(await status(), {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      currentRevision: revision?.metadata.name,
      updateRevision: revision?.metadata.name,
      collisionCount: 0,
    });
  });

  it("shrinks from the highest, one after the other has gone, and grows again", async () => {
    await lab.create(kinds.statefulSets, "db", spec(4, { ordinals: { start: 5 } }));
    await lab.settle();
    assert.deepEqual(await pods(), ["db-5 1", "db-6 1", "db-7 1", "db-8 1"]);
    told();
    let life: Life = "running";
    lab.behave = pod => (isDeleted(pod) ? life : "ready");
    await scaleTo(2);
    await lab.settle();
    assert.deepEqual(told(), ["delete db-8"]);
    life = "gone";
    await lab.live();
    await lab.settle();
    assert.deepEqual(told(), ["delete db-7"]);
    await scaleTo(3);
    await lab.settle();
    assert.deepEqual(await pods(), ["db-5 1", "db-6 1", "db-7 1"]);
  });

  it("updates from the highest down to the partition, and waits for each", async () => {
    await lab.create(
      kinds.statefulSets,
      "db",
      spec(3, { updateStrategy: { rollingUpdate: { partition: 1 } } }),
    );
    await lab.settle();
    told();
    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(told(), ["delete db-2", "create db-2", "delete db-1", "create db-1"]);
    assert.deepEqual(await pods(), ["db-0 1", "db-1 2", "db-2 2"]);
    const partly = await status();
    assert.deepEqual([partly.currentReplicas, partly.updatedReplicas], [1, 2]);
    assert.notEqual(partly.currentRevision, partly.updateRevision);
    // Below the partition a Pod comes back as it was.
    await lab.delete(kinds.pods, "db-0");
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 1", "db-1 2", "db-2 2"]);
    await change(copy => {
      copy.spec.updateStrategy!.rollingUpdate!.partition = 0;
    });
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 2", "db-1 2", "db-2 2"]);
    const whole = await status();
    assert.equal(whole.currentRevision, whole.updateRevision);
    assert.equal(whole.currentReplicas, 3);
  });

  it("going back takes the old revision again, as the newest; the history is kept short", async () => {
    await lab.create(kinds.statefulSets, "db", spec(1, { revisionHistoryLimit: 1 }));
    await lab.settle();
    const [first] = await lab.list(kinds.controllerRevisions);
    for (const version of [2, 1, 3, 4]) {
      await setImage(`agnhost:${version}`);
      await lab.settle();
      const revisions = await lab.list(kinds.controllerRevisions);
      assert.ok(revisions.length <= 2);
      const newest = revisions.sort((a, b) => b.revision - a.revision)[0]!;
      assert.equal((await status()).updateRevision, newest.metadata.name);
      if (version === 1) assert.equal(newest.metadata.name, first?.metadata.name);
      assert.deepEqual(await pods(), [`db-0 ${version}`]);
    }
  });

  it("OnDelete: a Pod is of the new revision when somebody has deleted it", async () => {
    await lab.create(kinds.statefulSets, "db", spec(2, { updateStrategy: { type: "OnDelete" } }));
    await lab.settle();
    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 1", "db-1 1"]);
    await lab.delete(kinds.pods, "db-0");
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 2", "db-1 1"]);
  });

  it("Parallel: makes and deletes all at once", async () => {
    lab.behave = pod => (isDeleted(pod) ? "running" : "pending");
    await lab.create(kinds.statefulSets, "db", spec(5, { podManagementPolicy: "Parallel" }));
    await lab.settle();
    assert.equal((await pods()).length, 5);
    lab.behave = pod => (isDeleted(pod) ? "running" : "ready");
    await lab.live();
    await lab.settle();
    await scaleTo(1);
    await lab.settle();
    assert.equal((await lab.pods()).filter(isDeleted).length, 4);
  });

  it("replaces Pods that have ended, and waits for minReadySeconds", async () => {
    await lab.create(kinds.statefulSets, "db", spec(2, { minReadySeconds: 3 }));
    await lab.settle();
    assert.deepEqual(await pods(), ["db-0 1"]);
    await lab.advance(4);
    assert.deepEqual(await pods(), ["db-0 1", "db-1 1"]);
    await lab.advance(4);
    const before = await lab.get(kinds.pods, "db-0");
    lab.behave = pod =>
      isDeleted(pod) ? "gone" : pod.metadata.uid === before.metadata.uid ? "failed" : "ready";
    await lab.live();
    await lab.settle();
    const after = await lab.get(kinds.pods, "db-0");
    assert.notEqual(after.metadata.uid, before.metadata.uid);
  });

  it("over random histories: one at a time, in order, through restarts, and the end is as asked for", async function () {
    this.timeout(120_000);
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const step = fc.record({
      replicas: fc.nat(5),
      version: fc.nat(2),
      turns: fc.nat(80),
      restarts: fc.boolean(),
    });
    const run = async (steps: { replicas: number; version: number; turns: number; restarts: boolean }[]) => {
      const own = await WorkloadLab.start();
      try {
        await own.create(kinds.statefulSets, "db", spec(steps[0]!.replicas));
        for (const { replicas, version, turns, restarts } of steps) {
          await own.change(kinds.statefulSets, "db", copy => {
            copy.spec.replicas = replicas;
            copy.spec.template.spec!.containers[0]!.image = `agnhost:${version}`;
          });
          for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
          if (!restarts) continue;
          own.stopControllers();
          await own.startControllers();
        }
        await own.settle();
        const last = steps.at(-1)!;
        const left = (await own.pods()).map(pod => `${pod.metadata.name} ${image(pod)}`);
        const wanted = Array.from({ length: last.replicas }, (_, at) => `db-${at} agnhost:${last.version}`);
        assert.deepEqual(left, wanted);
        await checkOrder(own);
      } finally {
        await own.stop();
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), run), {
      seed,
      numRuns: 25,
    });
  });
});

/** A Pod is made only when all below it are ready, and at most one is on its way out or not ready at a time. */
async function checkOrder(lab: WorkloadLab): Promise<void> {
  const now = new Map<number, Pod>();
  const isUp = (pod: Pod | undefined) =>
    pod !== undefined &&
    !isDeleted(pod) &&
    pod.status.conditions?.some(each => each.type === "Ready" && each.status === "True");
  for await (const { type, stored } of lab.history(kinds.pods)) {
    const pod = stored.object as Pod;
    const ordinal = ordinalOf(pod);
    if (type === "ADDED") {
      for (let below = 0; below < ordinal; below++) {
        assert.ok(isUp(now.get(below)), `db-${ordinal} was made while db-${below} was not ready`);
      }
    }
    if (type === "DELETED") now.delete(ordinal);
    else now.set(ordinal, pod);
    const down = [...now.values()].filter(each => !isUp(each));
    assert.ok(down.length <= 1, `${down.map(({ metadata }) => metadata.name)} are down at once`);
  }
}
