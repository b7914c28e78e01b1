/** The registry's rules: what the server assigns, conflicts, deletion in all of its ways, lists and watches. */
import assert from "node:assert/strict";
import { ApiError, kinds, type NewObject, type Pod, parseLabelSelector } from "@podwire/api";
import { openMemoryStore, type Store, StoreFullError } from "@podwire/store";
import { type TestSurroundings, testSurroundings } from "../testing/surroundings.ts";
import { openRegistry } from "./open.ts";
import type { Registry, WatchEvent } from "./registry.ts";

function newPod(name: string, parts: { metadata?: object; spec?: object } = {}): NewObject<Pod> {
  const spec = { containers: [{ name: "app", image: "nginx:1" }], ...parts.spec };
  return { metadata: { name, namespace: "default", ...parts.metadata }, spec } as NewObject<Pod>;
}

const refused = (code: number, message?: RegExp | string) => (error: unknown) => {
  assert.ok(error instanceof ApiError, `${error}`);
  assert.equal(error.code, code, error.message);
  if (typeof message === "string") assert.equal(error.message, message);
  else if (message) assert.match(error.message, message);
  return true;
};

describe("registry", () => {
  let store: Store;
  let registry: Registry;
  let surroundings: TestSurroundings;
  const web = { namespace: "default", name: "web" };
  beforeEach(async () => {
    store = openMemoryStore();
    surroundings = testSurroundings();
    registry = await openRegistry(store, surroundings);
  });
  afterEach(() => store.close());

  it("has the namespaces that every cluster has, each once", async () => {
    await openRegistry(store);
    const { items } = await registry.list(kinds.namespaces);
    assert.deepEqual(
      items.map(({ object }) => [object.metadata.name, object.status.phase, object.spec.finalizers]),
      ["default", "kube-node-lease", "kube-public", "kube-system"].map(name => [
        name,
        "Active",
        ["kubernetes"],
      ]),
    );
  });

  it("assigns what the server assigns, whatever the client says", async () => {
    const liar = {
      uid: "mine",
      creationTimestamp: "1999-01-01T00:00:00Z",
      generation: 7,
      deletionTimestamp: "x",
    };
    const { object, revision } = await registry.create(kinds.pods, newPod("web", { metadata: liar }));
    const { uid, creationTimestamp, generation, deletionTimestamp, resourceVersion } = object.metadata;
    assert.match(uid, /^00000000-/);
    assert.deepEqual(
      [creationTimestamp, generation, deletionTimestamp],
      ["2025-01-01T00:00:00Z", 1, undefined],
    );
    assert.equal(resourceVersion, String(revision));
    assert.equal(object.status.phase, "Pending");
    assert.deepEqual((await registry.get(kinds.pods, web)).object, object);
    await assert.rejects(
      registry.create(kinds.pods, newPod("web")),
      refused(409, 'pods "web" already exists'),
    );
    await assert.rejects(
      registry.create(kinds.pods, newPod("b", { metadata: { resourceVersion: "1" } })),
      refused(400),
    );
  });

  it("generates names that are free", async () => {
    const metadata = { name: "", generateName: "web-" };
    const names = new Set<string>();
    for (let count = 0; count < 20; count++) {
      const { object } = await registry.create(kinds.pods, newPod("", { metadata }));
      assert.match(object.metadata.name, /^web-[a-z0-9]{5}$/);
      names.add(object.metadata.name);
    }
    assert.equal(names.size, 20);
  });

  it("needs a namespace that is there and stays", async () => {
    const inTeam = newPod("web", { metadata: { namespace: "team" } });
    await assert.rejects(registry.create(kinds.pods, inTeam), refused(404, 'namespaces "team" not found'));
    await registry.create(kinds.namespaces, { metadata: { name: "team" } });
    await registry.create(kinds.pods, inTeam);
    await registry.delete(kinds.namespaces, { name: "team" });
    const late = newPod("late", { metadata: { namespace: "team" } });
    await assert.rejects(
      registry.create(kinds.pods, late),
      refused(
        403,
        'pods "late" is forbidden: unable to create new content in namespace team because it is being terminated',
      ),
    );
  });

  it("updates by compare-and-swap, counts spec changes, writes nothing when nothing changed", async () => {
    const first = await registry.create(kinds.pods, newPod("web"));
    const change = structuredClone(first.object);
    change.spec.containers[0]!.image = "nginx:2";
    change.status.phase = "Running";
    const second = await registry.update(kinds.pods, change);
    assert.deepEqual([second.object.metadata.generation, second.object.status.phase], [2, "Pending"]);
    await assert.rejects(
      registry.update(kinds.pods, change),
      refused(
        409,
        'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
      ),
    );
    const same = await registry.update(kinds.pods, second.object);
    assert.equal(same.revision, second.revision);
    const other = { ...second.object, metadata: { ...second.object.metadata, uid: "another" } };
    await assert.rejects(registry.update(kinds.pods, other), refused(409, /Precondition failed: UID/));
    await assert.rejects(
      registry.update(kinds.pods, { ...change, metadata: { ...change.metadata, name: "b" } }),
      refused(404),
    );
  });

  it("keeps status and spec apart", async () => {
    const { object } = await registry.create(kinds.pods, newPod("web"));
    const next = structuredClone(object);
    next.status = { phase: "Running" };
    next.spec.nodeName = "sneaked-in";
    next.metadata.labels = { a: "b" };
    const stored = await registry.update(kinds.pods, next, { subresource: "status" });
    const { status, spec, metadata } = stored.object;
    assert.deepEqual(
      [status, spec.nodeName, metadata.labels, metadata.generation],
      // Labels come along, as upstream: only the spec is another's.
      [{ phase: "Running" }, undefined, { a: "b" }, 1],
    );
  });

  it("lets many writers change one object without losing a change", async () => {
    await registry.create(kinds.pods, newPod("web"));
    const writers = Array.from({ length: 15 }, (_, at) =>
      registry.mutate(kinds.pods, web, copy => {
        copy.metadata.labels = { ...copy.metadata.labels, [`w${at}`]: "x" };
      }),
    );
    await Promise.all(writers);
    const { object } = await registry.get(kinds.pods, web);
    assert.equal(Object.keys(object.metadata.labels!).length, 15);
  });

  it("removes a Pod without a node at once", async () => {
    await registry.create(kinds.pods, newPod("web"));
    assert.equal((await registry.delete(kinds.pods, web)).outcome, "gone");
    await assert.rejects(registry.get(kinds.pods, web), refused(404, 'pods "web" not found'));
    await assert.rejects(registry.delete(kinds.pods, web), refused(404));
  });

  it("marks a Pod on a node, for its grace period, until the node says that it is gone", async () => {
    await registry.create(kinds.pods, newPod("web"));
    await registry.bind(web, "node-1");
    const marked = await registry.delete(kinds.pods, web);
    assert.equal(marked.outcome, "marked");
    const { deletionTimestamp, deletionGracePeriodSeconds, generation } = marked.object.metadata;
    assert.deepEqual(
      [deletionTimestamp, deletionGracePeriodSeconds, generation],
      ["2025-01-01T00:00:30Z", 30, 3],
    );
    surroundings.advance(5_000);
    const again = await registry.delete(kinds.pods, web);
    assert.equal(again.object.metadata.deletionTimestamp, deletionTimestamp);
    const shorter = await registry.delete(kinds.pods, web, { gracePeriodSeconds: 10 });
    assert.equal(shorter.object.metadata.deletionTimestamp, "2025-01-01T00:00:10Z");
    const uid = "another";
    await assert.rejects(
      registry.delete(kinds.pods, web, { gracePeriodSeconds: 0, uid }),
      refused(409, /Precondition failed/),
    );
    assert.equal((await registry.delete(kinds.pods, web, { gracePeriodSeconds: 0 })).outcome, "gone");
  });

  it("keeps an object until its last finalizer is taken off", async () => {
    const finalizers = ["a.b/one", "a.b/two"];
    await registry.create(kinds.pods, newPod("web", { metadata: { finalizers } }));
    assert.equal((await registry.delete(kinds.pods, web)).outcome, "marked");
    const drop = (count: number) =>
      registry.mutate(kinds.pods, web, copy => {
        copy.metadata.finalizers = finalizers.slice(count);
      });
    await drop(1);
    await registry.get(kinds.pods, web);
    await drop(2);
    await assert.rejects(registry.get(kinds.pods, web), refused(404));
  });

  it("ends a Namespace when its finalizer is taken off, and keeps the system's", async () => {
    const team = { name: "team" };
    await registry.create(kinds.namespaces, { metadata: team });
    assert.equal((await registry.delete(kinds.namespaces, team)).object.status.phase, "Terminating");
    assert.equal((await registry.delete(kinds.namespaces, team)).outcome, "marked");
    await registry.mutate(
      kinds.namespaces,
      team,
      copy => {
        copy.spec.finalizers = [];
      },
      { subresource: "finalize" },
    );
    await assert.rejects(registry.get(kinds.namespaces, team), refused(404));
    await assert.rejects(
      registry.delete(kinds.namespaces, { name: "default" }),
      refused(403, 'namespaces "default" is forbidden: this namespace may not be deleted'),
    );
  });

  it("binds a Pod once", async () => {
    await registry.create(kinds.pods, newPod("web"));
    await registry.bind(web, "node-1");
    const { object } = await registry.get(kinds.pods, web);
    assert.equal(object.spec.nodeName, "node-1");
    assert.deepEqual(
      object.status.conditions?.map(each => [each.type, each.status]),
      [["PodScheduled", "True"]],
    );
    await assert.rejects(
      registry.bind(web, "node-2"),
      refused(
        409,
        'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "node-1"',
      ),
    );
  });

  it("answers a dry run as if, and stores nothing", async () => {
    const dryRun = true;
    const { revision } = registry;
    assert.equal(
      (await registry.create(kinds.pods, newPod("web"), { dryRun })).object.spec.restartPolicy,
      "Always",
    );
    await registry.create(kinds.pods, newPod("kept"));
    await assert.rejects(registry.create(kinds.pods, newPod("kept"), { dryRun }), refused(409));
    const kept = { namespace: "default", name: "kept" };
    const label = (copy: Pod) => {
      copy.metadata.labels = { a: "b" };
    };
    assert.deepEqual((await registry.mutate(kinds.pods, kept, label, { dryRun })).object.metadata.labels, {
      a: "b",
    });
    assert.equal((await registry.delete(kinds.pods, kept, { dryRun })).outcome, "gone");
    assert.equal(registry.revision, revision + 1);
  });

  it("lists in pages at one revision, and with selectors", async () => {
    for (let at = 0; at < 25; at++) {
      await registry.create(
        kinds.pods,
        newPod(`p${String(at).padStart(2, "0")}`, { metadata: { labels: { odd: String(at % 2) } } }),
      );
    }
    const labels = parseLabelSelector("odd=1");
    for (const selectors of [{}, { labels }]) {
      const names: string[] = [];
      let continueToken: string | undefined;
      do {
        const page = await registry.list(kinds.pods, { ...selectors, limit: 7, continueToken });
        names.push(...page.items.map(each => each.object.metadata.name));
        continueToken = page.continueToken;
        await registry.create(
          kinds.pods,
          newPod(`z-${names.length}-${selectors.labels ? "s" : "n"}`, { metadata: { labels: { odd: "1" } } }),
        );
      } while (continueToken);
      const all = (await registry.list(kinds.pods, selectors)).items.map(each => each.object.metadata.name);
      assert.deepEqual(
        names,
        all.filter(name => name.startsWith("p") || (selectors.labels && name.endsWith("-n"))),
      );
    }
    await assert.rejects(
      registry.list(kinds.pods, { continueToken: "x" }),
      refused(400, /continue key is not valid/),
    );
    const { continueToken } = await registry.list(kinds.pods, { limit: 1 });
    await registry.create(kinds.pods, newPod("last"));
    await store.compact(store.revision);
    await assert.rejects(
      registry.list(kinds.pods, { continueToken }),
      refused(410, /continue parameter is too old/),
    );
  });

  it("watches a selection: what begins to match is added, what ceases is deleted", async () => {
    const labels = parseLabelSelector("app=web");
    const watch = registry.watch(kinds.pods, {
      namespace: "default",
      labels,
      afterRevision: registry.revision,
    });
    const label = (app: string) =>
      registry.mutate(kinds.pods, web, copy => {
        copy.metadata.labels = { app };
      });
    await registry.create(kinds.pods, newPod("web"));
    await label("web");
    await registry.bind(web, "node-1");
    await label("db");
    await label("web");
    await registry.delete(kinds.pods, web, { gracePeriodSeconds: 0 });
    const events: WatchEvent<Pod>[] = [];
    while (watch.position < registry.revision) events.push(...(await watch.next())!);
    assert.deepEqual(
      events.map(({ type, stored }) => [type, stored.object.metadata.labels!.app]),
      [
        ["ADDED", "web"],
        ["MODIFIED", "web"],
        ["DELETED", "web"],
        ["ADDED", "web"],
        ["DELETED", "web"],
      ],
    );
    for (const { revision, stored } of events)
      assert.equal(stored.object.metadata.resourceVersion, String(revision));
    watch.close();
    assert.equal(await watch.next(), undefined);
  });

  it("parses and encodes an object once for all of its watchers", async () => {
    const watches = Array.from({ length: 10 }, () =>
      registry.watch(kinds.pods, { afterRevision: registry.revision }),
    );
    const all = Promise.all(watches.map(watch => watch.next()));
    await registry.create(kinds.pods, newPod("web"));
    const [first, ...others] = (await all).map(events => events![0]!.stored);
    for (const stored of others) {
      assert.equal(stored.json, first!.json);
      assert.equal(stored.object, first!.object);
    }
    assert.deepEqual(JSON.parse(Buffer.from(first!.json).toString()), first!.object);
    for (const watch of watches) watch.close();
  });

  it("says what the store's failures mean", async () => {
    await store.put("/x", "1", 0);
    await store.compact(store.revision);
    assert.throws(
      () => registry.watch(kinds.pods, { afterRevision: 2 }),
      refused(410, /^too old resource version: 2/),
    );
    assert.throws(
      () => registry.watch(kinds.pods, { afterRevision: 999 }),
      refused(504, "Too large resource version: 999, current: 6"),
    );
    store.put = async () => {
      throw new StoreFullError("the store in /x cannot grow: free space");
    };
    await assert.rejects(registry.create(kinds.pods, newPod("web")), refused(507, /free space/));
  });
});
