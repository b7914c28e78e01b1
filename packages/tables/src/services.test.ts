/** The table of Services against its slow, obvious twin: a list of rows, searched from end to end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress, type Words } from "./address.ts";
import { limits } from "./limits.ts";
import { type Backend, buildServiceShards, type ServiceRow, ServiceTable } from "./services.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));

function backendsFound(table: ServiceTable): Backend[] {
  return Array.from({ length: table.total }, (_, index) => {
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
    fc.integer({ min: 0, max: 6 }),
  )
  .map(([a, b, c, d]) => [a, b, c, d]);
const backend = fc.record({ words, port: fc.integer({ min: 1, max: 65_535 }) }, { noNullPrototype: true });
const key = fc.record({
  words,
  protocol: fc.constantFrom(6, 17, 132),
  port: fc.constantFrom(1, 80, 443, 65_535),
});
const row: fc.Arbitrary<ServiceRow> = fc
  .tuple(
    key,
    fc.uniqueArray(backend, { maxLength: 5, selector: each => `${each.words} ${each.port}` }),
    fc.nat(5),
  )
  .map(([place, backends, accepting]) => ({
    ...place,
    backends,
    accepting: Math.min(accepting, backends.length),
  }));
const rows = fc.uniqueArray(row, {
  maxLength: 40,
  selector: each => `${each.words} ${each.protocol} ${each.port}`,
});

describe(`ServiceTable (PODWIRE_SEED=${seed})`, () => {
  it("finds what the slow twin finds", () => {
    const property = fc.property(rows, fc.array(key), backend, (all, asked, stranger) => {
      const table = new ServiceTable(buildServiceShards(all));
      for (const { words, protocol, port } of [...all, ...asked]) {
        const expected = all.find(
          each => each.protocol === protocol && each.port === port && each.words.join() === words.join(),
        );
        assert.equal(table.find(...words, protocol, port), expected !== undefined);
        if (expected !== undefined) {
          assert.equal(table.accepting, expected.accepting);
          assert.deepEqual(backendsFound(table), expected.backends);
          for (const each of [...expected.backends, stranger]) {
            const index = expected.backends.findIndex(
              other => other.port === each.port && other.words.join() === each.words.join(),
            );
            assert.equal(table.indexOf(...each.words, each.port), index);
          }
        }
        const isKnown = all.some(each => each.words.join() === words.join());
        assert.equal(table.hasAddress(...words), isKnown);
      }
    });
    fc.assert(property, { seed, numRuns: 500 });
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
    const sizes = buildServiceShards(all).map(shard => shard?.byteLength ?? 0);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.equal(sizes.length, limits.serviceShards);
    assert.ok(Math.min(...sizes) > 0 && Math.max(...sizes) < (4 * bytes) / sizes.length, sizes.join(" "));
    assert.ok(bytes < 4_000_000, `${bytes} bytes`);
  });

  it("has nothing before the first Service", () => {
    assert.equal(new ServiceTable([]).hasAddress(0, 0, 0xffff, 1), false);
  });
});
