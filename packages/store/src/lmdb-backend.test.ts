/** What only a store on disk can do: outlive a kill, a restart and a full disk. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLmdbStore } from "./open.ts";
import { CompactedError, StoreFullError } from "./store.ts";
import { drain } from "./testing/store-suite.ts";

const CRASH_WRITER = fileURLToPath(new URL("./testing/crash-writer.js", import.meta.url));

describe("store on disk", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), `podwire-lmdb-${process.pid}-`));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("loses no acknowledged write to kill -9, however often", async () => {
    const acknowledged = new Map<string, { revision: number; value: string }>();
    for (const lines of [1, 40, 400, 1_500]) {
      for (const line of await writeAndKill(directory, lines)) {
        const [key = "", revision = "", value = ""] = line.split(" ");
        acknowledged.set(key, { revision: Number(revision), value });
      }
      const store = await openLmdbStore(directory);
      for (const [key, { revision, value }] of acknowledged) {
        const entry = await store.get(key);
        // A later write may have been committed without its acknowledgement having got out.
        assert.ok(entry!.revision >= revision, `${key}: ${entry?.revision} is before ${revision}`);
        if (entry!.revision === revision) assert.equal(entry!.value, value);
      }
      const changes = await drain(store, store.watch(["/"], store.compactedRevision));
      const revisions = changes.map(change => change.revision);
      assert.deepEqual(
        revisions,
        revisions.map((_, at) => store.revision - revisions.length + 1 + at),
      );
      await store.close();
    }
  }).timeout(60_000);

  it("goes on watching across a restart, within the retained history", async () => {
    let store = await openLmdbStore(directory);
    let entry = await store.put("/a", "0", 0);
    for (let at = 1; at < 100; at++) entry = await store.put("/a", String(at), entry.revision);
    await store.compact(50);
    const { history } = store;
    await store.close();
    store = await openLmdbStore(directory);
    assert.equal(store.history, history);
    const changes = await drain(store, store.watch(["/"], 60));
    assert.deepEqual(
      changes.map(change => [change.revision, change.entry?.value]),
      Array.from({ length: 41 }, (_, at) => [61 + at, String(59 + at)]),
    );
    assert.throws(() => store.watch(["/"], 49), CompactedError);
    await store.close();
  });

  it("refuses writes on a full disk with the way out, goes on reading, and recovers", async function () {
    const isMounted = mountSmall(directory);
    if (!isMounted) return this.skip();
    const store = await openLmdbStore(directory);
    try {
      const filler = "f".repeat(100_000);
      let stored = 0;
      const full = await (async () => {
        for (; stored < 200; stored++) await store.put(`/f/${stored}`, filler, 0);
      })().catch((error: unknown) => error);
      assert.ok(full instanceof StoreFullError, `${full}`);
      assert.match(full.message, /free space/);
      assert.equal((await store.get(`/f/${stored - 1}`))?.value, filler);
      assert.equal(await store.get(`/f/${stored}`), undefined);
      execFileSync("mount", ["-o", "remount,size=64m", directory]);
      await store.put("/after", "room again", 0);
      assert.equal((await store.get("/after"))?.value, "room again");
      assert.equal((await store.range({ prefix: "/f/" })).entries.length, stored);
    } finally {
      await store.close();
      execFileSync("umount", [directory]);
    }
  });
});

/** Runs the writer until it has acknowledged so many writes, kills it, and returns all it said. */
async function writeAndKill(directory: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [CRASH_WRITER, directory], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", chunk => {
    text += chunk;
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  });
  await once(child, "close");
  // The last line may have been cut.
  return text.split("\n").slice(0, -1);
}

/** A small file system to fill; false where mounting is not allowed. */
function mountSmall(directory: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", directory], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
