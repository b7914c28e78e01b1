/** The controllers over a real registry: what happens to objects, told as small stories. */
import assert from "node:assert/strict";
import { type Event, kinds, type Pod } from "@podwire/api";
import { TestControlPlane } from "./testing/control-plane.ts";
import { ManualClock } from "./testing/manual-clock.ts";

describe("controllers", () => {
  let plane: TestControlPlane;
  const clock = new ManualClock();

  /** A Node that is Ready without a daemon. */
  async function addNode(
    name: string,
    pods = "110",
    annotations: Record<string, string> = {},
  ): Promise<void> {
    const foreign = { "podwire.dev/foreign": "true", ...annotations };
    await plane.registry.create(kinds.nodes, { metadata: { name, annotations: foreign } });
    const setStatus = (copy: { status: object }) => {
      copy.status = { conditions: [{ type: "Ready", status: "True" }], capacity: { pods } };
    };
    await plane.registry.mutate(kinds.nodes, { name }, setStatus, { subresource: "status" });
  }

  async function event(reason: string): Promise<Event> {
    const watch = plane.registry.watch(kinds.events, { afterRevision: plane.registry.revision });
    const find = async () => {
      const { items } = await plane.registry.list(kinds.events);
      return items.map(({ object }) => object).find(each => each.reason === reason);
    };
    let found = await find();
    while (found === undefined) {
      await watch.next();
      found = await find();
    }
    watch.close();
    return found;
  }

  const untilPod = (name: string, wanted: (pod: Pod | undefined) => boolean) =>
    plane.until(kinds.pods, { namespace: "default", name }, wanted);

  beforeEach(async () => {
    plane = await TestControlPlane.start({ clock, clusterCidrs: ["10.244.0.0/23", "fd00:10:244::/56"] });
  });
  afterEach(() => plane.stop());

  it("node-ipam: says that a range is full, and serves the node when another one is deleted", async () => {
    for (const name of ["a", "b", "c"]) await addNode(name);
    const full = await event("CIDRNotAvailable");
    assert.equal(full.involvedObject.name, "c");
    assert.match(
      full.message!,
      /^cluster CIDR 10\.244\.0\.0\/23 has no range left for this node; delete Nodes/,
    );
    await plane.registry.delete(kinds.nodes, { name: "a" });
    const node = await plane.until(kinds.nodes, { name: "c" }, each => each?.spec.podCIDRs !== undefined);
    assert.equal(node?.spec.podCIDRs?.[0], "10.244.0.0/24");
    assert.equal(node?.spec.podCIDR, "10.244.0.0/24");
  });

  it("scheduler: spreads Pods, waits with the reason when no node fits, and goes on when one does", async () => {
    await addNode("a", "2");
    await addNode("b", "2");
    for (let index = 0; index < 4; index++) await plane.createPod(`p${index}`);
    const placed = [];
    for (let index = 0; index < 4; index++) {
      placed.push((await untilPod(`p${index}`, pod => pod?.spec.nodeName !== undefined))?.spec.nodeName);
    }
    assert.deepEqual(placed.sort(), ["a", "a", "b", "b"]);
    assert.match((await event("Scheduled")).message!, /^Successfully assigned default\/p\d to [ab]$/);

    await plane.createPod("late");
    const failed = await event("FailedScheduling");
    assert.equal(failed.message, "0/2 nodes are available: 2 Too many pods.");
    const waiting = await untilPod("late", pod => pod?.status.conditions?.[0]?.reason === "Unschedulable");
    assert.equal(waiting?.status.conditions?.[0]?.message, failed.message);
    await plane.registry.delete(kinds.pods, { namespace: "default", name: "p1" }, { gracePeriodSeconds: 0 });
    await untilPod("late", pod => pod?.spec.nodeName !== undefined);
  });

  it("scheduler: goes on when a node turns up that fits", async () => {
    await plane.createPod("picky", { nodeSelector: { "kubernetes.io/hostname": "b" } });
    assert.equal((await event("FailedScheduling")).message, "no nodes available to schedule pods");
    await addNode("b");
    await plane.registry.mutate(kinds.nodes, { name: "b" }, copy => {
      copy.metadata.labels = { "kubernetes.io/hostname": "b" };
    });
    await untilPod("picky", pod => pod?.spec.nodeName === "b");
  });

  it("scheduler: leaves gated Pods, Pods of other schedulers and Pods with a node alone", async () => {
    await addNode("a");
    await plane.createPod("gated", { schedulingGates: [{ name: "example.com/quota" }] });
    await plane.createPod("theirs", { schedulerName: "custom" });
    await plane.createPod("named", { nodeName: "elsewhere" });
    await plane.createPod("last");
    await untilPod("last", pod => pod?.spec.nodeName === "a");
    const nodeOf = async (name: string) =>
      (await plane.registry.get(kinds.pods, { namespace: "default", name })).object.spec.nodeName;
    assert.deepEqual(await Promise.all(["gated", "theirs", "named"].map(nodeOf)), [
      undefined,
      undefined,
      "elsewhere",
    ]);
  });

  it("namespace lifecycle: empties a Namespace, waits for its Pods to end, and lets it go", async () => {
    const name = "shop";
    await plane.registry.create(kinds.namespaces, { metadata: { name } });
    const spec = { containers: [{ name: "main", image: "agnhost" }] };
    const ref = { namespace: name, name: "web" };
    await plane.registry.create(kinds.pods, { metadata: ref, spec: { ...spec, nodeName: "elsewhere" } });
    await plane.registry.create(kinds.pods, { metadata: { ...ref, name: "unbound" }, spec });
    await plane.registry.delete(kinds.namespaces, { name });
    const marked = await plane.until(kinds.pods, ref, pod => pod?.metadata.deletionTimestamp !== undefined);
    await plane.until(kinds.pods, { ...ref, name: "unbound" }, pod => pod === undefined);
    const namespace = (await plane.registry.get(kinds.namespaces, { name })).object;
    assert.equal(namespace.status.phase, "Terminating");
    // The node has ended the Pod's containers.
    await plane.registry.delete(kinds.pods, ref, { gracePeriodSeconds: 0, uid: marked!.metadata.uid });
    await plane.until(kinds.namespaces, { name }, each => each === undefined);
    const { items } = await plane.registry.list(kinds.events, { namespace: name });
    assert.deepEqual(items, []);
  });

  it("pod gc: collects the Pods of a Node that stays away, and not of one that registers in time", async () => {
    await plane.createPod("early", { nodeName: "slow" });
    await plane.createPod("orphan", { nodeName: "gone" });
    // Seen by the controllers, which follow in the order of creation.
    await plane.createPod("after", {});
    await event("FailedScheduling");
    clock.advance(39_999);
    await addNode("slow");
    await plane.until(kinds.nodes, { name: "slow" }, node => node?.spec.podCIDRs !== undefined);
    clock.advance(1);
    await untilPod("orphan", pod => pod === undefined);
    assert.equal((await event("PodGarbageCollected")).message, 'Node "gone" does not exist');
    await plane.registry.get(kinds.pods, { namespace: "default", name: "early" });
  });
});
