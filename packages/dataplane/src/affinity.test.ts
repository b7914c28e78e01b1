/** Affinities against the slow twin, a list; and what goes at the bound. */
import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import { Affinities } from "./affinity.ts";
import { Clock } from "./clock.ts";
import { Packet } from "./packet.ts";
import { Random } from "./testing/random.ts";

function from(client: number): Packet {
  const packet = new Packet();
  packet.source2 = 0xffff;
  packet.source3 = client;
  return packet;
}

describe("affinities", () => {
  it("are what the slow twin says, and the client whose last flow is longest ago goes first", () => {
    const seed = testSeed();
    const random = new Random(seed);
    const clock = new Clock();
    const affinities = new Affinities([seed, 1], clock, 32);
    /** Oldest first. */
    let twin: { key: string; backend: number; at: number }[] = [];
    let evicted = 0;
    let nowMs = 1000;
    for (let round = 0; round < 20_000; round++) {
      // Beyond the second by which the order of ages is true.
      nowMs += 1000 + random.below(500);
      clock.set(nowMs);
      const client = random.below(12);
      const service = 1 + random.below(5);
      const key = `${client} ${service}`;
      const known = twin.find(each => each.key === key);
      const found = affinities.find(from(client), service, 20_000);
      const isBound = known !== undefined && nowMs - known.at <= 20_000;
      assert.equal(found, isBound, `PODWIRE_SEED=${seed}, round ${round}`);
      if (found) assert.equal(affinities.rows[affinities.backendAt + 3], known!.backend);
      if (random.oneIn(2)) continue;
      const backend = random.below(100);
      affinities.remember(from(client), service, Int32Array.of(0, 0, 0xffff, backend), 0);
      twin = [...twin.filter(each => each.key !== key), { key, backend, at: nowMs }];
      if (twin.length > 32) {
        twin.shift();
        evicted++;
      }
      assert.equal(affinities.count, twin.length);
      assert.equal(affinities.evicted, evicted);
    }
    assert.ok(evicted > 100);
  });
});
