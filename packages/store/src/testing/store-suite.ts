/** What every backend must do. Each backend's test runs this suite with its own way to open a store. */
import assert from "node:assert/strict";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import type { HistoryBounds } from "../log-store.ts";
import {
  type Change,
  CompactedError,
  ConflictError,
  FutureRevisionError,
  type Store,
  StoreClosedError,
  type Watcher,
} from "../store.ts";
import { Oracle } from "./oracle.ts";

export interface SuiteBackend {
  readonly name: string;
  open(bounds?: Partial<HistoryBounds>): Promise<Store>;
  /** Closes and opens the same store again; undefined when it cannot outlive itself. */
  readonly reopen: ((store: Store, bounds?: Partial<HistoryBounds>) => Promise<Store>) | undefined;
}

/** Everything up to the store's present revision. */
export async function drain(store: Store, watcher: Watcher): Promise<Change[]> {
  const changes: Change[] = [];
  while (watcher.position < store.revision) {
    const batch = await Promise.race([watcher.next(), turns(50)]);
    if (batch === undefined) break;
    changes.push(...batch);
  }
  watcher.close();
  return changes;
}

/** Gives others this many turns of the event loop. */
async function turns(count: number): Promise<undefined> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve));
  return undefined;
}

const summary = ({ type, key, revision }: Change) => `${revision} ${type} ${key}`;

/**
 * Writers increment one counter by compare-and-swap while a reader reads in every turn. A writer loses at most
 * once to each write of another, so a stale read shows as too many conflicts or as a lost increment.
 */
async function countTogether(store: Store): Promise<void> {
  const [writers, increments] = [4, 20];
  let counting = true;
  const reader = (async () => {
    while (counting) {
      await store.get("/counter");
      await turns(1);
    }
  })();
  let conflicts = 0;
  const write = async () => {
    for (let done = 0; done < increments; ) {
      const entry = await store.get("/counter");
      try {
        await store.put("/counter", String(Number(entry?.value ?? 0) + 1), entry?.revision ?? 0);
        done++;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        conflicts++;
        assert.ok(conflicts <= writers * writers * increments, "conflicts without end: reads are stale");
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  counting = false;
  await reader;
  assert.equal((await store.get("/counter"))?.value, String(writers * increments));
}

export function describeStore(backend: SuiteBackend): void {
  describe(`store on ${backend.name}`, () => {
    let store: Store;
    const open = async (bounds?: Partial<HistoryBounds>) => {
      store = await backend.open(bounds);
      return store;
    };
    afterEach(() => store.close());

    it("a writer that lost a race reads what won it", async () => {
      await open();
      await countTogether(store);
    });
    describeWrites(open);
    describeWatches(open);
    describeCompaction(open);
    it("agrees with the oracle over a random history", async () => {
      await open();
      store = await randomHistory(store, backend);
    }).timeout(60_000);
    it("stays within its bounds by itself, and all revisions within them can be watched", async () => {
      await open({ maxRevisions: 100 });
      await boundedHistory(store);
    });
  });
}

type Open = (bounds?: Partial<HistoryBounds>) => Promise<Store>;

function describeWrites(open: Open): void {
  it("creates, updates, deletes, each at a revision of its own", async () => {
    const store = await open();
    assert.equal(store.revision, 1);
    const created = await store.put("/a", "one", 0);
    assert.deepEqual(created, { key: "/a", value: "one", revision: 2, createRevision: 2 });
    const updated = await store.put("/a", "two", 2);
    assert.deepEqual(updated, { key: "/a", value: "two", revision: 3, createRevision: 2 });
    assert.deepEqual(await store.get("/a"), updated);
    assert.deepEqual(await store.get("/a", 2), created);
    assert.deepEqual(await store.delete("/a", 3), { revision: 4, removed: updated });
    assert.equal(await store.get("/a"), undefined);
    assert.deepEqual(await store.get("/a", 3), updated);
    assert.equal((await store.put("/a", "again", 0)).createRevision, 5);
    assert.equal(await store.get("/a", 4), undefined);
  });

  it("refuses a write whose expectation is stale, and says what is there", async () => {
    const store = await open();
    const first = await store.put("/a", "one", 0);
    const stale = (error: unknown) => error instanceof ConflictError && error.current?.revision === 2;
    await assert.rejects(store.put("/a", "x", 0), stale);
    await assert.rejects(store.put("/a", "x", 7), stale);
    await assert.rejects(store.delete("/a", 7), stale);
    await assert.rejects(store.put("/b", "x", 7), (error: ConflictError) => error.current === undefined);
    await assert.rejects(store.delete("/b", 0), ConflictError);
    assert.deepEqual(await store.get("/a"), first);
    assert.equal(store.revision, 2);
  });

  it("lets exactly one of many writers that race win", async () => {
    const store = await open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) => store.put("/a", String(at), 0)),
    );
    assert.equal(outcomes.filter(each => each.status === "fulfilled").length, 1);
    assert.equal(store.revision, 2);
  });

  it("ranges in order, in pieces, at one revision", async () => {
    const store = await open();
    for (const name of ["c", "a", "e", "b", "d"]) await store.put(`/p/${name}`, name, 0);
    await store.put("/q/x", "other", 0);
    const first = await store.range({ prefix: "/p/", limit: 2 });
    assert.deepEqual([first.entries.map(e => e.value), first.more, first.remaining], [["a", "b"], true, 3]);
    await store.delete("/p/c", (await store.get("/p/c"))!.revision);
    await store.put("/p/bb", "late", 0);
    const atRevision = first.revision;
    const rest = await store.range({ prefix: "/p/", after: "/p/b", atRevision });
    assert.deepEqual([rest.entries.map(e => e.value), rest.more], [["c", "d", "e"], false]);
    const now = await store.range({ prefix: "/p/", after: "/p/b" });
    assert.deepEqual(
      now.entries.map(e => e.value),
      ["late", "d", "e"],
    );
  });

  it("refuses revisions of the future, keys that are too long, and everything once closed", async () => {
    const store = await open();
    await assert.rejects(store.get("/a", 99), FutureRevisionError);
    await assert.rejects(store.range({ prefix: "/", atRevision: 99 }), FutureRevisionError);
    assert.throws(() => store.watch(["/"], 99), FutureRevisionError);
    await assert.rejects(store.put(`/${"k".repeat(5_000)}`, "x", 0), RangeError);
    await store.close();
    await assert.rejects(store.get("/a"), StoreClosedError);
    await assert.rejects(store.put("/a", "x", 0), StoreClosedError);
    store.close = async () => {};
  });
}

function describeWatches(open: Open): void {
  it("shows a watcher what happened and what happens, with what was there before", async () => {
    const store = await open();
    const first = await store.put("/a", "one", 0);
    const watcher = store.watch(["/a"], 1);
    const second = await store.put("/a", "two", first.revision);
    await store.put("/b", "other", 0);
    await store.delete("/a", second.revision);
    const changes = await drain(store, watcher);
    assert.deepEqual(changes, [
      { type: "put", key: "/a", revision: 2, entry: first, previous: undefined },
      { type: "put", key: "/a", revision: 3, entry: second, previous: first },
      { type: "delete", key: "/a", revision: 5, entry: undefined, previous: second },
    ]);
  });

  it("moves a waiting watcher past what does not concern it", async () => {
    const store = await open();
    const watcher = store.watch(["/a", "/c"], 1);
    const next = watcher.next();
    await store.put("/b", "x", 0);
    assert.equal(watcher.position, store.revision);
    await store.put("/c", "x", 0);
    await store.put("/b2", "x", 0);
    assert.deepEqual((await next)!.map(summary), ["3 put /c"]);
    watcher.close();
  });

  it("gives all watchers who keep up the same objects", async () => {
    const store = await open();
    const watchers = Array.from({ length: 20 }, () => store.watch(["/"], store.revision));
    const all = watchers.map(watcher => watcher.next());
    await store.put("/a", "x", 0);
    const [one, ...others] = await Promise.all(all);
    for (const other of others) assert.equal(other![0], one![0]);
    for (const watcher of watchers) watcher.close();
  });

  it("ends a waiting watcher when it, or the store, is closed", async () => {
    const store = await open();
    const [one, other] = [store.watch(["/"], 1), store.watch(["/"], 1)];
    const ends = [one.next(), other.next()];
    one.close();
    await store.close();
    assert.deepEqual(await Promise.all(ends), [undefined, undefined]);
    store.close = async () => {};
  });
}

function describeCompaction(open: Open): void {
  it("forgets history, keeps what is live, and cuts those who come too late", async () => {
    const store = await open();
    const a = await store.put("/a", "one", 0);
    const slow = store.watch(["/"], 1);
    const b = await store.put("/b", "keep", 0);
    const a2 = await store.put("/a", "two", a.revision);
    await store.delete("/a", a2.revision);
    await store.compact(4);
    assert.equal(store.compactedRevision, 4);
    assert.deepEqual(await store.get("/b"), b);
    assert.deepEqual(await store.get("/a", 4), a2);
    await assert.rejects(store.get("/a", 3), CompactedError);
    await assert.rejects(slow.next(), CompactedError);
    assert.throws(() => store.watch(["/"], 3), CompactedError);
    assert.deepEqual((await drain(store, store.watch(["/"], 4))).map(summary), ["5 delete /a"]);
    await store.compact(5);
    assert.equal((await store.range({ prefix: "/" })).entries.length, 1);
    assert.equal((await store.put("/a", "back", 0)).createRevision, 6);
    await assert.rejects(store.compact(99), FutureRevisionError);
  });
}

async function boundedHistory(store: Store): Promise<void> {
  let entry = await store.put("/a", "0", 0);
  for (let at = 1; at < 2_000; at++) entry = await store.put("/a", String(at), entry.revision);
  const kept = store.revision - store.compactedRevision;
  assert.ok(kept >= 100 && kept <= 700, `${kept} revisions are kept`);
  const changes = await drain(store, store.watch(["/"], store.compactedRevision));
  assert.deepEqual(
    changes.map(change => change.revision),
    Array.from({ length: kept }, (_, at) => store.compactedRevision + 1 + at),
  );
  assert.equal(changes[0]!.previous?.revision, changes[0]!.revision - 1);
}

const KEYS = 12;
const STEPS = 1_500;

/** Random writes, reads of the past, compactions and restarts; in the end a watch from every revision. */
async function randomHistory(opened: Store, backend: SuiteBackend): Promise<Store> {
  let store = opened;
  const seed = testSeed();
  const random = seededRandom(seed);
  const oracle = new Oracle();
  const at = `PODWIRE_SEED=${seed}`;
  const key = () => `/r/${"xy"[random(2)]}/${random(KEYS)}`;
  for (let step = 0; step < STEPS; step++) {
    const dice = random(100);
    if (dice < 75) await randomWrites(store, oracle, random, key, at);
    else if (dice < 97) await compareReads(store, oracle, random, at);
    else if (dice < 99)
      await store.compact(store.compactedRevision + random(oracle.revision - store.compactedRevision + 1));
    else if (backend.reopen) store = await backend.reopen(store);
    assert.equal(store.revision, oracle.revision, at);
  }
  await watchEveryRevision(store, oracle, at);
  return store;
}

async function randomWrites(
  store: Store,
  oracle: Oracle,
  random: (bound: number) => number,
  key: () => string,
  at: string,
): Promise<void> {
  // Several at once, so that they share a commit.
  const pending: Promise<void>[] = [];
  for (let count = 1 + random(4); count > 0; count--) {
    const name = key();
    const current = oracle.newest.get(name)?.revision ?? 0;
    const expected = random(8) === 0 ? current + 1 : current;
    const isDelete = current !== 0 && random(4) === 0;
    const value = `v${random(1_000)}`;
    const wanted = isDelete ? oracle.delete(name, expected) : oracle.put(name, value, expected);
    const outcome = isDelete
      ? store.delete(name, expected).then(each => each.removed)
      : store.put(name, value, expected);
    pending.push(
      outcome.then(
        got => assert.deepEqual(got, wanted, at),
        error => assert.ok(error instanceof ConflictError && wanted === undefined, `${at}: ${error}`),
      ),
    );
  }
  await Promise.all(pending);
}

async function compareReads(
  store: Store,
  oracle: Oracle,
  random: (bound: number) => number,
  at: string,
): Promise<void> {
  const oldest = Math.max(store.compactedRevision, 1);
  const revision = oldest + random(oracle.revision - oldest + 1);
  const after = random(2) === 0 ? "" : `/r/x/${random(KEYS)}`;
  const limit = 1 + random(KEYS * 2);
  const expected = oracle.range("/r/", after, revision);
  const got = await store.range({ prefix: "/r/", after, limit, atRevision: revision });
  assert.deepEqual(got.entries, expected.slice(0, limit), at);
  assert.equal(got.remaining, Math.max(0, expected.length - limit), at);
  for (const entry of expected.slice(0, 2)) assert.deepEqual(await store.get(entry.key, revision), entry, at);
}

/** Replaying what a watch from any retained revision shows must lead from that state to the newest. */
async function watchEveryRevision(store: Store, oracle: Oracle, at: string): Promise<void> {
  for (let from = Math.max(store.compactedRevision, 1); from <= oracle.revision; from++) {
    const state = new Map(oracle.at(from));
    let last = from;
    for (const change of await drain(store, store.watch(["/r/"], from))) {
      assert.equal(change.revision, last + 1, at);
      last = change.revision;
      assert.deepEqual(change.previous, state.get(change.key), at);
      if (change.entry === undefined) state.delete(change.key);
      else state.set(change.key, change.entry);
    }
    assert.deepEqual(state, new Map(oracle.newest), at);
  }
}
