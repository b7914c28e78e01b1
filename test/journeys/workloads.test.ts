/**
 * Workloads on a real lab: rollouts driven by kubectl, order and identity, a Pod a node, Jobs that succeed and fail,
 * and what becomes of the Pods of a node that falls silent.
 */
import assert from "node:assert/strict";
import { type Job, type Kind, type KubernetesObject, kinds, type NewObject, type Pod } from "@podwire/api";
import { until } from "@podwire/lab";
import { KubectlUser } from "./kubectl.ts";
import { describeKubectls } from "./kubectls.ts";
import { useLab } from "./lab.ts";

const NAMESPACE = "default";

const pause = (name: string) => ({ name, image: "pause" });
const template = (app: string, spec: object = { containers: [pause("main")] }) => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, ...spec },
});
const workload = (app: string, spec: object = {}) => ({
  selector: { matchLabels: { app } },
  template: template(app),
  ...spec,
});

describe("journey: workloads", function () {
  this.timeout(120_000);
  const context = useLab({
    nodes: [{ name: "a", labels: { disk: "ssd" } }, { name: "b", labels: { disk: "ssd" } }, { name: "c" }],
  });

  const create = <T extends KubernetesObject>(kind: Kind<T>, name: string, spec: object) =>
    context.lab.client.create(kind, {
      metadata: { namespace: NAMESPACE, name },
      spec,
    } as unknown as NewObject<T>);
  const remove = (kind: Kind, name: string) =>
    context.lab.client.delete(kind, { namespace: NAMESPACE, name }, { propagationPolicy: "Background" });

  /** Resolves with the Pods of an app when they are as wanted. */
  const podsOf = (app: string, wanted: (pods: Pod[]) => boolean): Promise<Pod[]> =>
    until(
      context.lab.client,
      kinds.pods,
      { namespace: NAMESPACE },
      all => {
        const pods = all.filter(({ metadata }) => metadata.labels?.app === app);
        return wanted(pods) ? pods : undefined;
      },
      all => `Pods: ${all.map(({ metadata, status }) => `${metadata.name} ${status.phase}`).join(", ")}`,
    );
  const isReady = ({ status }: Pod) =>
    status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
  const areReady = (count: number) => (pods: Pod[]) => pods.length === count && pods.every(isReady);
  const isGone = (pods: Pod[]) => pods.length === 0;

  describeKubectls("Deployment", binary => {
    it("rolls out, goes back, restarts, and waits for each", async () => {
      const kubectl = new KubectlUser(binary, context.lab, NAMESPACE);
      try {
        await create(kinds.deployments, "web", workload("web", { replicas: 3 }));
        const wait = () => kubectl.run("rollout", "status", "deployment/web", "--timeout=60s");
        assert.match(await wait(), /successfully rolled out/);
        await kubectl.run("set", "env", "deployment/web", "VERSION=2");
        await wait();
        const env = (pods: Pod[]) => pods.map(pod => pod.spec.containers[0]!.env?.[0]?.value);
        assert.deepEqual(env(await podsOf("web", areReady(3))), ["2", "2", "2"]);
        await kubectl.run("rollout", "undo", "deployment/web");
        await wait();
        assert.deepEqual(env(await podsOf("web", areReady(3))), [undefined, undefined, undefined]);
        await kubectl.run("rollout", "restart", "deployment/web");
        await wait();
        const history = await kubectl.run("rollout", "history", "deployment/web");
        assert.deepEqual(history.match(/^\d+/gm), ["2", "3", "4"]);
      } finally {
        kubectl.close();
        await remove(kinds.deployments, "web");
        await podsOf("web", isGone);
      }
    });
  });

  it("Deployment: Pods are replaced when they are deleted, and all go with it", async () => {
    await create(kinds.deployments, "crowd", workload("crowd", { replicas: 12 }));
    const pods = await podsOf("crowd", areReady(12));
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3);
    const { name } = pods[0]!.metadata;
    await context.lab.client.delete(kinds.pods, { namespace: NAMESPACE, name });
    await podsOf("crowd", all => areReady(12)(all) && all.every(({ metadata }) => metadata.name !== name));
    await remove(kinds.deployments, "crowd");
    await podsOf("crowd", isGone);
  });

  it("StatefulSet: one after the other, with names that last", async () => {
    await create(kinds.statefulSets, "db", workload("db", { replicas: 3, serviceName: "db" }));
    const pods = await podsOf("db", areReady(3));
    const started = pods.map(({ metadata, status }) => ({
      name: metadata.name,
      at: status.conditions!.find(({ type }) => type === "Ready")!.lastTransitionTime!,
      created: metadata.creationTimestamp,
    }));
    assert.deepEqual(started.map(({ name }) => name).sort(), ["db-0", "db-1", "db-2"]);
    started.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const [at, { created }] of started.slice(1).entries()) assert.ok(created >= started[at]!.at);
    await context.lab.client.delete(kinds.pods, { namespace: NAMESPACE, name: "db-1" });
    const before = pods.find(({ metadata }) => metadata.name === "db-1")!.metadata.uid;
    await podsOf("db", all => areReady(3)(all) && all.every(({ metadata }) => metadata.uid !== before));
    await remove(kinds.statefulSets, "db");
    await podsOf("db", isGone);
  });

  it("DaemonSet: a Pod on each node that matches, as its labels change", async () => {
    const spec = { nodeSelector: { disk: "ssd" }, containers: [pause("main")] };
    await create(kinds.daemonSets, "log", { ...workload("log"), template: template("log", spec) });
    const nodesOf = (pods: Pod[]) => pods.map(pod => pod.spec.nodeName).sort();
    assert.deepEqual(nodesOf(await podsOf("log", areReady(2))), ["a", "b"]);
    await context.lab.client.mutate(kinds.nodes, { name: "c" }, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, disk: "ssd" };
    });
    assert.deepEqual(nodesOf(await podsOf("log", areReady(3))), ["a", "b", "c"]);
    await remove(kinds.daemonSets, "log");
    await podsOf("log", isGone);
  });

  const jobEnded = (name: string): Promise<Job> =>
    until(
      context.lab.client,
      kinds.jobs,
      { namespace: NAMESPACE },
      jobs => jobs.find(({ metadata, status }) => metadata.name === name && endOf(status) !== undefined),
      jobs => JSON.stringify(jobs.map(({ status }) => status)),
    );
  const endOf = ({ conditions }: Job["status"]) =>
    conditions?.find(({ type }) => type === "Complete" || type === "Failed")?.type;
  const script = (line: string) => ({
    restartPolicy: "Never",
    containers: [{ name: "main", image: "agnhost", command: ["sh", "-c", line] }],
  });

  it("Job: indexes that each run once, and one that fails for good", async () => {
    await create(kinds.jobs, "sum", {
      completions: 4,
      parallelism: 2,
      completionMode: "Indexed",
      template: { spec: script('test "$JOB_COMPLETION_INDEX" -lt 4') },
    });
    const { status } = await jobEnded("sum");
    assert.deepEqual([endOf(status), status.succeeded, status.completedIndexes], ["Complete", 4, "0-3"]);
    await create(kinds.jobs, "broken", { backoffLimit: 0, template: { spec: script("exit 3") } });
    const broken = await jobEnded("broken");
    assert.deepEqual([endOf(broken.status), broken.status.failed], ["Failed", 1]);
    await remove(kinds.jobs, "sum");
    await remove(kinds.jobs, "broken");
  });

  it("a node that falls silent: NotReady, its Pods as well, replaced elsewhere; it has a Lease until then", async () => {
    const lease = await context.lab.client.get(kinds.leases, { namespace: "kube-node-lease", name: "b" });
    assert.deepEqual([lease.spec.holderIdentity, lease.spec.leaseDurationSeconds], ["b", 40]);
    const tolerations = ["not-ready", "unreachable"].map(key => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 1,
    }));
    const spec = { terminationGracePeriodSeconds: 1, tolerations, containers: [pause("main")] };
    await create(kinds.deployments, "moved", {
      ...workload("moved"),
      replicas: 3,
      template: template("moved", spec),
    });
    const pods = await podsOf("moved", areReady(3));
    const lost = pods.filter(pod => pod.spec.nodeName === "b");
    assert.equal(lost.length, 1);
    const pid = context.lab.pidOf("b")!;
    process.kill(pid, "SIGSTOP");
    try {
      const left = await podsOf(
        "moved",
        all => all.filter(isReady).filter(each => each.spec.nodeName !== "b").length === 3,
      );
      const there = left.find(({ metadata }) => metadata.uid === lost[0]!.metadata.uid);
      assert.ok(there?.metadata.deletionTimestamp, "it stays, marked, for its node to end it");
      assert.equal(isReady(there), false);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await podsOf("moved", areReady(3));
    await remove(kinds.deployments, "moved");
    await podsOf("moved", isGone);
  });
});
