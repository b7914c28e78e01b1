/** Custom Endpoints as slices; more of it in the transcripts of a real cluster. */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds } from "@podwire/api";
import { addressesIn, ServiceLab } from "../testing/service-lab.ts";

const MANAGER = "endpointslicemirroring-controller.k8s.io";

describe("mirroring of Endpoints", () => {
  let world: ServiceLab;
  beforeEach(async () => {
    world = await ServiceLab.start();
    await world.lab.addNode("node-1");
    await world.service({ selector: undefined });
  });
  afterEach(() => world.stop());

  const subset = (ips: readonly string[], port = 80) => ({
    addresses: ips.map(ip => ({ ip })),
    ports: [{ port, protocol: "TCP" }],
  });
  const custom = (subsets: readonly object[], metadata: object = {}) =>
    world.lab.create(kinds.endpoints, "web", { metadata }).then(() => change({ subsets }));
  const change = (to: object) => world.lab.change(kinds.endpoints, "web", copy => Object.assign(copy, to));

  it("makes a slice for each family and list of ports, follows, and ends with them", async () => {
    await custom([subset(["10.1.0.1", "fd00::1"]), subset(["10.1.0.2"], 81)], {
      annotations: { note: "mine" },
    });
    const found = await world.slices();
    assert.deepEqual(addressesIn(found), ["10.1.0.1", "10.1.0.2", "fd00::1"]);
    for (const { metadata, addressType, ports } of found) {
      assert.equal(metadata.labels!["endpointslice.kubernetes.io/managed-by"], MANAGER);
      assert.equal(metadata.ownerReferences![0]!.kind, "Endpoints");
      assert.deepEqual(metadata.annotations, { note: "mine" });
      assert.ok(addressType !== "IPv6" || ports![0]!.port === 80);
    }
    await change({ subsets: [subset(["10.1.0.3"])] });
    assert.deepEqual(addressesIn(await world.slices()), ["10.1.0.3"]);
    const [slice] = await world.slices();
    await world.lab.delete(kinds.endpointSlices, slice!.metadata.name);
    assert.deepEqual(addressesIn(await world.slices()), ["10.1.0.3"]);
    await world.lab.delete(kinds.endpoints, "web");
    assert.deepEqual(await world.slices(), []);
  });

  it("leaves alone what is labelled so, and the locks of leaders", async () => {
    const skip = { "endpointslice.kubernetes.io/skip-mirror": "true" };
    await custom([subset(["10.1.0.1"])], { labels: skip });
    assert.deepEqual(await world.slices(), []);
    await world.lab.change(kinds.endpoints, "web", copy => Object.assign(copy.metadata, { labels: {} }));
    assert.equal((await world.slices()).length, 1);
    const annotations = { "control-plane.alpha.kubernetes.io/leader": "{}" };
    await world.lab.change(kinds.endpoints, "web", copy => Object.assign(copy.metadata, { annotations }));
    assert.deepEqual(await world.slices(), []);
  });

  it("mirrors 1,000 addresses of a subset and tells of the others", async () => {
    const ips = Array.from({ length: 1_003 }, (_, at) => `10.1.${at >> 8}.${at & 255}`);
    await custom([subset(ips)]);
    const [slice, ...others] = await world.slices();
    assert.deepEqual([slice!.endpoints!.length, others], [1_000, []]);
    const told = world.lab.events.filter(({ reason }) => reason === "TooManyAddressesToMirror");
    assert.deepEqual(
      told.map(({ about, message }) => [about, message]),
      [
        [
          "Endpoints web",
          "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped",
        ],
      ],
    );
  });

  it("a Service that gets a selector, or loses it, is at no moment without backends", async () => {
    await custom([subset(["10.1.0.1"])]);
    await world.slices();
    await world.pod("web-1", ["10.0.0.1"]);
    await world.lab.settle();
    const before = world.lab.registry.revision;
    await world.changeService({ selector: { app: "web" } });
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1"]);
    await world.changeService({ selector: undefined });
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1"]);
    const there = new Map([["before", 1]]);
    for await (const { type, revision, stored } of world.lab.history(kinds.endpointSlices)) {
      const { metadata, endpoints } = stored.object as EndpointSlice;
      if (type === "DELETED") there.delete(metadata.name);
      else there.set(metadata.name, endpoints?.length ?? 0);
      if (revision <= before) continue;
      there.delete("before");
      assert.ok(
        [...there.values()].some(count => count > 0),
        `at ${revision}`,
      );
    }
  });
});
