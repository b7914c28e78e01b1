/** Deployments over a real registry: rollouts told as transcripts, and over random histories. */
import assert from "node:assert/strict";
import { ApiError, type Deployment, kinds, type Pod, type ReplicaSet } from "@podwire/api";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { isDeleted, type Life, template, WorkloadLab } from "../testing/workload-lab.ts";
import { maxSurge, maxUnavailable } from "./arithmetic.ts";

const spec = (replicas: number, more: object = {}) => ({
  replicas,
  selector: { matchLabels: { app: "web" } },
  template: template("web", "agnhost:1"),
  ...more,
});

describe("Deployment", () => {
  let lab: WorkloadLab;

  beforeEach(async () => {
    lab = await WorkloadLab.start();
  });
  afterEach(() => lab.stop());

  const read = () => lab.get(kinds.deployments, "web");
  const change = (edit: (copy: Deployment) => void) => lab.change(kinds.deployments, "web", edit);
  const setImage = (image: string) =>
    change(copy => {
      copy.spec.template.spec!.containers[0]!.image = image;
    });
  const scaleTo = (replicas: number) =>
    change(copy => {
      copy.spec.replicas = replicas;
    });

  /** The ReplicaSets in the order of their revisions: `2:agnhost:2 3/3` is revision, image, available, size. */
  async function revisions(): Promise<string[]> {
    const all = await lab.list(kinds.replicaSets);
    const revision = ({ metadata }: ReplicaSet) =>
      Number(metadata.annotations?.["deployment.kubernetes.io/revision"]);
    return all
      .sort((a, b) => revision(a) - revision(b))
      .map(each => {
        const { image } = each.spec.template!.spec!.containers[0]!;
        return `${revision(each)}:${image} ${each.status.availableReplicas ?? 0}/${each.spec.replicas}`;
      });
  }

  async function condition(type: string) {
    const found = (await read()).status.conditions?.find(each => each.type === type);
    return found && `${found.status} ${found.reason}: ${found.message}`;
  }

  const scalings = () => {
    const told = lab.events.splice(0).filter(({ reason }) => reason === "ScalingReplicaSet");
    return told.map(({ message }) => message.replace(/web-\w+/, "web-HASH"));
  };

  it("rolls out, says that it did, and keeps the revisions", async () => {
    await lab.create(kinds.deployments, "web", spec(3));
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 3/3"]);
    const [first] = await lab.list(kinds.replicaSets);
    const { name, labels } = first!.metadata;
    assert.equal(name, `web-${labels?.["pod-template-hash"]}`);
    assert.equal(first!.spec.selector.matchLabels?.["pod-template-hash"], labels?.["pod-template-hash"]);
    assert.equal(
      await condition("Progressing"),
      `True NewReplicaSetAvailable: ReplicaSet "${name}" has successfully progressed.`,
    );
    assert.equal(
      await condition("Available"),
      "True MinimumReplicasAvailable: Deployment has minimum availability.",
    );
    const { conditions: _, ...counters } = (await read()).status;
    assert.deepEqual(counters, {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    assert.equal((await read()).metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
    assert.deepEqual(scalings(), ["Scaled up replica set web-HASH from 0 to 3"]);

    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 0/0", "2:agnhost:2 3/3"]);
    assert.deepEqual(scalings(), [
      "Scaled up replica set web-HASH from 0 to 1",
      "Scaled down replica set web-HASH from 3 to 2",
      "Scaled up replica set web-HASH from 1 to 2",
      "Scaled down replica set web-HASH from 2 to 1",
      "Scaled up replica set web-HASH from 2 to 3",
      "Scaled down replica set web-HASH from 1 to 0",
    ]);
  });

  it("going back takes the old ReplicaSet again, as the newest revision", async () => {
    await lab.create(kinds.deployments, "web", spec(2));
    await lab.settle();
    const [first] = await lab.list(kinds.replicaSets);
    await setImage("agnhost:2");
    await lab.settle();
    await setImage("agnhost:1");
    await lab.settle();
    assert.deepEqual(await revisions(), ["2:agnhost:2 0/0", "3:agnhost:1 2/2"]);
    const again = await lab.get(kinds.replicaSets, first!.metadata.name);
    assert.equal(again.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
    assert.equal((await read()).metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
  });

  it("waits for Pods that do not become ready, and says so when the deadline is over", async () => {
    await lab.create(kinds.deployments, "web", spec(4, { progressDeadlineSeconds: 10 }));
    await lab.settle();
    lab.behave = pod => {
      if (isDeleted(pod)) return "gone";
      return pod.spec.containers[0]!.image === "agnhost:2" ? "running" : "ready";
    };
    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 3/3", "2:agnhost:2 0/2"]);
    assert.match((await condition("Progressing"))!, /^True ReplicaSetUpdated: /);
    await lab.advance(12);
    assert.match(
      (await condition("Progressing"))!,
      /^False ProgressDeadlineExceeded: ReplicaSet "web-\w+" has timed out/,
    );
    // A new template is a new chance.
    await setImage("agnhost:3");
    await lab.settle();
    assert.match((await condition("Progressing"))!, /^True NewReplicaSetAvailable/);
    assert.deepEqual(await revisions(), ["1:agnhost:1 0/0", "2:agnhost:2 0/0", "3:agnhost:3 4/4"]);
  });

  it("Recreate: no new Pod before the last old one has ended", async () => {
    let lives: Life = "running";
    lab.behave = pod => (isDeleted(pod) ? lives : "ready");
    await lab.create(kinds.deployments, "web", spec(3, { strategy: { type: "Recreate" } }));
    await lab.settle();
    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 0/0"]);
    assert.equal((await lab.pods()).length, 3);
    lives = "gone";
    await lab.live();
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 0/0", "2:agnhost:2 3/3"]);
  });

  it("paused: scales in proportion, does not roll", async () => {
    await lab.create(
      kinds.deployments,
      "web",
      spec(10, { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    );
    await lab.settle();
    lab.behave = pod => {
      if (isDeleted(pod)) return "gone";
      return pod.spec.containers[0]!.image === "agnhost:2" ? "running" : "ready";
    };
    await setImage("agnhost:2");
    await lab.settle();
    assert.deepEqual(await revisions(), ["1:agnhost:1 8/8", "2:agnhost:2 0/5"]);
    await change(copy => {
      copy.spec.paused = true;
      copy.spec.replicas = 15;
    });
    await lab.settle();
    // The example of upstream's documentation.
    assert.deepEqual(await revisions(), ["1:agnhost:1 11/11", "2:agnhost:2 0/7"]);
    assert.equal(await condition("Progressing"), "Unknown DeploymentPaused: Deployment is paused");
    await setImage("agnhost:3");
    await lab.settle();
    assert.equal((await revisions()).length, 2);
    await change(copy => {
      copy.spec.paused = undefined;
    });
    await lab.settle();
    assert.equal((await revisions()).at(-1), "3:agnhost:3 15/15");
  });

  it("scales, to zero and back, without a new revision", async () => {
    await lab.create(kinds.deployments, "web", spec(2));
    for (const replicas of [7, 0, 3]) {
      await lab.settle();
      await scaleTo(replicas);
      await lab.settle();
      assert.deepEqual(await revisions(), [`1:agnhost:1 ${replicas}/${replicas}`]);
      assert.equal((await lab.pods()).length, replicas);
    }
  });

  it("keeps revisionHistoryLimit old revisions", async () => {
    await lab.create(kinds.deployments, "web", spec(1, { revisionHistoryLimit: 2 }));
    for (let version = 1; version <= 5; version++) {
      await setImage(`agnhost:${version}`);
      await lab.settle();
    }
    assert.deepEqual(await revisions(), ["3:agnhost:3 0/0", "4:agnhost:4 0/0", "5:agnhost:5 1/1"]);
  });

  it("another template's ReplicaSet under its name: counts the collision and takes another name", async () => {
    await lab.create(kinds.deployments, "web", spec(1));
    await lab.settle();
    const [first] = await lab.list(kinds.replicaSets);
    const { name, labels } = first!.metadata;
    await lab.delete(kinds.deployments, "web");
    await lab.delete(kinds.replicaSets, name);
    const theirs = { ...spec(0), selector: { matchLabels: { app: "other" } }, template: template("other") };
    await lab.create(kinds.replicaSets, name, { metadata: { labels: { app: "other" } }, ...theirs });
    await lab.create(kinds.deployments, "web", spec(1));
    await lab.settle();
    assert.equal((await read()).status.collisionCount, 1);
    const made = (await lab.list(kinds.replicaSets)).find(each => each.metadata.name !== name);
    assert.notEqual(made?.metadata.labels?.["pod-template-hash"], labels?.["pod-template-hash"]);
    assert.equal(made?.status.availableReplicas, 1);
  });

  it("says that a ReplicaSet cannot be made, and passes on why Pods cannot", async () => {
    lab.refuse = (verb, kind) =>
      verb === "create" && kind.kind === "ReplicaSet"
        ? new ApiError(403, "Forbidden", "no ReplicaSets here")
        : undefined;
    await lab.create(kinds.deployments, "web", spec(1));
    await lab.settle();
    assert.match((await condition("Progressing"))!, /^False ReplicaSetCreateError: .*no ReplicaSets here$/);
    lab.refuse = (verb, kind) =>
      verb === "create" && kind.kind === "Pod" ? new ApiError(403, "Forbidden", "no Pods here") : undefined;
    await lab.advance(10);
    assert.equal(await condition("ReplicaFailure"), "True FailedCreate: no Pods here");
    lab.refuse = () => undefined;
    await lab.advance(10);
    assert.equal(await condition("ReplicaFailure"), undefined);
    assert.match((await condition("Progressing"))!, /^True NewReplicaSetAvailable/);
  });

  it("over random rollouts: bounds hold at every moment, through restarts, and the last template wins", async function () {
    this.timeout(120_000);
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const count = fc.oneof(fc.nat(4), fc.constantFrom("0%", "25%", "50%", "100%"));
    const history = fc.record({
      replicas: fc.integer({ min: 1, max: 9 }),
      surge: count,
      unavailable: count,
      images: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
      turns: fc.array(fc.nat(60), { minLength: 4, maxLength: 4 }),
      restarts: fc.boolean(),
    });
    const run = async ({
      replicas,
      surge,
      unavailable,
      images,
      turns,
      restarts,
    }: HistoryOf<typeof history>) => {
      const own = await WorkloadLab.start();
      try {
        const strategy = {
          rollingUpdate: {
            maxSurge: surge,
            maxUnavailable: isZero(surge) && isZero(unavailable) ? 1 : unavailable,
          },
        };
        const made = await own.create(kinds.deployments, "web", spec(replicas, { strategy }));
        await own.settle();
        for (const [at, image] of images.entries()) {
          await own.change(kinds.deployments, "web", copy => {
            copy.spec.template.spec!.containers[0]!.image = `agnhost:${image}`;
          });
          for (let turn = 0; turn < turns[at]!; turn++) await new Promise(resolve => setImmediate(resolve));
          if (!restarts) continue;
          own.stopControllers();
          await own.startControllers();
        }
        await own.settle();
        const pods = await own.pods();
        const images_ = pods.map(pod => pod.spec.containers[0]!.image);
        assert.deepEqual(images_, Array(replicas).fill(`agnhost:${images.at(-1)}`));
        const bounds = { most: replicas + maxSurge(made), least: replicas - maxUnavailable(made) };
        await checkBounds(own, bounds);
      } finally {
        await own.stop();
      }
    };
    await fc.assert(fc.asyncProperty(history, run), { seed, numRuns: 25 });
  });
});

type HistoryOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

function isZero(value: number | string): boolean {
  return value === 0 || value === "0%" || value === "25%" || value === "50%";
}

/** Replays what happened: sizes never ask for more than `most`; once `least` are ready, as many stay. */
async function checkBounds(
  lab: WorkloadLab,
  { most, least }: { most: number; least: number },
): Promise<void> {
  const sizes = new Map<string, number>();
  const ready = new Set<string>();
  let wasUp = false;
  for await (const { type, stored } of lab.history(kinds.pods, kinds.replicaSets)) {
    const { uid } = stored.object.metadata;
    if (stored.object.kind === "ReplicaSet") {
      sizes.set(uid, type === "DELETED" ? 0 : ((stored.object as ReplicaSet).spec.replicas ?? 1));
    } else if (type !== "DELETED" && isServing(stored.object as Pod)) ready.add(uid);
    else ready.delete(uid);
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    assert.ok(total <= most, `${total} Pods are asked for, ${most} are allowed`);
    wasUp ||= ready.size >= least;
    assert.ok(!wasUp || ready.size >= least, `${ready.size} Pods are ready, ${least} have to be`);
  }
}

function isServing(pod: Pod): boolean {
  return (
    !isDeleted(pod) &&
    pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
  );
}
