/**
 * The contract of a watch (etcd, "Watch API guarantees"), over a long random history: writers that come and go,
 * compaction behind them, readers that keep up, that lag until history has moved on, that are cut and take the
 * watch up again, and restarts of the server. What readers saw is compared with what was acknowledged to writers.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigMap, kinds } from "@podwire/api";
import { openLmdbStore, openMemoryStore, type Store } from "@podwire/store";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { type ReaderSelection, type SeenEvent, WatchHistory } from "../testing/watch-history.ts";
import { type Passed, type Segment, WatchReader } from "../testing/watch-reader.ts";
import { openRegistry } from "./open.ts";
import type { Registry } from "./registry.ts";

const EVENTS = 100_000;
const LIVES = 4;
const WRITERS = 64;
const OBJECTS = 300;
const NAMESPACES = ["default", "kube-public"];
const TIERS = ["front", "back", undefined];
/** Less than a reader that lags falls behind. */
const BOUNDS = { maxRevisions: 3_000 };

const seed = testSeed();

class Course implements Passed {
  readonly #registry: Registry;
  readonly #waiting = new Set<{ revision: number; resolve: () => void }>();
  readonly #ends = new Set<() => void>();
  #ended = false;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  advanced(): void {
    for (const each of this.#waiting) {
      if (this.#registry.revision < each.revision && !this.#ended) continue;
      this.#waiting.delete(each);
      each.resolve();
    }
  }

  end(): void {
    this.#ended = true;
    this.advanced();
  }

  close(): void {
    this.end();
    for (const call of this.#ends) call();
  }

  past(revision: number): Promise<void> {
    if (this.#ended || this.#registry.revision >= revision) return Promise.resolve();
    return new Promise(resolve => this.#waiting.add({ revision, resolve }));
  }

  onEnd(call: () => void): () => void {
    this.#ends.add(call);
    return () => this.#ends.delete(call);
  }

  isClosed(): boolean {
    return this.#ended;
  }
}

/** Many writers change few objects until the history has so many changes. */
async function write(
  registry: Registry,
  course: Course,
  history: WatchHistory,
  upTo: number,
  random: Random,
) {
  const writer = async () => {
    while (history.length < upTo) {
      const ref = { namespace: NAMESPACES[random(NAMESPACES.length)]!, name: `c${random(OBJECTS)}` };
      const tier = TIERS[random(TIERS.length)];
      const labels: Record<string, string> = tier === undefined ? {} : { tier };
      const data = { n: `${history.length}-${random(2 ** 31)}` };
      const change = (copy: ConfigMap) => {
        copy.metadata.labels = labels;
        copy.data = data;
      };
      const turn = random(10);
      const work: Promise<unknown> =
        turn === 0
          ? registry.delete(kinds.configMaps, ref)
          : turn < 4
            ? registry.create(kinds.configMaps, { metadata: { ...ref, labels }, data })
            : registry.mutate(kinds.configMaps, ref, change);
      // Not there, already there, changed by another: part of the game.
      await work.catch(() => undefined);
      course.advanced();
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

type Random = (bound: number) => number;

interface Backend {
  readonly name: string;
  open(): Promise<Store>;
  /** The end of one life of the process, and its next one's store. */
  restart(store: Store): Promise<Store>;
}

function describeContract(make: () => Promise<Backend & { remove(): Promise<void> }>, name: string): void {
  describe(`watch contract on ${name}`, function () {
    this.timeout(300_000);
    const history = new WatchHistory();
    const readers = [
      new WatchReader({ name: "keeps up", selection: {} }),
      new WatchReader({ name: "one namespace", selection: { namespace: "default" } }),
      new WatchReader({ name: "one tier", selection: { tier: "front" } }),
      new WatchReader({ name: "cut often", selection: { tier: "back" }, cutAfter: 3 }),
      new WatchReader({ name: "cut at every batch", selection: {}, cutAfter: 1 }),
      new WatchReader({ name: "slow", selection: { namespace: "kube-public" }, lag: 1_500 }),
      new WatchReader({ name: "too slow", selection: {}, lag: 8_000 }),
    ];
    let restarts = 0;

    before(async () => {
      console.log(`      seed ${seed}`);
      const random = seededRandom(seed);
      const backend = await make();
      try {
        let store = await backend.open();
        for (let life = 1; life <= LIVES; life++) {
          const registry = await openRegistry(history.record(store));
          const course = new Course(registry);
          const isLast = life === LIVES;
          let end: number | undefined;
          const reading = readers.map(reader => reader.read(registry, () => end, course));
          await write(registry, course, history, (EVENTS / LIVES) * life, random);
          if (isLast) {
            // One more write for everybody, so that each of them comes to the end.
            for (const namespace of NAMESPACES) {
              for (const tier of ["front", "back"]) {
                const metadata = { namespace, name: `last-${tier}`, labels: { tier } };
                end = (await registry.create(kinds.configMaps, { metadata, data: { n: tier } })).revision;
              }
            }
          }
          if (isLast) course.end();
          else course.close();
          await Promise.all(reading);
          if (isLast) await store.close();
          else {
            store = await backend.restart(store);
            restarts++;
          }
        }
        history.settle();
      } finally {
        await backend.remove();
      }
    });

    const eachSegment = (
      check: (segment: Segment, seen: SeenEvent[], selection: ReaderSelection) => void,
    ) => {
      for (const { segments, options } of readers) {
        for (const segment of segments) check(segment, segment.batches.flat(), options.selection);
      }
    };

    it("had what it takes: events, compaction, cuts, restarts", () => {
      assert.ok(history.length >= EVENTS);
      assert.equal(restarts, LIVES - 1);
      const tooSlow = readers.find(({ options }) => options.name === "too slow")!;
      assert.ok(tooSlow.expired > 0, "nobody fell behind the retained history");
      const cut = readers.find(({ options }) => options.name === "cut at every batch")!;
      assert.ok(cut.segments.length > 20);
      const seen = readers.flatMap(({ segments }) => segments.flatMap(({ batches }) => batches.flat()));
      assert.ok(seen.length > EVENTS);
    });

    it("ordered: events come by revision", () => {
      eachSegment((_, seen) => {
        for (let at = 1; at < seen.length; at++) assert.ok(seen[at]!.revision >= seen[at - 1]!.revision);
      });
    });

    it("unique: an event never comes twice, not even over cuts and restarts", () => {
      for (const { segments, options } of readers) {
        const seen = segments.flatMap(({ batches }) => batches.flat());
        const ids = new Set(seen.map(({ revision, key }) => `${revision} ${key}`));
        assert.equal(ids.size, seen.length, options.name);
      }
    });

    it("atomic: a revision comes whole, in one batch", () => {
      eachSegment(({ batches }) => {
        for (let at = 1; at < batches.length; at++) {
          assert.notEqual(batches[at]![0]!.revision, batches[at - 1]!.at(-1)!.revision);
        }
      });
    });

    it("bookmarkable: what comes after a bookmark is of a later revision, and nothing before it is missing", () => {
      eachSegment(({ after, batches, bookmarks }, _, selection) => {
        let [given, from] = [0, after];
        for (const { batches: count, revision } of bookmarks) {
          const events = batches.slice(given, count).flat();
          assert.deepEqual(events, history.events(selection, from, revision));
          [given, from] = [count, revision];
        }
      });
    });

    it("reliable: between where a watch begins and where it is, nothing is missing", () => {
      eachSegment(({ after, upTo }, seen, selection) => {
        assert.deepEqual(seen, history.events(selection, after, upTo));
      });
      for (const { segments, lists, options } of readers) {
        // From watch to watch, and from list to watch: no gap that a list has not closed.
        const starts = new Set([
          ...lists.map(({ revision }) => revision),
          ...segments.map(({ upTo }) => upTo),
        ]);
        for (const { after } of segments) assert.ok(starts.has(after), options.name);
      }
    });

    it("resumable: a watch taken up at a revision goes on as if it had never ended; lists agree with it", () => {
      for (const { segments, lists, options } of readers) {
        const resumed = segments.filter(({ after }) => !lists.some(({ revision }) => revision === after));
        assert.ok(resumed.length >= LIVES - 1 || options.lag !== undefined, options.name);
        for (const { after, batches } of resumed) {
          const first = batches[0]?.[0];
          if (first === undefined) continue;
          assert.deepEqual(first, history.events(options.selection, after, first.revision)[0]);
        }
        for (const { revision, contents } of lists) {
          assert.deepEqual(contents, history.contents(options.selection, revision), options.name);
        }
      }
    });
  });
}

describeContract(async () => {
  return {
    name: "memory",
    open: async () => openMemoryStore(BOUNDS),
    // The store outlives the server that stood on it.
    restart: async store => store,
    remove: async () => {},
  };
}, "memory");

describeContract(async () => {
  const directory = await mkdtemp(join(tmpdir(), `podwire-watch-${process.pid}-`));
  return {
    name: "LMDB",
    open: () => openLmdbStore(directory, BOUNDS),
    restart: async store => {
      await store.close();
      return openLmdbStore(directory, BOUNDS);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}, "LMDB");
