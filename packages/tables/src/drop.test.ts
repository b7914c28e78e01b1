import assert from "node:assert/strict";
import { Counter, Counters } from "./counters.ts";
import { DROP_REASONS, Drop, dropExplanation, dropName } from "./drop.ts";

describe("drop reasons", () => {
  it("have a number, a kebab-case name and one line each", () => {
    const names = new Set<string>();
    for (let reason = 0; reason < DROP_REASONS; reason++) {
      names.add(dropName(reason));
      assert.match(dropName(reason), /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.match(dropExplanation(reason), /^[^\n]{5,120}\.$/);
    }
    assert.equal(names.size, DROP_REASONS);
    assert.equal(Drop.none, 0);
    assert.equal(dropName(Drop.noSuchPod), "no-such-pod");
    assert.equal(dropName(DROP_REASONS), `unknown-${DROP_REASONS}`);
  });
});

describe("Counters", () => {
  it("are read through another view of the same memory", () => {
    const writer = new Counters();
    writer.add(Counter.fastPath, 3);
    writer.drop(Drop.noRoute, 2);
    writer.portIn(0, 1, 100);
    writer.portOut(1023, 2, 200);
    writer.peerIn(4095, 3, 2 ** 40);
    const { scalars, drops, ports, peers } = new Counters(writer.buffer).snapshot();
    assert.equal(scalars.fastPath, 3);
    assert.deepEqual(drops, { "no-route": 2 });
    assert.deepEqual(
      [...ports],
      [
        [0, { packetsIn: 1, bytesIn: 100, packetsOut: 0, bytesOut: 0 }],
        [1023, { packetsIn: 0, bytesIn: 0, packetsOut: 2, bytesOut: 200 }],
      ],
    );
    assert.deepEqual([...peers], [[4095, { packetsIn: 3, bytesIn: 2 ** 40, packetsOut: 0, bytesOut: 0 }]]);
    writer.clearPort(1023);
    assert.equal(writer.snapshot().ports.size, 1);
    assert.equal(writer.droppedInAll(), 2);
  });
});
