/** Numbers of ports: the lowest that is free, and never one that the data plane still has under another pod's name. */
import assert from "node:assert/strict";
import { Ports } from "./ports.ts";

describe("ports of pods", () => {
  const add = (ports: Ports, uid: string) =>
    ports.add({ uid, name: `default/${uid}`, addresses: [], hostPorts: [], fd: 0 }).port;

  it("the lowest free number, from 1", () => {
    const ports = new Ports();
    assert.deepEqual([add(ports, "a"), add(ports, "b"), add(ports, "c")], [1, 2, 3]);
    ports.release(ports.take("b")!);
    assert.equal(add(ports, "d"), 2);
  });

  it("a pod that leaves is in no table, and its number is nobody's until the data plane has let go of it", () => {
    const ports = new Ports();
    add(ports, "a");
    const left = ports.take("a")!;
    assert.deepEqual(ports.list(), []);
    assert.equal(add(ports, "b"), 2);
    ports.release(left);
    assert.equal(add(ports, "c"), 1);
    assert.equal(ports.take("a"), undefined);
  });
});
