import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AddressRangeFull } from "@podwire/runtime";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { Ipam } from "./ipam.ts";

const SEED = testSeed();

describe("ipam", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "podwire-ipam-"));
    file = join(folder, "ipam.json");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives one address of each family, after the network's and the node's own", () => {
    const ipam = new Ipam(file, "n1", ["10.244.1.0/24", "fd00:10:244:1::/64"]);
    assert.deepEqual(ipam.nodeAddresses(), ["10.244.1.1", "fd00:10:244:1::1"]);
    assert.deepEqual(ipam.allocate("a"), ["10.244.1.2", "fd00:10:244:1::2"]);
    assert.deepEqual(ipam.allocate("b"), ["10.244.1.3", "fd00:10:244:1::3"]);
    assert.deepEqual(
      ipam.allocate("a"),
      ["10.244.1.2", "fd00:10:244:1::2"],
      "the same pod keeps its addresses",
    );
  });

  it("counts across the bytes of an address", () => {
    const ipam = new Ipam(file, "n1", ["10.9.254.0/23"]);
    const last = Array.from({ length: 300 }, (_, i) => ipam.allocate(`p${i}`)).at(-1);
    assert.deepEqual(last, ["10.9.255.45"]);
  });

  it("reuses a released address last, and the longest released first", () => {
    const ipam = new Ipam(file, "n1", ["10.244.1.0/29"]);
    for (const uid of ["a", "b", "c"]) ipam.allocate(uid);
    ipam.release("b");
    ipam.release("a");
    const next = ["d", "e", "f", "g"].map(uid => ipam.allocate(uid)[0]);
    assert.deepEqual(next, ["10.244.1.5", "10.244.1.6", "10.244.1.3", "10.244.1.2"]);
  });

  it("says which range of which node is full, and gives again what was released", () => {
    const ipam = new Ipam(file, "n1", ["10.244.1.0/30"]);
    ipam.allocate("a");
    assert.throws(
      () => ipam.allocate("b"),
      (error: Error) =>
        error instanceof AddressRangeFull &&
        /Node n1: no free address in pod CIDR 10\.244\.1\.0\/30/.test(error.message),
    );
    ipam.release("a");
    assert.deepEqual(ipam.allocate("b"), ["10.244.1.2"]);
  });

  it("refuses a state that was made for other ranges", () => {
    new Ipam(file, "n1", ["10.244.1.0/24"]).allocate("a");
    assert.throws(() => new Ipam(file, "n1", ["10.244.2.0/24"]), /made for pod CIDRs 10\.244\.1\.0\/24/);
  });

  it("refuses a damaged state with its path", () => {
    writeFileSync(file, "{");
    assert.throws(() => new Ipam(file, "n1", ["10.244.1.0/24"]), new RegExp(`${file}`));
  });

  it(`agrees with a slow twin over random histories with restarts (seed ${SEED})`, () => {
    const step = fc.record({
      kind: fc.constantFrom("allocate", "release", "restart"),
      uid: fc.integer({ min: 0, max: 12 }).map(n => `pod-${n}`),
    });
    let run = 0;
    const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const path = join(folder, `${run++}.json`);
      const open = () => new Ipam(path, "n", ["10.1.2.0/28", "fd00::/64"]);
      let ipam = open();
      const free = Array.from({ length: 13 }, (_, i) => `10.1.2.${i + 2}`);
      const held = new Map<string, string>();
      for (const { kind, uid } of steps) {
        if (kind === "restart") ipam = open();
        else if (kind === "release") {
          assert.equal(ipam.release(uid), held.has(uid));
          if (held.has(uid)) free.push(held.get(uid)!);
          held.delete(uid);
        } else if (held.has(uid) || free.length > 0) {
          if (!held.has(uid)) held.set(uid, free.shift()!);
          assert.equal(ipam.allocate(uid)[0], held.get(uid));
        } else assert.throws(() => ipam.allocate(uid), AddressRangeFull);
        const v6 = [...ipam.allocations().values()].map(addresses => addresses[1]);
        assert.equal(new Set(v6).size, held.size);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 100 });
  });
});
