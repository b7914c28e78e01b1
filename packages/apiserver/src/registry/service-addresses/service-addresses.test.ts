/** Addresses of Services over a real registry: given, kept, refused, released; never one twice. */
import assert from "node:assert/strict";
import { kinds, type NewObject, type Service } from "@podwire/api";
import { openMemoryStore, type Store } from "@podwire/store";
import { openRegistry } from "../open.ts";
import type { Registry } from "../registry.ts";
import { realSurroundings } from "../surroundings.ts";

const DUAL = ["10.96.0.0/24", "fd00:10:96::/112"];

function service(name: string, spec: Partial<Service["spec"]> = {}): NewObject<Service> {
  const ports = [{ port: 80, protocol: "TCP" as const }];
  return { metadata: { name, namespace: "default" }, spec: { ports, ...spec } } as NewObject<Service>;
}

describe("addresses of Services", () => {
  let store: Store;
  let registry: Registry;
  const open = (serviceCidrs: string[]) => openRegistry(store, realSurroundings, { serviceCidrs });

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await open(DUAL);
  });
  afterEach(() => store.close());

  const create = async (name: string, spec: Partial<Service["spec"]> = {}) =>
    (await registry.create(kinds.services, service(name, spec))).object.spec;
  const update = async (name: string, change: (copy: Service) => void) =>
    (await registry.mutate(kinds.services, { namespace: "default", name }, change)).object;
  const refused = (name: string, spec: Partial<Service["spec"]>, message: RegExp) =>
    assert.rejects(create(name, spec), message);

  it("are given from the upper part of the first family's range, and from both where that is asked for", async () => {
    const spec = await create("one");
    assert.match(spec.clusterIP!, /^10\.96\.0\.(1[6-9]|[2-9]\d|[12]\d\d)$/);
    assert.deepEqual(spec.clusterIPs, [spec.clusterIP]);
    assert.deepEqual([spec.ipFamilies, spec.ipFamilyPolicy], [["IPv4"], "SingleStack"]);
    const both = await create("both", { ipFamilyPolicy: "PreferDualStack" });
    assert.deepEqual(both.ipFamilies, ["IPv4", "IPv6"]);
    assert.match(both.clusterIPs![1]!, /^fd00:10:96::/);
    const ipv6 = await create("ipv6", { ipFamilies: ["IPv6"] });
    assert.match(ipv6.clusterIP!, /^fd00:10:96::/);
  });

  it("are none for ExternalName and None for headless", async () => {
    const external = await create("external", {
      type: "ExternalName",
      externalName: "example.test",
      ports: [],
    });
    assert.deepEqual([external.clusterIP, external.clusterIPs], [undefined, undefined]);
    const headless = await create("headless", { clusterIP: "None", selector: { app: "web" } });
    assert.deepEqual([headless.clusterIPs, headless.ipFamilies], [["None"], ["IPv4"]]);
    const bare = await create("bare", { clusterIP: "None" });
    assert.deepEqual([bare.ipFamilyPolicy, bare.ipFamilies], ["RequireDualStack", ["IPv4", "IPv6"]]);
  });

  it("may be asked for, once and in the range", async () => {
    assert.equal((await create("one", { clusterIP: "10.96.0.1" })).clusterIP, "10.96.0.1");
    await refused(
      "two",
      { clusterIP: "10.96.0.1" },
      /spec\.clusterIPs: Invalid value: .*failed to allocate IP 10\.96\.0\.1: provided IP is already allocated/,
    );
    for (const clusterIP of ["10.96.1.1", "10.96.0.0", "10.96.0.255"]) {
      await refused(
        "two",
        { clusterIP },
        /failed to allocate IP 10\.96\.\S+: the provided network does not match the current range/,
      );
    }
    await refused("two", { clusterIP: "banana" }, /must be a valid IP address/);
    await refused(
      "two",
      { clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.3"] },
      /first value must match `clusterIP`/,
    );
    await refused(
      "two",
      { clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.2", "fd00:10:96::2"], ipFamilyPolicy: "SingleStack" },
      /must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified/,
    );
    const both = await create("two", {
      clusterIP: "fd00:10:96::2",
      clusterIPs: ["fd00:10:96::2", "10.96.0.2"],
      ipFamilyPolicy: "PreferDualStack",
    });
    assert.deepEqual(both.ipFamilies, ["IPv6", "IPv4"]);
    registry = await open(["10.96.0.0/24"]);
    await refused(
      "three",
      { ipFamilyPolicy: "RequireDualStack" },
      /this cluster is not configured for dual-stack services/,
    );
    await refused(
      "three",
      { ipFamilies: ["IPv6"] },
      /spec\.ipFamilies\[0\]: Invalid value: "IPv6": not configured on this cluster/,
    );
  });

  it("stay when a client leaves them out, and do not change", async () => {
    const { clusterIP, clusterIPs } = await create("one");
    const before = await registry.get(kinds.services, { namespace: "default", name: "one" });
    const after = await update("one", copy => {
      for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const)
        delete copy.spec[field];
    });
    assert.deepEqual([after.spec.clusterIP, after.spec.clusterIPs], [clusterIP, clusterIPs]);
    assert.equal(after.metadata.resourceVersion, before.object.metadata.resourceVersion, "nothing changed");
    const other = clusterIP === "10.96.0.99" ? "10.96.0.98" : "10.96.0.99";
    await assert.rejects(
      update("one", copy => Object.assign(copy.spec, { clusterIP: other, clusterIPs: [other] })),
      /spec\.clusterIPs\[0\]: Invalid value: \S+: may not change once set/,
    );
    const wider = await update("one", copy => {
      copy.spec.ipFamilyPolicy = "RequireDualStack";
    });
    assert.equal(wider.spec.clusterIPs?.length, 2);
    const narrower = await update("one", copy => {
      copy.spec.ipFamilyPolicy = "SingleStack";
    });
    assert.deepEqual(narrower.spec.clusterIPs, clusterIPs);
    assert.equal(
      (await create("two", { clusterIP: wider.spec.clusterIPs![1]! })).clusterIP,
      wider.spec.clusterIPs![1],
    );
  });

  it("are released with the Service and by ExternalName, and given again", async () => {
    await create("one", { clusterIP: "10.96.0.5" });
    await registry.delete(kinds.services, { namespace: "default", name: "one" });
    await create("two", { clusterIP: "10.96.0.5" });
    const external = await update("two", copy =>
      Object.assign(copy.spec, { type: "ExternalName", externalName: "example.test" }),
    );
    assert.equal(external.spec.clusterIP, undefined);
    await create("three", { clusterIP: "10.96.0.5" });
    const back = await update("two", copy => Object.assign(copy.spec, { type: "ClusterIP" }));
    assert.match(back.spec.clusterIP!, /^10\.96\.0\./);
  });

  it("are not kept by a dry run, nor by a write that fails", async () => {
    await registry.create(kinds.services, service("dry", { clusterIP: "10.96.0.5" }), { dryRun: true });
    await create("one", { clusterIP: "10.96.0.6" });
    await assert.rejects(create("one", { clusterIP: "10.96.0.5" }), /already exists/);
    await create("two", { clusterIP: "10.96.0.5" });
    await refused("three", { clusterIP: "10.96.0.6" }, /already allocated/);
  });

  it("are never the same, created at once and over restarts, until the range is full", async () => {
    store = openMemoryStore();
    registry = await open(["10.96.0.0/25"]);
    await create("kubernetes", { clusterIP: "10.96.0.1" });
    const first = await Promise.all(Array.from({ length: 60 }, (_, index) => create(`a-${index}`)));
    registry = await open(["10.96.0.0/25"]);
    const second = await Promise.all(Array.from({ length: 65 }, (_, index) => create(`b-${index}`)));
    const addresses = [...first, ...second].map(({ clusterIP }) => clusterIP);
    assert.equal(new Set(addresses).size, 125);
    assert.ok(!addresses.includes("10.96.0.1"));
    await assert.rejects(create("more"), /failed to allocate a serviceIP: range is full/);
    await registry.delete(kinds.services, { namespace: "default", name: "a-7" });
    assert.equal((await create("more")).clusterIP, first[7]!.clusterIP);
  });
});
