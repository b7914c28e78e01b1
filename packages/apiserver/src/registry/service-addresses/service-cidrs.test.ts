/** Several ranges, and addresses that people keep: over a real registry. */
import assert from "node:assert/strict";
import { type IPAddress, kinds, type NewObject, type Service, type ServiceSpec } from "@podwire/api";
import { openMemoryStore, type Store } from "@podwire/store";
import { openRegistry } from "../open.ts";
import type { Registry } from "../registry.ts";

const MANAGED = {
  "ipaddress.kubernetes.io/ip-family": "IPv4",
  "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
};

describe("ServiceCIDRs", () => {
  let store: Store;
  let registry: Registry;

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/29"] });
  });
  afterEach(() => store.close());

  const create = async (name: string, spec: Partial<ServiceSpec> = {}) => {
    const ports = [{ port: 80 }];
    const service = { metadata: { namespace: "default", name }, spec: { ports, ...spec } };
    return (await registry.create(kinds.services, service as NewObject<Service>)).object.spec.clusterIP!;
  };
  const remove = (name: string) => registry.delete(kinds.services, { namespace: "default", name });
  const addRange = (name: string, ...cidrs: string[]) =>
    registry.create(kinds.serviceCIDRs, { metadata: { name }, spec: { cidrs }, status: {} });
  const addressOf = async (name: string) => (await registry.get(kinds.ipAddresses, { name })).object;
  const reserve = (name: string, finalizers?: string[]) => {
    const object = {
      metadata: { name, finalizers },
      spec: { parentRef: { resource: "gateways", name: "mine" } },
    };
    return registry.create(kinds.ipAddresses, object as NewObject<IPAddress>);
  };

  it("begin with the cluster's own, which says that it is ready, and is made once", async () => {
    const { object } = await registry.get(kinds.serviceCIDRs, { name: "kubernetes" });
    assert.deepEqual(object.spec.cidrs, ["10.96.0.0/29"]);
    const { lastTransitionTime: _, ...ready } = object.status.conditions![0]!;
    const message = "Kubernetes default Service CIDR is ready";
    assert.deepEqual(ready, { type: "Ready", status: "True", reason: "", message });
    const { revision } = registry;
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/29"] });
    assert.equal(registry.revision, revision, "nothing is written again");
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/29", "fd00:10:96::/112"] });
    const wider = await registry.get(kinds.serviceCIDRs, { name: "kubernetes" });
    assert.deepEqual(wider.object.spec.cidrs, ["10.96.0.0/29", "fd00:10:96::/112"]);
  });

  it("that are added give more, by asking and without, and none when they are deleted", async () => {
    for (let count = 0; count < 6; count++) await create(`a${count}`);
    await assert.rejects(create("more"), /failed to allocate a serviceIP: range is full/);
    await assert.rejects(
      create("more", { clusterIP: "10.97.0.7" }),
      /failed to allocate IP 10\.97\.0\.7: the provided network does not match the current range/,
    );
    await addRange("second", "10.97.0.0/24");
    assert.equal(await create("asked", { clusterIP: "10.97.0.7" }), "10.97.0.7");
    assert.match(await create("more"), /^10\.97\.0\./);
    await registry.mutate(kinds.serviceCIDRs, { name: "second" }, copy => {
      copy.metadata.finalizers = ["example.com/hold"];
    });
    await registry.delete(kinds.serviceCIDRs, { name: "second" });
    await assert.rejects(create("late"), /range is full/);
    await assert.rejects(create("late", { clusterIP: "10.97.0.8" }), /does not match the current range/);
    await remove("asked");
    await assert.rejects(registry.get(kinds.ipAddresses, { name: "10.97.0.7" }), /not found/);
  });

  it("may overlap: an address is one, whichever range it is of", async () => {
    await addRange("same", "10.96.0.0/29");
    await addRange("around", "10.96.0.0/28");
    const given = [];
    for (let count = 0; count < 14; count++) given.push(await create(`a${count}`));
    assert.equal(new Set(given).size, 14);
    assert.ok(given.includes("10.96.0.7"), "the last of the smaller range is none of the larger one");
    await assert.rejects(create("more"), /range is full/);
  });

  it("say with a condition that they are not ready, and give nothing", async () => {
    await addRange("second", "10.97.0.0/24");
    const condition = { type: "Ready", reason: "x", message: "", lastTransitionTime: "2024-01-01T00:00:00Z" };
    const say = (status: "True" | "False") =>
      registry.mutate(
        kinds.serviceCIDRs,
        { name: "second" },
        copy => {
          copy.status.conditions = [{ ...condition, status }];
        },
        { subresource: "status" },
      );
    await say("False");
    await assert.rejects(create("one", { clusterIP: "10.97.0.7" }), /does not match the current range/);
    await say("True");
    assert.equal(await create("one", { clusterIP: "10.97.0.7" }), "10.97.0.7");
  });

  it("of IPv6 may be large, and are not used when they are too large", async () => {
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/29", "fd00:1::/64"] });
    const ipFamilies: ServiceSpec["ipFamilies"] = ["IPv6"];
    const asked = "fd00:1::ffff:ffff:ffff:ffff";
    assert.equal(await create("asked", { ipFamilies, clusterIP: asked }), asked);
    assert.match(await create("any", { ipFamilies }), /^fd00:1::/);
    await addRange("huge", "fd00:2::/48");
    await assert.rejects(create("huge", { clusterIP: "fd00:2::1" }), /does not match the current range/);
  });

  describe("and IPAddresses", () => {
    it("are there before their Service, say whose they are, and go with it", async () => {
      const watch = registry.watchKinds([kinds.services, kinds.ipAddresses], registry.revision);
      const address = await create("web", { clusterIP: "10.96.0.3" });
      const { metadata, spec } = await addressOf(address);
      assert.deepEqual(metadata.labels, MANAGED);
      assert.deepEqual(spec.parentRef, { resource: "services", namespace: "default", name: "web" });
      await remove("web");
      const seen: string[] = [];
      while (seen.length < 4)
        for (const { type, kind } of (await watch.next())!) seen.push(`${type} ${kind.kind}`);
      watch.close();
      const expected = ["ADDED IPAddress", "ADDED Service", "DELETED Service", "DELETED IPAddress"];
      assert.deepEqual(seen, expected);
    });

    it("that people make keep an address; one that a Service has cannot be made", async () => {
      await reserve("10.96.0.5");
      await assert.rejects(create("web", { clusterIP: "10.96.0.5" }), /provided IP is already allocated/);
      const given = [];
      for (let count = 0; count < 5; count++) given.push(await create(`a${count}`));
      assert.ok(!given.includes("10.96.0.5"));
      await assert.rejects(create("more"), /range is full/);
      await registry.delete(kinds.ipAddresses, { name: "10.96.0.5" });
      assert.equal(await create("more"), "10.96.0.5");
      await assert.rejects(
        reserve("10.96.0.5"),
        /ipaddresses\.networking\.k8s\.io "10\.96\.0\.5" already exists/,
      );
    });

    it("and a Service at once: one of them gets the address", async () => {
      for (let turn = 0; turn < 20; turn++) {
        const outcomes = await Promise.allSettled([
          ...(turn % 2 ? [reserve("10.96.0.5")] : []),
          create("web", { clusterIP: "10.96.0.5" }),
          ...(turn % 2 ? [] : [reserve("10.96.0.5")]),
        ]);
        assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
        await registry.deleteCollection(kinds.services, { namespace: "default" });
        await registry.deleteCollection(kinds.ipAddresses, {});
      }
    });

    it("come back when they are deleted or lose their labels while a Service has the address", async () => {
      const name = await create("web");
      const { uid } = (await addressOf(name)).metadata;
      await registry.delete(kinds.ipAddresses, { name });
      assert.notEqual((await addressOf(name)).metadata.uid, uid);
      await registry.mutate(kinds.ipAddresses, { name }, copy => {
        copy.metadata.labels = { mine: "1" };
      });
      assert.deepEqual((await addressOf(name)).metadata.labels, MANAGED);
    });

    it("with finalizers hold their address until these are done", async () => {
      const name = await create("web");
      await registry.mutate(kinds.ipAddresses, { name }, copy => {
        copy.metadata.finalizers = ["example.com/hold"];
      });
      await remove("web");
      await assert.rejects(create("web", { clusterIP: name }), /already allocated/);
      await registry.mutate(kinds.ipAddresses, { name }, copy => {
        copy.metadata.finalizers = [];
      });
      assert.equal(await create("web", { clusterIP: name }), name);
    });

    it("are put right when a crash came between them and their Service", async () => {
      const name = await create("web", { clusterIP: "10.96.0.2" });
      const plain = await openRegistry(store);
      const orphanSpec = { parentRef: { resource: "services", namespace: "default", name: "gone" } };
      await plain.delete(kinds.ipAddresses, { name });
      const orphan = { metadata: { name: "10.96.0.6", labels: MANAGED }, spec: orphanSpec };
      await plain.create(kinds.ipAddresses, orphan);
      await plain.create(kinds.ipAddresses, { ...orphan, metadata: { name: "10.96.0.5" } });
      registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/29"] });
      const names = (await registry.list(kinds.ipAddresses)).items.map(({ object }) => object.metadata.name);
      assert.deepEqual(names.sort(), [name, "10.96.0.5"].sort());
    });
  });
});
