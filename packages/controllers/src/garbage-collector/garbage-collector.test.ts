/** Garbage collection over a real registry, told as small stories; a random history against a slow, obvious twin. */
import assert from "node:assert/strict";
import { type ConfigMap, isReason, type KubernetesObject, kinds, type OwnerReference } from "@podwire/api";
import { openRegistry, type Registry } from "@podwire/apiserver";
import { openMemoryStore, type Store } from "@podwire/store";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { AllObjects } from "../all-objects.ts";
import { type Controller, systemClock } from "../context.ts";
import { registryApi } from "../registry-api.ts";
import { startGarbageCollector } from "./garbage-collector.ts";

describe("garbage collector", () => {
  let store: Store;
  let registry: Registry;
  let collector: Controller;

  async function startCollector(): Promise<Controller> {
    const api = registryApi(registry);
    const objects = new AllObjects(api, () => {});
    const running = startGarbageCollector({ api, clock: systemClock, log: () => {} }, objects);
    await objects.start();
    return {
      stop: () => {
        running.stop();
        objects.stop();
      },
    };
  }

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store);
    collector = await startCollector();
  });
  afterEach(async () => {
    collector.stop();
    await store.close();
  });

  async function make(name: string, owners: readonly OwnerReference[] = [], finalizers?: string[]) {
    const metadata = {
      namespace: "default",
      name,
      ownerReferences: [...owners],
      ...(finalizers && { finalizers }),
    };
    return (await registry.create(kinds.configMaps, { metadata })).object;
  }

  const owner = ({ metadata }: KubernetesObject, blocks = false): OwnerReference => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name: metadata.name,
    uid: metadata.uid,
    ...(blocks && { blockOwnerDeletion: true }),
  });

  async function remove(name: string, propagationPolicy: "Orphan" | "Background" | "Foreground") {
    await registry.delete(kinds.configMaps, { namespace: "default", name }, { propagationPolicy });
  }

  async function names(): Promise<string[]> {
    const { items } = await registry.list(kinds.configMaps);
    return items.map(({ object }) => object.metadata.name);
  }

  async function read(name: string): Promise<ConfigMap | undefined> {
    try {
      return (await registry.get(kinds.configMaps, { namespace: "default", name })).object;
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Resolves when the ConfigMaps are as wanted, now or after a later change. */
  async function until(wanted: () => Promise<boolean>): Promise<void> {
    const watch = registry.watch(kinds.configMaps, { afterRevision: registry.revision });
    try {
      while (!(await wanted())) await watch.next();
    } finally {
      watch.close();
    }
  }

  const untilLeft = (...wanted: string[]) => until(async () => (await names()).join() === wanted.join());

  it("background: the owner goes at once, what belongs to it after it, to the last", async () => {
    const root = await make("root");
    const child = await make("child", [owner(root)]);
    await make("grandchild", [owner(child)]);
    await make("other");
    await remove("root", "Background");
    assert.equal(await read("root"), undefined);
    await untilLeft("other");
  });

  it("foreground: the owner stays, marked, until those that block are gone", async () => {
    const root = await make("root");
    await make("blocks", [owner(root, true)], ["example.test/hold"]);
    await make("free", [owner(root)], ["example.test/hold"]);
    await remove("root", "Foreground");
    assert.deepEqual((await read("root"))?.metadata.finalizers, ["foregroundDeletion"]);
    await until(async () => (await read("blocks"))?.metadata.deletionTimestamp !== undefined);
    await until(async () => (await read("free"))?.metadata.deletionTimestamp !== undefined);
    assert.ok(await read("root"));
    await registry.mutate(kinds.configMaps, { namespace: "default", name: "blocks" }, copy => {
      copy.metadata.finalizers = undefined;
    });
    await untilLeft("free");
  });

  it("foreground: goes down a chain and comes up again", async () => {
    const root = await make("root");
    const child = await make("child", [owner(root, true)]);
    await make("leaf", [owner(child, true)], ["example.test/hold"]);
    await remove("root", "Foreground");
    await until(async () => (await read("leaf"))?.metadata.deletionTimestamp !== undefined);
    assert.deepEqual((await read("child"))?.metadata.finalizers, ["foregroundDeletion"]);
    assert.ok(await read("root"));
    await registry.mutate(kinds.configMaps, { namespace: "default", name: "leaf" }, copy => {
      copy.metadata.finalizers = undefined;
    });
    await untilLeft();
  });

  it("foreground: a circle ends", async () => {
    const first = await make("first");
    const second = await make("second", [owner(first, true)]);
    await registry.mutate(kinds.configMaps, { namespace: "default", name: "first" }, copy => {
      copy.metadata.ownerReferences = [owner(second, true)];
    });
    await remove("first", "Foreground");
    await untilLeft();
  });

  it("orphan: what belonged to it stays and forgets it", async () => {
    const root = await make("root");
    const other = await make("other");
    await make("child", [owner(root), owner(other)]);
    await remove("root", "Orphan");
    await untilLeft("child", "other");
    assert.deepEqual((await read("child"))?.metadata.ownerReferences, [owner(other)]);
  });

  it("an object of several owners goes with the last of them, and forgets those before", async () => {
    const [a, b] = [await make("a"), await make("b")];
    await make("child", [owner(a), owner(b)]);
    await remove("a", "Background");
    await until(async () => (await read("child"))?.metadata.ownerReferences?.length === 1);
    await remove("b", "Background");
    await untilLeft();
  });

  it("an owner that never was, or is another by that name, counts as gone", async () => {
    const root = await make("root");
    await make("stale", [{ ...owner(root), uid: "00000000-0000-0000-0000-000000000000" }]);
    await make("missing", [{ ...owner(root), name: "nobody" }]);
    await make("child", [owner(root)]);
    await untilLeft("child", "root");
  });

  it("an owner of a kind that is not served counts as there", async () => {
    const widget = { apiVersion: "example.test/v1", kind: "Widget", name: "w", uid: "w" };
    await make("kept", [widget]);
    const root = await make("root");
    await make("child", [owner(root)]);
    await remove("root", "Background");
    await untilLeft("kept");
  });

  it("takes up what was left undone before it started", async () => {
    collector.stop();
    const root = await make("root");
    await make("child", [owner(root)]);
    const kept = await make("kept");
    await make("grandchild", [owner(kept)]);
    await remove("root", "Background");
    await remove("kept", "Orphan");
    collector = await startCollector();
    await untilLeft("grandchild");
  });

  it("what is left agrees with a twin that recomputes everything, over random ownership", async function () {
    this.timeout(60_000);
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const size = 8;
    const history = fc.record({
      owners: fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), {
        minLength: size,
        maxLength: size,
      }),
      doomed: fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 3 }),
      policy: fc.constantFrom("Background" as const, "Foreground" as const),
      blocks: fc.boolean(),
    });
    let round = 0;
    const run = async ({
      owners,
      doomed,
      policy,
      blocks,
    }: typeof history extends fc.Arbitrary<infer T> ? T : never) => {
      const prefix = `r${round++}-`;
      // An object belongs only to earlier ones.
      const edges = owners.map((list, at) => list.filter(each => each < at));
      const made: ConfigMap[] = [];
      for (const [at, list] of edges.entries()) {
        made.push(
          await make(
            `${prefix}${at}`,
            list.map(each => owner(made[each]!, blocks)),
          ),
        );
      }
      await Promise.all(doomed.map(at => remove(`${prefix}${at}`, policy).catch(() => undefined)));
      const gone = new Set(doomed);
      for (const [at, list] of edges.entries()) {
        if (list.length > 0 && list.every(each => gone.has(each))) gone.add(at);
      }
      const left = edges.map((_, at) => `${prefix}${at}`).filter((_, at) => !gone.has(at));
      await until(async () => (await names()).filter(each => each.startsWith(prefix)).join() === left.join());
    };
    await fc.assert(fc.asyncProperty(history, run), { seed, numRuns: 60 });
  });
});
