/** Hints by trafficDistribution and by zones (cases of KEP-2433 and KEP-4444), pure and over a real registry. */
import assert from "node:assert/strict";
import { type Endpoint, type EndpointSlice, kinds, type Node } from "@podwire/api";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { ServiceLab } from "../../testing/service-lab.ts";
import type { SlicePlan } from "../plan.ts";
import { allocateHints, isOverloaded } from "./allocate.ts";
import { zoneRatios } from "./zones.ts";

const ZONE = "topology.kubernetes.io/zone";

const ratios = (parts: Record<string, number>) => {
  const total = Object.values(parts).reduce((sum, each) => sum + each, 0);
  return new Map(Object.entries(parts).map(([zone, part]) => [zone, part / total]));
};
const endpoint = (zone: string, ready = true): Endpoint => ({
  addresses: ["10.0.0.1"],
  conditions: { ready },
  zone,
});
const planOf = (...zones: string[]): SlicePlan => ({
  create: [{ ports: [], endpoints: zones.map(zone => endpoint(zone)) }],
  ...{ update: [], delete: [], unchanged: [] },
});
const zonesOf = (plan: SlicePlan) => plan.create[0]!.endpoints.map(each => each.hints!.forZones![0]!.name);

describe("hints by zones", () => {
  for (const [what, parts, zones, expected] of [
    ["as many as the zones need: each its own", { a: 1, b: 1 }, ["a", "b"], ["a", "b"]],
    ["a zone that has too many gives", { a: 1, b: 1 }, ["a", "a", "a", "b"], ["b", "a", "a", "b"]],
    ["a zone without endpoints gets some", { a: 2, b: 1, c: 1 }, ["a", "a", "b", "b"], ["a", "a", "c", "b"]],
    [
      "fewer endpoints than zones",
      { a: 1, b: 1, c: 1 },
      ["a", "b"],
      "Insufficient number of endpoints (2 endpoints, 3 zones)",
    ],
    [
      "no number is right for all",
      { a: 6, b: 6, c: 1 },
      ["a", "b", "c"],
      "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)",
    ],
    [
      "an endpoint that says no zone",
      { a: 1, b: 1 },
      ["a", "a", "b", ""],
      "One or more endpoints do not have a zone specified",
    ],
  ] as const) {
    it(what, () => {
      const outcome = allocateHints(planOf(...zones), ratios(parts));
      assert.deepEqual("why" in outcome ? outcome.why : zonesOf(outcome.plan), expected);
    });
  }

  it("what is not ready has none, and counts for nothing", () => {
    const plan = planOf("a", "b");
    plan.create[0]!.endpoints.push(endpoint("", false));
    const outcome = allocateHints(plan, ratios({ a: 1, b: 1 }));
    assert.ok("plan" in outcome);
    assert.deepEqual(
      outcome.plan.create[0]!.endpoints.map(({ hints }) => hints?.forZones?.[0]?.name),
      ["a", "b", undefined],
    );
  });

  it("slices whose hints still fit are not written", () => {
    const slice = (zones: readonly string[], hints: readonly string[]): EndpointSlice => ({
      ...{ apiVersion: "", kind: "", addressType: "IPv4", ports: [] },
      metadata: { namespace: "test", name: "web", uid: "", resourceVersion: "1", creationTimestamp: "" },
      endpoints: zones.map((zone, at) => ({
        ...endpoint(zone),
        hints: { forZones: [{ name: hints[at]! }] },
      })),
    });
    const [fits, isWrong] = [slice(["a", "b"], ["a", "b"]), slice(["a", "b"], ["a", "z"])];
    const plan = { create: [], update: [], delete: [], unchanged: [fits, isWrong] };
    const outcome = allocateHints(plan, ratios({ a: 1, b: 1 }));
    assert.ok("plan" in outcome);
    assert.deepEqual(outcome.plan.unchanged, [fits]);
    assert.deepEqual(
      outcome.plan.update.map(({ existing }) => existing),
      [isWrong],
    );
    assert.deepEqual(
      [...outcome.hinted],
      [
        ["a", 2],
        ["b", 2],
      ],
    );
  });

  it("over random clusters: every ready endpoint has one, of a zone that is there, and who counts them agrees", () => {
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    let given = 0;
    for (let round = 0; round < 2_000; round++) given += checkRandom(random);
    assert.ok(given > 500);
  });

  function checkRandom(random: Random): number {
    const names = ["a", "b", "c"].slice(0, 2 + random(2));
    const parts = ratios(Object.fromEntries(names.map(zone => [zone, 1 + random(8)])));
    const zones = Array.from({ length: 1 + random(40) }, () => names[random(names.length)]!);
    const outcome = allocateHints(planOf(...zones), parts);
    if ("why" in outcome) return 0;
    const counts = new Map<string, number>();
    for (const zone of zonesOf(outcome.plan)) counts.set(zone, (counts.get(zone) ?? 0) + 1);
    for (const zone of names) {
      assert.equal(outcome.hinted.get(zone) ?? 0, counts.get(zone) ?? 0);
      // Within one of what the zone's CPU asks for.
      assert.ok(
        Math.abs((counts.get(zone) ?? 0) - parts.get(zone)! * zones.length) < 2,
        `${zones} ${[...parts]}`,
      );
    }
    return 1;
  }

  it("a zone with less than its share, by more than a fifth, is overloaded", () => {
    const even = ratios({ a: 1, b: 1 });
    assert.equal(
      isOverloaded(
        new Map([
          ["a", 10],
          ["b", 9],
        ]),
        even,
      ),
      false,
    );
    assert.equal(
      isOverloaded(
        new Map([
          ["a", 12],
          ["b", 8],
        ]),
        even,
      ),
      true,
    );
    assert.equal(isOverloaded(new Map([["a", 12]]), even), true);
    assert.equal(isOverloaded(new Map([["a", 12]]), undefined), true);
  });

  it("Nodes: those that are Ready and no control plane count, and all of these must say zone and CPU", () => {
    const node = (zone: string, cpu: string, status = "True", labels: object = {}) =>
      ({
        metadata: { labels: { ...(zone && { [ZONE]: zone }), ...labels } },
        status: { allocatable: { ...(cpu && { cpu }) }, conditions: [{ type: "Ready", status }] },
      }) as unknown as Node;
    const two = [node("a", "3"), node("b", "500m"), node("b", "500m")];
    assert.deepEqual(
      [...zoneRatios(two)!],
      [
        ["a", 0.75],
        ["b", 0.25],
      ],
    );
    const master = { "node-role.kubernetes.io/control-plane": "" };
    assert.equal(zoneRatios([...two, node("", "", "False"), node("c", "8", "True", master)])!.size, 2);
    for (const lacking of [node("", "1"), node("a", ""), node("a", "0")]) {
      assert.equal(zoneRatios([...two, lacking]), undefined);
    }
    assert.equal(zoneRatios([node("a", "1")]), undefined);
  });
});

describe("hints over a real registry", () => {
  let world: ServiceLab;
  beforeEach(async () => {
    world = await ServiceLab.start();
    await node("node-1", "east");
    await node("node-2", "west");
  });
  afterEach(() => world.stop());

  async function node(name: string, zone: string, cpu = "2"): Promise<void> {
    await world.lab.addNode(name, { labels: zone ? { [ZONE]: zone } : {} });
    const allocate = (copy: Node) => Object.assign(copy.status, { allocatable: { cpu } });
    await world.lab.registry.mutate(kinds.nodes, { name }, allocate as never, { subresource: "status" });
  }

  const hints = async () => {
    const endpoints = (await world.slices()).flatMap(slice => slice.endpoints!);
    const pairs = endpoints.map(({ targetRef, hints }) => [
      targetRef!.name!,
      hints === undefined
        ? "-"
        : [...(hints.forZones ?? []), ...(hints.forNodes ?? [])].map(({ name }) => name).join(),
    ]);
    return Object.fromEntries(pairs) as Record<string, string>;
  };
  const told = () =>
    world.lab.events
      .filter(({ reason }) => reason.startsWith("TopologyAware"))
      .map(each => `${each.type} ${each.reason}: ${each.message}`);

  it("trafficDistribution: of the zone, of the node, and none again", async () => {
    await world.pod("a", ["10.0.0.1"]);
    await world.pod("b", ["10.0.0.2"], { nodeName: "node-2" });
    await world.service({ trafficDistribution: "PreferClose" });
    assert.deepEqual(await hints(), { a: "east", b: "west" });
    await world.changeService({ trafficDistribution: "PreferSameNode" });
    assert.deepEqual(await hints(), { a: "east,node-1", b: "west,node-2" });
    await world.changeService({ trafficDistribution: "PreferSameZone" });
    assert.deepEqual(await hints(), { a: "east", b: "west" });
    world.lab.behave = ({ metadata }) => (metadata.name === "a" ? "running" : "ready");
    await world.lab.live();
    assert.deepEqual(await hints(), { a: "-", b: "west" });
    await world.changeService({ trafficDistribution: undefined });
    assert.deepEqual(await hints(), { a: "-", b: "-" });
  });

  it("the annotation counts before trafficDistribution; what is unsafe is taken back, and given again", async () => {
    const annotations = { "service.kubernetes.io/topology-mode": "Auto" };
    await world.service({ trafficDistribution: "PreferSameNode" }, { annotations });
    await world.pod("a", ["10.0.0.1"]);
    assert.deepEqual(await hints(), { a: "-" });
    await world.pod("b", ["10.0.0.2"]);
    assert.deepEqual(Object.values(await hints()).sort(), ["east", "west"]);
    // A zone that nobody serves: too few endpoints for three.
    await node("node-3", "south");
    assert.deepEqual(await hints(), { a: "-", b: "-" });
    await world.lab.registry.delete(kinds.nodes, { name: "node-3" });
    assert.deepEqual(Object.values(await hints()).sort(), ["east", "west"]);
    await node("node-4", "");
    assert.deepEqual(await hints(), { a: "-", b: "-" });
    await world.lab.registry.delete(kinds.nodes, { name: "node-4" });
    await world.lab.change(kinds.services, "web", copy => Object.assign(copy.metadata, { annotations: {} }));
    assert.deepEqual(await hints(), { a: "east,node-1", b: "east,node-1" });
    const [none, enabled, few, again, nodes, ...rest] = told();
    assert.match(
      none!,
      /^Warning TopologyAwareHintsDisabled: Insufficient number of endpoints \([01] endpoints, 2 zones\), addressType: IPv4$/,
    );
    assert.equal(
      [enabled, few, again, nodes, ...rest].find(text => !/addressType: IPv4$/.test(text!)),
      undefined,
    );
    assert.ok(
      told().includes(
        "Normal TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4",
      ),
    );
    assert.equal(
      told().at(-1),
      "Warning TopologyAwareHintsDisabled: Topology Aware Hints has been disabled, addressType: IPv4",
    );
  });
});
