/** ServiceCIDRs over a real registry: their finalizer and condition, and that they stay while a Service needs them. */
import assert from "node:assert/strict";
import { type IPAddress, kinds, type NewObject, type Service, type ServiceCIDR } from "@podwire/api";
import { openRegistry, type Registry } from "@podwire/apiserver";
import { openMemoryStore, type Store } from "@podwire/store";
import { AllObjects } from "../all-objects.ts";
import { type Controller, systemClock } from "../context.ts";
import { registryApi } from "../registry-api.ts";
import { canGo } from "./can-go.ts";
import { startServiceCidrs } from "./service-cidrs.ts";

const CIDRS = ["10.96.0.0/24", "fd00:10:96::/112"];
const FINALIZERS = ["networking.k8s.io/service-cidr-finalizer"];

describe("ServiceCIDR controller", () => {
  let store: Store;
  let registry: Registry;
  let controller: Controller;
  let objects: AllObjects;
  const log: string[] = [];

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store, undefined, { serviceCidrs: CIDRS });
    const api = registryApi(registry);
    objects = new AllObjects(api, message => log.push(message));
    const context = { api, clock: systemClock, log: (message: string) => void log.push(message) };
    controller = startServiceCidrs(context, objects, CIDRS);
    await objects.start();
  });
  afterEach(async () => {
    controller.stop();
    objects.stop();
    await store.close();
    assert.deepEqual(log.splice(0), []);
  });

  /** Resolves when the ServiceCIDR is as wanted, or gone. */
  const until = async (name: string, wanted: (object: ServiceCIDR | undefined) => boolean) => {
    const { items, revision } = await registry.list(kinds.serviceCIDRs);
    let object = items.map(each => each.object).find(each => each.metadata.name === name);
    const watch = registry.watch(kinds.serviceCIDRs, { afterRevision: revision });
    while (!wanted(object)) {
      for (const { type, stored } of (await watch.next())!)
        if (stored.object.metadata.name === name && !wanted(object))
          object = type === "DELETED" ? undefined : stored.object;
    }
    watch.close();
    return object;
  };
  const readyOf = (object: ServiceCIDR | undefined) =>
    object?.status.conditions?.find(({ type }) => type === "Ready");
  const isGone = (object: ServiceCIDR | undefined) => object === undefined;
  const isReady = (object: ServiceCIDR | undefined) =>
    readyOf(object)?.status === "True" && object?.metadata.finalizers !== undefined;
  const isWaiting = (object: ServiceCIDR | undefined) => readyOf(object)?.reason === "Terminating";
  const addRange = (name: string, ...cidrs: string[]) =>
    registry.create(kinds.serviceCIDRs, { metadata: { name }, spec: { cidrs }, status: {} });
  const remove = (name: string) => registry.delete(kinds.serviceCIDRs, { name });
  const createService = (name: string, clusterIP: string) =>
    registry.create(kinds.services, {
      metadata: { namespace: "default", name },
      spec: { ports: [{ port: 80 }], clusterIP },
    } as NewObject<Service>);

  it("gives each a finalizer, and says that it is ready", async () => {
    for (const name of ["kubernetes", "second"]) {
      if (name === "second") await addRange(name, "10.97.0.0/24");
      const object = await until(name, isReady);
      assert.deepEqual(object!.metadata.finalizers, FINALIZERS);
      const said = await until(name, each => readyOf(each)?.message === "Kubernetes Service CIDR is ready");
      assert.deepEqual(readyOf(said)!.status, "True");
    }
  });

  it("lets one go at once that no Service needs, and makes the cluster's own again", async () => {
    await addRange("second", "10.97.0.0/24");
    await until("second", isReady);
    await remove("second");
    await until("second", isGone);
    const { uid } = (await until("kubernetes", isReady))!.metadata;
    await remove("kubernetes");
    const next = await until("kubernetes", each => each !== undefined && each.metadata.uid !== uid);
    assert.deepEqual(next!.spec.cidrs, CIDRS);
    await until("kubernetes", isReady);
  });

  it("keeps one while a Service has an address of it, and says so", async () => {
    await addRange("second", "10.97.0.0/24");
    await until("second", isReady);
    await createService("web", "10.97.0.5");
    await remove("second");
    const waiting = await until("second", isWaiting);
    const { lastTransitionTime: _, ...condition } = readyOf(waiting)!;
    assert.deepEqual(condition, {
      type: "Ready",
      status: "False",
      reason: "Terminating",
      message:
        "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
    });
    await registry.delete(kinds.services, { namespace: "default", name: "web" });
    await until("second", isGone);
  });

  it("lets one go when another holds what it held", async () => {
    await addRange("second", "10.97.0.0/24");
    await until("second", isReady);
    await createService("web", "10.97.0.5");
    await remove("second");
    await until("second", isWaiting);
    await addRange("wider", "10.97.0.0/16");
    await until("second", isGone);
    await until("wider", isReady);
    await remove("wider");
    await until("wider", isWaiting);
  });
});

describe("a ServiceCIDR can go", () => {
  const range = (name: string, ...cidrs: string[]) =>
    ({ metadata: { name }, spec: { cidrs } }) as unknown as ServiceCIDR;
  const managed = { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" };
  const address = (name: string, labels: Record<string, string> = managed) =>
    ({ metadata: { name, labels } }) as unknown as IPAddress;
  const own = range("own", "10.0.0.0/24", "fd00::/112");

  const cases: [string, boolean, ServiceCIDR[], IPAddress[]][] = [
    ["when there are no addresses", true, [own], []],
    ["not with one of IPv4", false, [own], [address("10.0.0.5")]],
    ["nor with one of IPv6", false, [own], [address("fd00::5")]],
    ["with one of another range", true, [own], [address("10.0.1.5")]],
    ["with one that a person made", true, [own], [address("10.0.0.5", {})]],
    ["with one that another holds, too", true, [own, range("b", "10.0.0.0/25")], [address("10.0.0.5")]],
    ["not when that one's broadcast is it", false, [own, range("b", "10.0.0.0/25")], [address("10.0.0.127")]],
    ["not when only one family is held", false, [own, range("b", "10.0.0.0/8")], [address("fd00::5")]],
    [
      "when both families lie in others",
      true,
      [own, range("b", "10.0.0.0/8", "fd00::/64")],
      [address("fd00::5")],
    ],
    [
      "when a third has the same",
      true,
      [own, range("b", "10.0.0.0/24", "fd00::/112")],
      [address("10.0.0.5")],
    ],
  ];
  for (const [what, expected, all, addresses] of cases) {
    it(what, () => assert.equal(canGo(own, all, addresses), expected));
  }
});
