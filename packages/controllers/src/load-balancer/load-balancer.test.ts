import assert from "node:assert/strict";
import { kinds, type Service, type ServiceSpec } from "@podwire/api";
import { openRegistry, type Registry } from "@podwire/apiserver";
import { openMemoryStore, type Store } from "@podwire/store";
import { systemClock } from "../context.ts";
import { registryApi } from "../registry-api.ts";
import { FINALIZER, LoadBalancerController } from "./load-balancer.ts";
import type { PoolOptions } from "./pools.ts";

const POOLS: readonly PoolOptions[] = [
  { name: "first", addresses: ["192.0.2.1-192.0.2.2", "fd00::1-fd00::9"], ipMode: "VIP" },
  { name: "second", addresses: ["198.51.100.0/31"], ipMode: "VIP" },
  { name: "theirs", addresses: ["203.0.113.0/24"], class: "example.com/proxy", ipMode: "Proxy" },
];

describe("load balancer controller", () => {
  let store: Store;
  let registry: Registry;
  let controller: LoadBalancerController;
  let events: string[];

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/16", "fd96::/112"] });
    await registry.create(kinds.namespaces, { metadata: { name: "default" } }).catch(() => {});
    events = [];
    await begin(POOLS);
  });
  afterEach(async () => {
    controller.stop();
    await store.close();
  });

  async function begin(pools: readonly PoolOptions[]): Promise<void> {
    controller = new LoadBalancerController(
      {
        api: registryApi(registry),
        clock: systemClock,
        log: line => events.push(`log ${line}`),
        recordEvent: ({ name }, type, reason, message) => events.push(`${name} ${type} ${reason} ${message}`),
      },
      pools,
    );
    await controller.start();
  }

  async function make(name: string, spec: Partial<ServiceSpec> = {}): Promise<void> {
    const ports = [{ port: 80, protocol: "TCP" as const }];
    const metadata = { namespace: "default", name };
    await registry.create(kinds.services, {
      metadata,
      spec: { type: "LoadBalancer", ports, ...spec } as ServiceSpec,
    });
  }

  const at = (name: string) => ({ namespace: "default", name });
  const change = (name: string, edit: (copy: Service) => void) =>
    registry.mutate(kinds.services, at(name), edit);

  /** The addresses of a Service, once they are these. */
  async function gets(name: string, ...wanted: string[]): Promise<Service> {
    const { revision, items } = await registry.list(kinds.services);
    const watch = registry.watch(kinds.services, { afterRevision: revision });
    const addresses = ({ status }: Service) =>
      (status.loadBalancer?.ingress ?? []).map(({ ip, ipMode }) => `${ip} ${ipMode}`);
    const isIt = (each: Service) =>
      each.metadata.name === name && addresses(each).join() === wanted.map(withMode).join();
    try {
      let found = items.map(({ object }) => object).find(isIt);
      while (found === undefined) {
        const heard = (await watch.next()) ?? [];
        found = heard
          .filter(({ type }) => type !== "DELETED")
          .map(({ stored }) => stored.object)
          .find(isIt);
      }
      return found;
    } finally {
      watch.close();
    }
  }
  const withMode = (address: string) => (address.includes(" ") ? address : `${address} VIP`);

  async function gone(name: string): Promise<void> {
    const watch = registry.watch(kinds.services, {
      afterRevision: (await registry.list(kinds.services)).revision,
    });
    try {
      const isThere = () =>
        registry.get(kinds.services, at(name)).then(
          () => true,
          () => false,
        );
      while (await isThere()) await watch.next();
    } finally {
      watch.close();
    }
  }

  it("gives each Service an address of each of its families, of the first pool that has one", async () => {
    await make("one");
    const one = await gets("one", "192.0.2.1");
    assert.deepEqual(one.metadata.finalizers, [FINALIZER]);
    await make("two", { ipFamilyPolicy: "RequireDualStack" });
    await gets("two", "192.0.2.2", "fd00::1");
    await make("three", { ipFamilies: ["IPv6"] });
    await gets("three", "fd00::2");
    await make("four");
    await gets("four", "198.51.100.0");
    assert.deepEqual(events.slice(0, 2), [
      "one Normal EnsuringLoadBalancer Ensuring load balancer",
      "one Normal EnsuredLoadBalancer Ensured load balancer",
    ]);
  });

  it("lets a Service wait, and says so once, until another lets go: deleted, or of another type", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) await make(name);
    await gets("d", "198.51.100.1");
    await gets("f");
    await registry.delete(kinds.services, at("a"));
    await gone("a");
    await gets("e", "192.0.2.1");
    await change("b", ({ spec }) => {
      spec.type = "ClusterIP";
    });
    await gets("f", "192.0.2.2");
    await gets("b");
    // Deleted at once: nothing holds it any more.
    await registry.delete(kinds.services, at("b"));
    await gone("b");
    const told = events.filter(line => line.startsWith("e Warning"));
    assert.deepEqual(told, [
      "e Warning SyncLoadBalancerFailed Error syncing load balancer: no IPv4 address is free in the pools (first: 192.0.2.1-192.0.2.2, fd00::1-fd00::9; second: 198.51.100.0/31); delete Services of type LoadBalancer, or make the pools larger in lab.yaml (loadBalancer.pools)",
    ]);
  });

  it("honours loadBalancerIP, refuses one that is no pool's or another's, and follows its change", async () => {
    await make("asks", { loadBalancerIP: "198.51.100.1" });
    await gets("asks", "198.51.100.1");
    await make("late", { loadBalancerIP: "198.51.100.1" });
    await change("asks", ({ spec }) => {
      spec.loadBalancerIP = "192.0.2.2";
    });
    await gets("asks", "192.0.2.2");
    await gets("late", "198.51.100.1");
    await make("lost", { loadBalancerIP: "8.8.8.8" });
    await make("six", { loadBalancerIP: "fd00::7" });
    await make("last");
    await gets("last", "192.0.2.1");
    assert.deepEqual(
      events.filter(line => line.includes("Warning")).map(line => line.split(": ").slice(1).join(": ")),
      [
        "spec.loadBalancerIP: 198.51.100.1 is already the address of Service default/asks",
        "spec.loadBalancerIP: 8.8.8.8 is in no pool (first: 192.0.2.1-192.0.2.2, fd00::1-fd00::9; second: 198.51.100.0/31); choose one of theirs",
        "spec.loadBalancerIP: fd00::7 is IPv6, spec.ipFamilies has only IPv4",
      ],
    );
  });

  it("serves the classes that a pool is for, with the pool's mode, and leaves others alone", async () => {
    await make("proxied", { loadBalancerClass: "example.com/proxy" });
    await gets("proxied", "203.0.113.0 Proxy");
    await make("foreign", { loadBalancerClass: "example.com/unknown" });
    await make("ours");
    await gets("ours", "192.0.2.1");
    const { object: foreign } = await registry.get(kinds.services, at("foreign"));
    assert.equal(foreign.metadata.finalizers, undefined);
    assert.deepEqual(
      events.filter(line => line.startsWith("foreign")),
      [],
    );
  });

  it("after a restart keeps what was given, repairs what lies, and moves what a pool lost", async () => {
    await make("old");
    await gets("old", "192.0.2.1");
    await make("other");
    await gets("other", "192.0.2.2");
    controller.stop();
    await registry.mutate(
      kinds.services,
      at("other"),
      ({ status }) => {
        status.loadBalancer = { ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }] };
      },
      { subresource: "status" },
    );
    await begin(POOLS);
    await gets("other", "192.0.2.2");
    await gets("old", "192.0.2.1");
    controller.stop();
    await begin(POOLS.slice(1));
    await gets("old", "198.51.100.0");
    await gets("other", "198.51.100.1");
  });
});
