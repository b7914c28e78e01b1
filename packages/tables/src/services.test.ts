/** The table of Services against its slow, obvious twin: a list of rows, searched from end to end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cidr, contains, maskWord, parseAddress, type Words } from "./address.ts";
import { limits } from "./limits.ts";
import {
  type Backend,
  buildServiceShard,
  buildServiceShards,
  type ServiceRow,
  ServiceTable,
} from "./services.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));

function backendsFound(table: ServiceTable, areOutside: boolean): Backend[] {
  table.forClients(areOutside);
  return Array.from({ length: table.accepting }, (_, index) => {
    const at = table.backendAt(index);
    return {
      words: [...table.words.subarray(at, at + 4)] as unknown as Words,
      port: table.backendPort(at),
    };
  });
}

/** Few addresses and ports, so that rows share shards and slots. */
const words: fc.Arbitrary<Words> = fc
  .tuple(
    fc.constantFrom(0, 1),
    fc.constantFrom(0, -1),
    fc.constantFrom(0, 0xffff),
    fc.integer({ min: 1, max: 6 }),
  )
  .map(([a, b, c, d]) => [a, b, c, d]);
const backend = fc.record({ words, port: fc.integer({ min: 1, max: 65_535 }) }, { noNullPrototype: true });
const backends = fc.uniqueArray(backend, { maxLength: 5, selector: each => `${each.words} ${each.port}` });
const key = fc.record({
  words,
  protocol: fc.constantFrom(6, 17, 132),
  port: fc.constantFrom(1, 80, 443, 65_535),
});
const range = fc.tuple(words, fc.constantFrom(0, 32, 64, 96, 125, 128)).map(
  ([each, bits]): Cidr => ({
    bits,
    words: each.map((word, index) => word & maskWord(bits, index)) as unknown as Words,
  }),
);
const row: fc.Arbitrary<ServiceRow> = fc
  .record({
    place: key,
    backends,
    accepting: fc.nat(5),
    outside: fc.option(backends, { nil: undefined }),
    servedElsewhere: fc.boolean(),
    outsideServedElsewhere: fc.boolean(),
    keepsSource: fc.boolean(),
    sourceRanges: fc.array(range, { maxLength: 2 }),
    owner: fc.integer({ min: 1, max: 4 }),
    affinityMs: fc.constantFrom(0, 10_800_000),
  })
  .map(({ place, outside, ...rest }) => ({
    ...place,
    ...rest,
    ...(outside && { outside }),
    accepting: Math.min(rest.accepting, rest.backends.length),
  }));
const textOf = (each: { words: Words; protocol: number; port: number }) =>
  `${each.words} ${each.protocol} ${each.port}`;
const rows = fc.uniqueArray(row, { maxLength: 40, selector: textOf });

/** Whether the table says of the row's key what the row says; `stranger` is nobody's backend but by chance. */
function checkRow(table: ServiceTable, expected: ServiceRow, stranger: Backend): void {
  const { words, protocol, port, backends, accepting, outside, sourceRanges = [] } = expected;
  assert.equal(table.find(...words, protocol, port), true);
  assert.equal(table.total, backends.length);
  assert.deepEqual(
    [table.keepsSource, table.owner, table.affinityMs],
    [expected.keepsSource, expected.owner, expected.affinityMs],
  );
  const isAdmitted = sourceRanges.length === 0 || sourceRanges.some(each => contains(each, stranger.words));
  assert.equal(table.admits(...stranger.words), isAdmitted);
  const ofInside = backends.slice(0, accepting);
  for (const [areOutside, list, elsewhere] of [
    [false, ofInside, expected.servedElsewhere],
    [true, outside ?? ofInside, outside ? expected.outsideServedElsewhere : expected.servedElsewhere],
  ] as const) {
    assert.deepEqual(backendsFound(table, areOutside), list);
    assert.equal(table.isServedElsewhere, elsewhere);
    for (const each of [...backends, ...(outside ?? []), stranger]) {
      const same = (other: Backend) => other.port === each.port && other.words.join() === each.words.join();
      assert.equal(table.accepts(...each.words, each.port), list.findIndex(same));
      assert.equal(table.knows(...each.words, each.port), backends.some(same));
      const at = list.findIndex(other => other.words.join() === each.words.join());
      assert.equal(table.acceptsAddress(...each.words), at);
    }
  }
}

describe(`ServiceTable (PODWIRE_SEED=${seed})`, () => {
  it("finds what the slow twin finds", () => {
    const property = fc.property(rows, fc.array(key), backend, (all, asked, stranger) => {
      const table = new ServiceTable(buildServiceShards(all));
      for (const each of all) checkRow(table, each, stranger);
      for (const { words, protocol, port } of asked) {
        const isKnown = all.some(each => textOf(each) === textOf({ words, protocol, port }));
        assert.equal(table.find(...words, protocol, port), isKnown);
        assert.equal(
          table.hasAddress(...words),
          all.some(each => each.words.join() === words.join()),
        );
      }
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  it("builds a shard from the one before it, for the owners that changed", () => {
    const change = fc.tuple(fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 }), rows);
    const property = fc.property(fc.array(change, { maxLength: 6 }), backend, (changes, stranger) => {
      let shard: SharedArrayBuffer | undefined;
      let twin: ServiceRow[] = [];
      for (const [owners, all] of changes) {
        const renewed = new Set(owners);
        const mine = all.filter(({ owner }) => renewed.has(owner!));
        const built = buildServiceShard(shard, renewed, mine);
        shard = built.shard;
        const before = twin;
        twin = twin.filter(({ owner }) => !renewed.has(owner!));
        const had = (each: ServiceRow) =>
          before.some(other => textOf(other) === textOf(each) && other.owner === each.owner);
        const refused: string[] = [];
        for (const each of [...mine.filter(had), ...mine.filter(other => !had(other))]) {
          if (twin.some(other => textOf(other) === textOf(each))) refused.push(textOf(each));
          else twin.push(each);
        }
        assert.deepEqual(built.refused.map(each => textOf(each.row)).sort(), refused.sort());
        const freed = before.filter(each => !twin.some(other => textOf(other) === textOf(each)));
        assert.deepEqual(built.freed.map(textOf).sort(), freed.map(textOf).sort());
        // All shards are this one: which of them a key belongs to does not matter here.
        const table = new ServiceTable(
          new Map(Array.from({ length: limits.serviceShards }, (_, index) => [index, shard])),
        );
        for (const each of twin) checkRow(table, each, stranger);
      }
    });
    fc.assert(property, { seed, numRuns: 300 });
  });

  it("spreads 10,000 Services of five endpoints evenly, in a few megabytes", () => {
    const backends = Array.from({ length: 5 }, (_, index) => ({
      words: parseAddress(`10.244.0.${index}`)!,
      port: 80,
    }));
    const all = Array.from({ length: 10_000 }, (_, index) => ({
      words: parseAddress(`10.96.${index >> 8}.${index & 255}`)!,
      protocol: 6,
      port: 80,
      backends,
      accepting: 5,
    }));
    const sizes = [...buildServiceShards(all).values()].map(shard => shard?.byteLength ?? 0);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.equal(sizes.length, limits.serviceShards);
    assert.ok(Math.min(...sizes) > 0 && Math.max(...sizes) < (4 * bytes) / sizes.length, sizes.join(" "));
    assert.ok(bytes < 6_000_000, `${bytes} bytes`);
  });

  it("has nothing before the first Service", () => {
    assert.equal(new ServiceTable().hasAddress(0, 0, 0xffff, 1), false);
  });
});
