/** ReplicaSets over a real registry, with Pods that live as the test says. */
import assert from "node:assert/strict";
import { ApiError, kinds } from "@podwire/api";
import { isDeleted, template, WorkloadLab } from "../testing/workload-lab.ts";

const spec = (replicas: number) => ({
  replicas,
  selector: { matchLabels: { app: "web" } },
  template: template("web"),
});

describe("ReplicaSet", () => {
  let lab: WorkloadLab;

  beforeEach(async () => {
    lab = await WorkloadLab.start();
  });
  afterEach(() => lab.stop());

  const status = async () => (await lab.get(kinds.replicaSets, "web")).status;

  it("makes the Pods that are missing, owns them, and counts them", async () => {
    const { metadata } = await lab.create(kinds.replicaSets, "web", spec(5));
    await lab.settle();
    const pods = await lab.pods();
    assert.equal(pods.length, 5);
    for (const pod of pods) {
      assert.match(pod.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      assert.deepEqual(pod.metadata.ownerReferences, [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web",
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
    assert.deepEqual(await status(), {
      replicas: 5,
      fullyLabeledReplicas: 5,
      readyReplicas: 5,
      availableReplicas: 5,
      observedGeneration: 1,
    });
    const created = lab.events.filter(({ reason }) => reason === "SuccessfulCreate");
    assert.deepEqual(
      created.map(({ message }) => message).sort(),
      pods.map(({ metadata: { name } }) => `Created pod: ${name}`).sort(),
    );
  });

  it("replaces what ends or is deleted, without waiting for it to go", async () => {
    lab.behave = pod => (isDeleted(pod) ? "running" : "ready");
    await lab.create(kinds.replicaSets, "web", spec(2));
    await lab.settle();
    const [first] = await lab.pods();
    await lab.delete(kinds.pods, first!.metadata.name);
    await lab.settle();
    assert.equal((await lab.pods()).length, 3);
    assert.equal((await status()).replicas, 2);
  });

  it("gives up the Pods that serve least", async () => {
    lab.behave = pod =>
      isDeleted(pod) ? "gone" : pod.metadata.annotations?.life === "slow" ? "running" : "ready";
    await lab.create(kinds.replicaSets, "web", spec(4));
    await lab.settle();
    const names = (await lab.pods()).map(({ metadata }) => metadata.name);
    const annotate = (name: string, annotations: Record<string, string>) =>
      lab.change(kinds.pods, name, copy => {
        copy.metadata.annotations = annotations;
      });
    await annotate(names[1]!, { life: "slow" });
    await annotate(names[2]!, { "controller.kubernetes.io/pod-deletion-cost": "-5" });
    await annotate(names[3]!, { "controller.kubernetes.io/pod-deletion-cost": "7" });
    await lab.settle();
    for (const left of [["0", "2", "3"], ["0", "3"], ["3"], []]) {
      await lab.change(kinds.replicaSets, "web", copy => {
        copy.spec.replicas = left.length;
      });
      await lab.settle();
      const still = (await lab.pods()).map(({ metadata }) => String(names.indexOf(metadata.name))).sort();
      assert.deepEqual(still, left);
    }
  });

  it("adopts orphans that match, and releases what no longer does", async () => {
    const containers = [{ name: "main", image: "agnhost" }];
    await lab.create(kinds.pods, "orphan", { metadata: { labels: { app: "web" } }, containers });
    await lab.create(kinds.replicaSets, "web", spec(2));
    await lab.settle();
    assert.equal((await lab.pods()).length, 2);
    const orphan = await lab.get(kinds.pods, "orphan");
    assert.equal(orphan.metadata.ownerReferences?.[0]?.name, "web");
    await lab.change(kinds.pods, "orphan", copy => {
      copy.metadata.labels = { app: "debug" };
    });
    await lab.settle();
    assert.equal((await lab.get(kinds.pods, "orphan")).metadata.ownerReferences, undefined);
    assert.equal((await lab.pods()).length, 3);
    // It comes back when it matches again; one is too many then.
    await lab.change(kinds.pods, "orphan", copy => {
      copy.metadata.labels = { app: "web" };
    });
    await lab.settle();
    assert.equal((await lab.pods()).length, 2);
  });

  it("leaves the Pods of another controller alone, also under its own name", async () => {
    const { metadata } = await lab.create(kinds.replicaSets, "web", spec(0));
    const containers = [{ name: "main", image: "agnhost" }];
    const foreign = { ...owner(metadata.name), uid: "11111111-0000-4000-8000-000000000000" };
    await lab.create(kinds.pods, "theirs", {
      metadata: { labels: { app: "web" }, ownerReferences: [foreign] },
      containers,
    });
    await lab.settle();
    assert.deepEqual((await lab.get(kinds.pods, "theirs")).metadata.ownerReferences, [foreign]);
    assert.equal((await status()).replicas, 0);
  });

  it("counts a Pod as available when it has been ready for minReadySeconds", async () => {
    await lab.create(kinds.replicaSets, "web", { ...spec(1), minReadySeconds: 5 });
    await lab.settle();
    assert.deepEqual([(await status()).readyReplicas, (await status()).availableReplicas], [1, undefined]);
    await lab.advance(4);
    assert.equal((await status()).availableReplicas, undefined);
    await lab.advance(2);
    assert.equal((await status()).availableReplicas, 1);
  });

  it("says why it cannot make Pods, after few tries, and goes on when it can", async () => {
    const why = 'pods "web-" is forbidden: exceeded quota';
    let tries = 0;
    lab.refuse = (verb, kind) => {
      if (verb !== "create" || kind.kind !== "Pod") return undefined;
      tries++;
      return new ApiError(403, "Forbidden", why);
    };
    await lab.create(kinds.replicaSets, "web", spec(50));
    await lab.settle();
    assert.ok(tries < 10, `${tries} tries`);
    const { conditions, replicas } = await status();
    assert.deepEqual(
      [replicas, conditions?.map(({ type, status, reason, message }) => [type, status, reason, message])],
      [0, [["ReplicaFailure", "True", "FailedCreate", why]]],
    );
    assert.equal(lab.events.find(({ type }) => type === "Warning")?.message, `Error creating: ${why}`);
    lab.refuse = () => undefined;
    await lab.advance(10);
    assert.deepEqual([(await status()).readyReplicas, (await status()).conditions], [50, undefined]);
  });

  it("has no more than it should, whenever it is started anew", async () => {
    for (let round = 0; round < 5; round++) {
      await lab.create(kinds.replicaSets, `web-${round}`, {
        replicas: 20,
        selector: { matchLabels: { app: `web-${round}` } },
        template: template(`web-${round}`),
      });
      for (let turn = 0; turn < 3 * round; turn++) await new Promise(resolve => setImmediate(resolve));
      lab.stopControllers();
      await lab.startControllers();
      await lab.settle();
      const pods = (await lab.pods()).filter(({ metadata }) => metadata.labels?.app === `web-${round}`);
      assert.equal(pods.length, 20);
    }
  });
});

function owner(name: string) {
  return { apiVersion: "apps/v1", kind: "ReplicaSet", name, controller: true, blockOwnerDeletion: true };
}
