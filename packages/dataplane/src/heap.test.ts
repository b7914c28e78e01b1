/** The hot path allocates nothing: a million packets of each kind leave the heap where it was. */
import assert from "node:assert/strict";
import { Replay, replayCases } from "./testing/replay.ts";

const SMALL_PACKETS = 1_000_000;
/** Each is some forty-five packets on the wire. */
const SUPER_PACKETS = 25_000;
const CHUNKS = 50;
/** What reading the heap's size costs itself, with room to spare; one heap number a packet would be 16 MB. */
const ALLOWED_BYTES = 3_000_000;

describe("Pipeline: heap", function () {
  this.timeout(60_000);
  for (const name of replayCases) {
    it(`stays as it is: ${name}`, () => {
      const isSuper = name.startsWith("64 KB") && !name.includes("underlay to TUN");
      const packets = isSuper ? SUPER_PACKETS : SMALL_PACKETS;
      const replay = new Replay(name);
      replay.run(packets / 10);
      let grown = 0;
      let before = process.memoryUsage().heapUsed;
      for (let chunk = 0; chunk < CHUNKS; chunk++) {
        replay.run(packets / CHUNKS);
        const after = process.memoryUsage().heapUsed;
        // All growth is added up, so that a collection hides nothing.
        grown += Math.max(0, after - before);
        before = after;
      }
      assert.ok(grown < ALLOWED_BYTES, `${grown} bytes for ${packets} packets`);
      assert.equal(replay.counters.droppedInAll(), 0);
    });
  }
});
