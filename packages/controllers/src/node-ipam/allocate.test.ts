/** Node CIDRs: never two Nodes the same, whatever comes and goes, and clear words when a range is full. */
import assert from "node:assert/strict";
import type { Node } from "@podwire/api";
import { overlaps, parseCidr } from "@podwire/wire/cidr";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { Allocator, subnetsCovered } from "./allocate.ts";
import { nodeRanges } from "./cluster-cidrs.ts";

const seed = testSeed();

function node(name: string, podCIDRs?: string[]): Node {
  const metadata = { name, uid: name, resourceVersion: "1", creationTimestamp: "2020-01-01T00:00:00Z" };
  return { apiVersion: "v1", kind: "Node", metadata, spec: podCIDRs ? { podCIDRs } : {}, status: {} };
}

const small = nodeRanges({
  clusterCidrs: ["10.244.0.0/21", "fd00:10:244::/61"],
  nodeMaskSizes: { ipv4: 24, ipv6: 64 },
});

describe(`node CIDRs (PODWIRE_SEED=${seed})`, () => {
  it("gives each Node one subnet of each family, in order", () => {
    const { assigned } = new Allocator(small).allocate([node("node-1"), node("node-2")]);
    assert.deepEqual(Object.fromEntries(assigned), {
      "node-1": ["10.244.0.0/24", "fd00:10:244::/64"],
      "node-2": ["10.244.1.0/24", "fd00:10:244:1::/64"],
    });
  });

  it("leaves alone what a Node holds, also of another size or outside", () => {
    const held = [
      node("foreign", ["10.244.0.0/22"]),
      node("half", ["10.244.4.128/25"]),
      node("far", ["192.0.2.0/24"]),
    ];
    const { assigned } = new Allocator(small).allocate([...held, node("node-1")]);
    assert.deepEqual(assigned.get("node-1"), ["10.244.5.0/24", "fd00:10:244::/64"]);
    assert.equal(assigned.size, 1);
  });

  it("uses a released range last", () => {
    const allocator = new Allocator(small);
    const first = allocator.allocate([node("a"), node("b")]).assigned;
    const second = allocator.allocate([node("b", first.get("b")!), node("c")]).assigned;
    assert.deepEqual(second.get("c"), ["10.244.2.0/24", "fd00:10:244:2::/64"]);
  });

  it("names the range that is full, and takes nothing of the other one", () => {
    const ranges = nodeRanges({
      clusterCidrs: ["10.0.0.0/23", "fd00::/48"],
      nodeMaskSizes: { ipv4: 24, ipv6: 64 },
    });
    const allocator = new Allocator(ranges);
    const { assigned, exhausted } = allocator.allocate([node("a"), node("b"), node("c")]);
    assert.deepEqual([...assigned.keys()], ["a", "b"]);
    assert.deepEqual(exhausted, [{ node: "c", clusterCidr: "10.0.0.0/23" }]);
    const next = allocator.allocate([node("a", assigned.get("a")!), node("c")]);
    assert.deepEqual(next.assigned.get("c"), ["10.0.1.0/24", "fd00:0:0:2::/64"]);
  });

  it("never gives two Nodes overlapping ranges, whatever comes, goes and restarts", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant("join" as const), node: fc.nat(11) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("leave" as const), node: fc.nat(11) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), node: fc.nat(0) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("foreign" as const), node: fc.nat(31) }) },
    );
    const property = fc.property(fc.array(step, { maxLength: 40 }), steps => {
      let allocator = new Allocator(small);
      const nodes = new Map<string, Node>();
      for (const each of steps) {
        if (each.do === "restart") allocator = new Allocator(small);
        if (each.do === "join")
          nodes.set(`n${each.node}`, nodes.get(`n${each.node}`) ?? node(`n${each.node}`));
        if (each.do === "leave") nodes.delete(`n${each.node}`);
        const byHand = `10.244.${each.node >> 2}.${(each.node & 3) * 64}/26`;
        if (each.do === "foreign" && isFree(byHand, nodes)) nodes.set(byHand, node(byHand, [byHand]));
        for (const [name, podCIDRs] of allocator.allocate([...nodes.values()]).assigned)
          nodes.set(name, node(name, podCIDRs));
      }
      const all = [...nodes.values()].flatMap(each =>
        (each.spec.podCIDRs ?? []).map(text => parseCidr(text)!),
      );
      for (const [index, cidr] of all.entries()) {
        for (const other of all.slice(index + 1)) assert(!overlaps(cidr, other));
      }
    });
    fc.assert(property, { seed, numRuns: 200 });
  });

  it("knows which subnets a range covers", () => {
    const covered = (text: string) => subnetsCovered(parseCidr("10.244.0.0/16")!, 24, parseCidr(text)!);
    assert.deepEqual(covered("10.244.4.0/22"), { from: 4, to: 8 });
    assert.deepEqual(covered("10.244.7.128/25"), { from: 7, to: 8 });
    assert.deepEqual(covered("10.0.0.0/8"), { from: 0, to: 256 });
  });

  it("refuses ranges that cannot work, naming the field", () => {
    const sizes = { ipv4: 24, ipv6: 64 };
    const refused: [Parameters<typeof nodeRanges>[0], RegExp][] = [
      [{ clusterCidrs: [], nodeMaskSizes: sizes }, /^Error: clusterCidrs: pods need/],
      [
        { clusterCidrs: ["10.0.0.0/8", "10.1.0.0/16"], nodeMaskSizes: sizes },
        /at most one range of each IP family/,
      ],
      [
        { clusterCidrs: ["10.0.0.0/16", "fd00::1/56"], nodeMaskSizes: sizes },
        /clusterCidrs\[1\]: .*fd00::\/56/,
      ],
      [
        { clusterCidrs: ["10.0.0/16"], nodeMaskSizes: sizes },
        /clusterCidrs\[0\]: "10\.0\.0\/16" is not a CIDR; write it like 10\.244\.0\.0\/16/,
      ],
      [
        { clusterCidrs: ["10.0.0.0/25"], nodeMaskSizes: sizes },
        /nodeMaskSizes\.ipv4: 24 .* it may be 25 to 30/,
      ],
      [
        { clusterCidrs: ["fd00::/32"], nodeMaskSizes: sizes },
        /nodeMaskSizes\.ipv6: 64 .* it may be 32 to 48/,
      ],
      [
        { clusterCidrs: ["10.0.0.0/16"], nodeMaskSizes: sizes, underlayCidrs: ["10.0.3.0/24"] },
        /clusterCidrs\[0\]: 10\.0\.0\.0\/16 overlaps the underlay 10\.0\.3\.0\/24/,
      ],
    ];
    for (const [ranges, message] of refused) assert.throws(() => nodeRanges(ranges), message);
  });
});

function isFree(text: string, nodes: Map<string, Node>): boolean {
  const all = [...nodes.values()].flatMap(each => (each.spec.podCIDRs ?? []).map(text => parseCidr(text)!));
  return !all.some(cidr => overlaps(cidr, parseCidr(text)!));
}
