/** Jobs over a real registry, with Pods that end as the test says. */
import assert from "node:assert/strict";
import { type Job, kinds, type Pod } from "@podwire/api";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { isDeleted, type Life, WorkloadLab } from "../testing/workload-lab.ts";
import { formatIndexes, INDEX, indexOf, parseIndexes } from "./indexes.ts";

const spec = (more: object = {}) => ({
  template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "agnhost" }] } },
  ...more,
});

describe("Job", () => {
  let lab: WorkloadLab;

  beforeEach(async () => {
    lab = await WorkloadLab.start();
  });
  afterEach(() => lab.stop());

  const create = (more: object) => lab.create(kinds.jobs, "work", spec(more));
  const status = async () => (await lab.get(kinds.jobs, "work")).status;
  const live = (life: (pod: Pod) => Life) => {
    lab.behave = pod => (isDeleted(pod) ? "gone" : life(pod));
  };

  async function conditions(): Promise<string[]> {
    const all = (await status()).conditions ?? [];
    return all.map(each => `${each.type}=${each.status} ${each.reason}: ${each.message}`);
  }

  /** Those that run or wait. */
  async function living(): Promise<Pod[]> {
    return (await lab.pods()).filter(({ status: { phase } }) => phase !== "Failed" && phase !== "Succeeded");
  }

  it("runs parallelism Pods at a time until completions have succeeded, and counts each", async () => {
    live(() => "running");
    await create({ completions: 5, parallelism: 2 });
    await lab.settle();
    const [pod, second, ...more] = await lab.pods();
    assert.ok(pod && second && more.length === 0);
    assert.match(pod.metadata.name, /^work-\w{5}$/);
    assert.equal(pod.metadata.labels?.["batch.kubernetes.io/job-name"], "work");
    assert.deepEqual(pod.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
    assert.deepEqual([(await status()).active, (await status()).ready], [2, 0]);
    live(() => "succeeded");
    await lab.live();
    await lab.settle();
    assert.equal((await lab.pods()).length, 5);
    const { startTime, completionTime, conditions: _, ...rest } = await status();
    assert.ok(startTime && completionTime);
    assert.deepEqual(rest, { succeeded: 5, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    assert.deepEqual(await conditions(), [
      "SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded pods",
      "Complete=True CompletionsReached: Reached expected number of succeeded pods",
    ]);
    assert.ok((await lab.pods()).every(each => each.metadata.finalizers === undefined));
    assert.deepEqual(lab.events.at(-1), {
      about: "Job work",
      type: "Normal",
      reason: "Completed",
      message: "Job completed",
    });
  });

  it("tries again later each time, and fails when the back-off limit is exceeded", async () => {
    live(() => "failed");
    await create({ backoffLimit: 2 });
    await lab.settle();
    const startMs = lab.clock.nowMs();
    const firstSeenMs: number[] = [];
    while (firstSeenMs.length <= 3 && lab.clock.nowMs() - startMs < 60_000) {
      firstSeenMs[(await lab.pods()).length] ??= lab.clock.nowMs() - startMs;
      await lab.advance(1);
    }
    const [, , second, third, fourth] = firstSeenMs;
    assert.ok(second! >= 9_000 && second! <= 12_000, `the second Pod after ${second} ms`);
    assert.ok(third! >= 29_000 && third! <= 33_000, `the third Pod after ${third} ms`);
    assert.equal(fourth, undefined);
    assert.deepEqual(await conditions(), [
      "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit",
      "Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit",
    ]);
    assert.equal((await status()).failed, 3);
  });

  it("Indexed: one Pod an index, which knows it, and only what is missing is made again", async () => {
    live(pod => (pod.metadata.annotations?.[INDEX] === "1" ? "running" : "succeeded"));
    await create({ completions: 4, parallelism: 4, completionMode: "Indexed" });
    await lab.settle();
    assert.equal((await status()).completedIndexes, "0,2,3");
    const [pod] = await living();
    assert.match(pod!.metadata.name, /^work-1-\w{5}$/);
    assert.equal(pod!.spec.hostname, "work-1");
    assert.equal(pod!.metadata.labels?.[INDEX], "1");
    assert.deepEqual(pod!.spec.containers[0]!.env?.[0]?.name, "JOB_COMPLETION_INDEX");
    await lab.delete(kinds.pods, pod!.metadata.name);
    await lab.settle();
    await lab.advance(11);
    const [again] = await living();
    assert.equal(indexOf(again!), 1);
    live(() => "succeeded");
    await lab.live();
    await lab.settle();
    assert.deepEqual([(await status()).completedIndexes, (await status()).succeeded], ["0-3", 4]);
    assert.match((await conditions()).at(-1)!, /^Complete=True/);
  });

  it("backoffLimitPerIndex: an index that fails too often fails alone, and the Job with it at the end", async () => {
    live(pod => (pod.metadata.annotations?.[INDEX] === "1" ? "failed" : "succeeded"));
    await create({ completions: 3, parallelism: 3, completionMode: "Indexed", backoffLimitPerIndex: 1 });
    await lab.settle();
    assert.deepEqual(await conditions(), []);
    await lab.advance(12);
    assert.deepEqual([(await status()).completedIndexes, (await status()).failedIndexes], ["0,2", "1"]);
    assert.deepEqual(await conditions(), [
      "FailureTarget=True FailedIndexes: Job has failed indexes",
      "Failed=True FailedIndexes: Job has failed indexes",
    ]);
    assert.equal((await status()).failed, 2);
  });

  it("podFailurePolicy: FailJob ends it at once, Ignore does not count", async () => {
    const rule = (action: string) => ({
      podFailurePolicy: { rules: [{ action, onExitCodes: { operator: "In", values: [1] } }] },
    });
    live(() => "failed");
    await create(rule("FailJob"));
    await lab.settle();
    const pod = (await lab.pods())[0]!;
    const why = `Container main for pod test/${pod.metadata.name} failed with exit code 1 matching FailJob rule at index 0`;
    assert.deepEqual(await conditions(), [
      `FailureTarget=True PodFailurePolicy: ${why}`,
      `Failed=True PodFailurePolicy: ${why}`,
    ]);
    await lab.create(kinds.jobs, "lenient", spec({ ...rule("Ignore"), backoffLimit: 0 }));
    await lab.settle();
    await lab.advance(15);
    const { failed, conditions: none } = (await lab.get(kinds.jobs, "lenient")).status;
    assert.deepEqual([failed, none], [undefined, undefined]);
  });

  it("successPolicy: ends when enough indexes have succeeded, and takes the others away", async () => {
    live(pod => (pod.metadata.annotations?.[INDEX] === "0" ? "succeeded" : "running"));
    const successPolicy = { rules: [{ succeededIndexes: "0" }] };
    await create({ completions: 3, parallelism: 3, completionMode: "Indexed", successPolicy });
    await lab.settle();
    assert.deepEqual(await conditions(), [
      "SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0",
      "Complete=True SuccessPolicy: Matched rules at index 0",
    ]);
    assert.deepEqual([(await living()).length, (await status()).failed], [0, undefined]);
  });

  it("activeDeadlineSeconds: fails and takes its Pods away when they have ended", async () => {
    let life: Life = "running";
    lab.behave = pod => (isDeleted(pod) ? life : "running");
    await create({ activeDeadlineSeconds: 5, parallelism: 2, completions: 2 });
    await lab.settle();
    await lab.advance(6);
    assert.deepEqual(await conditions(), [
      "FailureTarget=True DeadlineExceeded: Job was active longer than specified deadline",
    ]);
    assert.equal((await status()).terminating, 2);
    life = "gone";
    await lab.live();
    await lab.settle();
    assert.match((await conditions()).at(-1)!, /^Failed=True DeadlineExceeded/);
    assert.equal((await status()).failed, 2);
  });

  it("suspend takes the Pods away without counting them, resume makes them again", async () => {
    live(() => "running");
    await create({ parallelism: 2, completions: 2 });
    await lab.settle();
    const suspend = (value: boolean) =>
      lab.change(kinds.jobs, "work", copy => {
        copy.spec.suspend = value;
      });
    await suspend(true);
    await lab.settle();
    assert.deepEqual([(await lab.pods()).length, (await status()).failed], [0, undefined]);
    assert.deepEqual(await conditions(), ["Suspended=True JobSuspended: Job suspended"]);
    await suspend(false);
    await lab.settle();
    assert.equal((await lab.pods()).length, 2);
    assert.deepEqual(await conditions(), ["Suspended=False JobResumed: Job resumed"]);
  });

  it("podReplacementPolicy Failed: no successor before the deleted Pod has ended", async () => {
    let life: Life = "running";
    lab.behave = pod => (isDeleted(pod) ? life : "running");
    await create({ podReplacementPolicy: "Failed" });
    await lab.settle();
    const [pod] = await lab.pods();
    await lab.delete(kinds.pods, pod!.metadata.name);
    await lab.settle();
    await lab.advance(30);
    assert.equal((await lab.pods()).length, 1);
    life = "failed";
    await lab.live();
    await lab.settle();
    life = "gone";
    await lab.live();
    await lab.advance(15);
    assert.equal((await living()).length, 1);
    assert.equal((await status()).failed, 1);
  });

  it("ttlSecondsAfterFinished removes it, and Pods of a Job that is gone are let go", async () => {
    live(() => "succeeded");
    await create({ ttlSecondsAfterFinished: 10 });
    await lab.settle();
    await lab.advance(8);
    assert.match((await conditions()).at(-1)!, /^Complete/);
    await lab.advance(4);
    const [job] = await lab.list(kinds.jobs);
    assert.deepEqual(job?.metadata.finalizers, ["foregroundDeletion"]);

    live(() => "running");
    await lab.create(kinds.jobs, "other", spec());
    await lab.settle();
    await lab.delete(kinds.jobs, "other", { propagationPolicy: "Background" });
    await lab.settle();
    const left = (await lab.pods()).filter(pod => pod.metadata.labels?.["job-name"] === "other");
    assert.deepEqual(
      left.map(({ metadata }) => metadata.finalizers),
      [undefined],
    );
  });

  it("indexes: text and back", () => {
    assert.equal(formatIndexes([5, 1, 3, 4, 8, 7]), "1,3-5,7,8");
    assert.deepEqual([...parseIndexes("1,3-5,7,8,x", 8)], [1, 3, 4, 5, 7]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), indexes => {
        const sorted = [...indexes].sort((a, b) => a - b);
        assert.deepEqual([...parseIndexes(formatIndexes(indexes), 41)], sorted);
      }),
    );
  });

  it("over random histories: each end is counted once, wherever the controller dies", async function () {
    this.timeout(120_000);
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const history = fc.record({
      completions: fc.integer({ min: 1, max: 8 }),
      parallelism: fc.integer({ min: 1, max: 5 }),
      indexed: fc.boolean(),
      /** Each Pod's end, by the order in which Pods are seen: failed if true. */
      fails: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      deaths: fc.array(fc.nat(40), { maxLength: 6 }),
    });
    const run = async ({ completions, parallelism, indexed, fails, deaths }: HistoryOf<typeof history>) => {
      const own = await WorkloadLab.start();
      const ends = new Map<string, Life>();
      own.behave = ({ metadata: { uid } }) => {
        if (!ends.has(uid)) ends.set(uid, fails[ends.size] ? "failed" : "succeeded");
        return ends.get(uid)!;
      };
      try {
        const completionMode = indexed ? "Indexed" : "NonIndexed";
        await own.create(
          kinds.jobs,
          "work",
          spec({ completions, parallelism, completionMode, backoffLimit: 50 }),
        );
        for (const turns of deaths) {
          for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
          own.stopControllers();
          await own.startControllers();
        }
        for (let tries = 0; tries < 20 && !isComplete(await own.get(kinds.jobs, "work")); tries++) {
          own.clock.advance(600_000);
          await own.settle();
        }
        const { status: done } = await own.get(kinds.jobs, "work");
        const count = (life: Life) => [...ends.values()].filter(each => each === life).length;
        assert.equal(done.succeeded, completions);
        assert.equal(done.failed ?? 0, count("failed"));
        assert.equal(count("succeeded"), completions, "no Pod too many was run");
        if (indexed)
          assert.equal(
            done.completedIndexes,
            formatIndexes(Array.from({ length: completions }, (_, at) => at)),
          );
        await checkParallelism(own, parallelism);
      } finally {
        await own.stop();
      }
    };
    await fc.assert(fc.asyncProperty(history, run), { seed, numRuns: 40 });
  });
});

type HistoryOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

function isComplete({ status }: Job): boolean {
  return status.conditions?.some(({ type }) => type === "Complete") === true;
}

async function checkParallelism(lab: WorkloadLab, parallelism: number): Promise<void> {
  const running = new Set<string>();
  for await (const { type, stored } of lab.history(kinds.pods)) {
    const { metadata, status } = stored.object as Pod;
    const hasEnded = type === "DELETED" || status.phase === "Succeeded" || status.phase === "Failed";
    if (hasEnded) running.delete(metadata.uid);
    else running.add(metadata.uid);
    assert.ok(running.size <= parallelism, `${running.size} Pods run at once`);
  }
}
