/** The packing of slices over random changes: what is wanted is there once, and no more slices are written than need be. */
import assert from "node:assert/strict";
import type { Endpoint, EndpointSlice } from "@podwire/api";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { endpointKey } from "../service-endpoints/endpoint-key.ts";
import { portKey } from "../service-endpoints/port-key.ts";
import type { Desired } from "./desired.ts";
import { planSlices, type SliceDraft, type SlicePlan } from "./plan.ts";

const MOST = 5;
const LABELS = { app: "web" };
const OWNER = "uid-web";
const options = {
  labels: LABELS,
  isOwn: ({ metadata }: EndpointSlice) => metadata.ownerReferences?.[0]?.uid === OWNER,
  endpointsPerSlice: MOST,
};
const PORTS = [8080, 9090].map(port => [{ name: "", protocol: "TCP" as const, port }]);

let names = 0;

function slice({ ports, endpoints }: SliceDraft, owner = OWNER): EndpointSlice {
  const name = `web-${names++}`;
  const ownerReferences = [{ apiVersion: "v1", kind: "Service", name: "web", uid: owner }];
  const metadata = {
    name,
    namespace: "test",
    uid: name,
    resourceVersion: "1",
    creationTimestamp: "",
    labels: LABELS,
    ownerReferences,
  };
  return { apiVersion: "", kind: "", metadata, addressType: "IPv4", ports, endpoints };
}

const endpoint = (number: number, ready = true): Endpoint => ({
  addresses: [`10.0.0.${number}`],
  conditions: { ready },
  targetRef: { kind: "Pod", name: `web-${number}` },
});

function desired(endpoints: readonly Endpoint[][]): Desired {
  const groups = endpoints.map(
    (group, at): [string, { ports: SliceDraft["ports"]; endpoints: Map<string, Endpoint> }] => [
      portKey(PORTS[at]),
      { ports: PORTS[at]!, endpoints: new Map(group.map(each => [endpointKey(each), each])) },
    ],
  );
  return new Map(groups.filter(([, group]) => group.endpoints.size > 0));
}

/** The slices after the plan was carried out. */
function carryOut(plan: SlicePlan): EndpointSlice[] {
  const updated = plan.update.map(draft => ({
    ...draft.existing,
    ports: draft.ports,
    endpoints: draft.endpoints,
  }));
  return [...plan.unchanged, ...updated, ...plan.create.map(draft => slice(draft))];
}

/** As the algorithm promises: those that hold what is no longer so, and as many as the rest fills. */
function fewestWrites(before: readonly EndpointSlice[], wanted: readonly Endpoint[][]): number {
  let writes = 0;
  let spare = 0;
  let made = 0;
  let left = 0;
  PORTS.forEach((ports, at) => {
    const group = new Map((wanted[at] ?? []).map(each => [endpointKey(each), each.conditions!.ready]));
    let room = 0;
    for (const { endpoints = [] } of before.filter(each => portKey(each.ports) === portKey(ports))) {
      const kept = endpoints.filter(each => group.has(endpointKey(each)));
      const isSame =
        endpoints.length === kept.length &&
        kept.every(each => group.get(endpointKey(each)) === each.conditions!.ready);
      for (const each of kept) group.delete(endpointKey(each));
      if (isSame) left++;
      else if (kept.length === 0) spare++;
      else {
        left++;
        writes++;
        room += MOST - kept.length;
      }
    }
    // At most one of these goes into a slice that is there; whether it does changes nothing of how many are written.
    made += Math.ceil(Math.max(0, group.size - room) / MOST);
  });
  if (left + made === 0) return spare === 0 ? 1 : spare;
  return writes + Math.max(made, spare);
}

function someEndpoints(random: Random): Endpoint[][] {
  const groups: Endpoint[][] = [[], []];
  for (let number = 1; number <= 40; number++) {
    const turn = random(4);
    if (turn > 0) groups[turn === 1 ? 1 : 0]!.push(endpoint(number, random(8) > 0));
  }
  return groups;
}

/** The same with a few changes. */
function changed(random: Random, before: readonly Endpoint[][]): Endpoint[][] {
  return before.map(group =>
    group
      .filter(() => random(12) > 0)
      .map(each => (random(12) > 0 ? each : { ...each, conditions: { ready: !each.conditions!.ready } }))
      .concat(Array.from({ length: random(3) }, () => endpoint(41 + random(200)))),
  );
}

const unique = (groups: Endpoint[][]) =>
  groups.map(group => [...new Map(group.map(each => [endpointKey(each), each])).values()]);

describe("packing of slices", () => {
  it("over random changes: all that is wanted, once, in the fewest writes", () => {
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round++) {
      let wanted = someEndpoints(random);
      let slices: EndpointSlice[] = [];
      for (let turn = 0; turn < 12; turn++) {
        const fewest = fewestWrites(slices, wanted);
        const plan = planSlices(slices, desired(wanted), options);
        const writes = plan.create.length + plan.update.length + plan.delete.length;
        // A new one may go into a slice that is there where another is spare, which then goes: one write more at most a group.
        assert.ok(writes <= fewest + PORTS.length, `${writes} writes where ${fewest} do`);
        slices = carryOut(plan);
        assert.ok(slices.every(({ endpoints }) => endpoints!.length <= MOST));
        wanted.forEach((group, at) => {
          const held = slices
            .filter(each => portKey(each.ports) === portKey(PORTS[at]))
            .flatMap(each => each.endpoints!);
          assert.deepEqual(new Set(held), new Set(group));
          assert.equal(held.length, group.length);
        });
        const again = planSlices(slices, desired(wanted), options);
        assert.deepEqual([again.create, again.update, again.delete], [[], [], []]);
        wanted = random(15) === 0 ? [[], []] : unique(changed(random, wanted));
      }
    }
  });

  it("one endpoint that changes writes its slice alone, and a new one the slice that it fills best", () => {
    const slices = [4, 2, 5].map((count, at) =>
      slice({
        ports: PORTS[0]!,
        endpoints: Array.from({ length: count }, (_, number) => endpoint(at * 10 + number)),
      }),
    );
    const all = slices.flatMap(({ endpoints }) => endpoints!);
    const unready = all.map(each => (each.addresses[0] === "10.0.0.11" ? endpoint(11, false) : each));
    const one = planSlices(slices, desired([unready]), options);
    assert.deepEqual(
      one.update.map(({ existing }) => existing),
      [slices[1]],
    );
    assert.deepEqual([one.create, one.delete, one.unchanged.length], [[], [], 2]);
    const more = planSlices(slices, desired([[...all, endpoint(99)]]), options);
    assert.deepEqual(
      more.update.map(({ existing }) => existing),
      [slices[0]],
    );
    // What is written anyway is filled first, although another would be full.
    const both = planSlices(slices, desired([[...unready, endpoint(99)]]), options);
    assert.deepEqual(
      both.update.map(({ existing, endpoints }) => [existing, endpoints.length]),
      [[slices[1], 3]],
    );
  });

  it("a slice of an older Service of the name goes, and is not used again", () => {
    const old = slice({ ports: PORTS[0]!, endpoints: [endpoint(1)] }, "uid-old");
    const plan = planSlices([old], desired([[endpoint(1)]]), options);
    assert.deepEqual([plan.delete, plan.update, plan.create.length], [[old], [], 1]);
  });

  it("labels that differ are written, and nothing else is", () => {
    const held = slice({ ports: PORTS[0]!, endpoints: [endpoint(1)] });
    const plan = planSlices([held], desired([[endpoint(1)]]), { ...options, labels: { app: "shop" } });
    assert.deepEqual(plan.update, [{ existing: held, ports: PORTS[0], endpoints: held.endpoints }]);
    assert.deepEqual([plan.create, plan.delete], [[], []]);
  });
});
