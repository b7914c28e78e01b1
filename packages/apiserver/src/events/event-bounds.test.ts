/** Events stay bounded: by age and by number. */
import assert from "node:assert/strict";
import { formatTime, kinds } from "@podwire/api";
import { openMemoryStore } from "@podwire/store";
import { openRegistry } from "../registry/open.ts";
import type { Registry } from "../registry/registry.ts";
import { EventBounds } from "./event-bounds.ts";

const START = Date.parse("2025-01-01T00:00:00Z");

describe("bounds of Events", () => {
  let registry: Registry;
  let bounds: EventBounds | undefined;
  beforeEach(async () => {
    registry = await openRegistry(openMemoryStore());
  });
  afterEach(() => bounds?.stop());

  const add = (name: string, seconds: number, namespace = "default") => {
    const lastTimestamp = formatTime(START + seconds * 1_000);
    const involvedObject = { kind: "Pod", namespace, name: "web" };
    return registry.create(kinds.events, { metadata: { namespace, name }, involvedObject, lastTimestamp });
  };
  const names = async () => (await registry.list(kinds.events)).items.map(each => each.object.metadata.name);
  const start = async (nowMs: () => number, parts: { maxPerNamespace?: number; ttlMs?: number } = {}) => {
    bounds = new EventBounds({ registry, log: assert.fail, nowMs, ...parts });
    await bounds.start();
  };
  /** Until the Events are these. */
  const become = async (expected: readonly string[]) => {
    const watch = registry.watch(kinds.events, { afterRevision: registry.revision });
    while ((await names()).join() !== expected.join()) await watch.next();
    watch.close();
  };

  it("removes what is too old when it starts", async () => {
    await add("old", 0);
    await add("new", 3_000);
    await start(() => START + 3_700_000);
    assert.deepEqual(await names(), ["new"]);
  });

  it("removes what was seen longest ago when there are too many, a namespace each", async () => {
    await start(() => START, { maxPerNamespace: 2 });
    await add("a", 1);
    await add("b", 2);
    await add("c", 3, "kube-system");
    await registry.mutate(kinds.events, { namespace: "default", name: "a" }, copy => {
      copy.lastTimestamp = formatTime(START + 5_000);
    });
    await add("d", 6);
    await become(["a", "d", "c"]);
  });

  it("removes each when its time has come", async () => {
    const base = Date.now();
    await start(() => START + Date.now() - base, { ttlMs: 50 });
    await add("short", 0);
    await become([]);
  });
});
