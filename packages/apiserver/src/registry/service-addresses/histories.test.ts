/**
 * Random histories of writes to Services, several at once, over ranges that are too small for all: whatever comes of each
 * write, no address and no port is had twice, every ClusterIP has its IPAddress and there is none beside, and at the end
 * all of them are free.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type IPAddress,
  isReason,
  kinds,
  type NewObject,
  type Service,
  type ServiceSpec,
} from "@podwire/api";
import { openLmdbStore, openMemoryStore, type Store } from "@podwire/store";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { openRegistry } from "../open.ts";
import type { Registry } from "../registry.ts";
import { realSurroundings } from "../surroundings.ts";

const OPTIONS = {
  serviceCidrs: ["10.96.0.0/28", "fd00:10:96::/124"],
  nodePortRange: { first: 30_000, last: 30_019 },
};
const HOSTS = { IPv4: 14, IPv6: 15 };
const PORTS = 20;
const NAMES = Array.from({ length: 8 }, (_, at) => `s${at}`);
const ROUNDS = 60;
const AT_ONCE = 6;
const RESERVED = ["10.96.0.13", "fd00:10:96::d"];

const one = <T>(items: readonly T[], random: Random): T => items[random(items.length)]!;

function randomSpec(random: Random): Partial<ServiceSpec> {
  const spec: Partial<ServiceSpec> = {
    type: one(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], random),
    ipFamilyPolicy: one(["SingleStack", "PreferDualStack", "RequireDualStack"], random),
    ports: Array.from({ length: 1 + random(3) }, (_, at) => ({
      name: `p${at}`,
      port: 80 + at,
      ...(random(3) === 0 && { nodePort: 30_000 + random(8) }),
    })),
  };
  const address = `10.96.0.${1 + random(14)}`;
  if (random(3) === 0) Object.assign(spec, { clusterIP: address, clusterIPs: [address] });
  if (random(8) === 0) Object.assign(spec, { clusterIP: "None", clusterIPs: ["None"] });
  if (spec.type === "LoadBalancer")
    Object.assign(spec, {
      externalTrafficPolicy: one(["Local", "Cluster"], random),
      allocateLoadBalancerNodePorts: random(3) > 0,
    });
  return spec.type === "ExternalName" ? { type: "ExternalName", externalName: "a.test", ports: [] } : spec;
}

class History {
  readonly registry: Registry;
  readonly #random: Random;
  readonly #counts: { written: number; refused: number };

  constructor(registry: Registry, random: Random, counts: { written: number; refused: number }) {
    this.registry = registry;
    this.#random = random;
    this.#counts = counts;
  }

  async write(): Promise<void> {
    const random = this.#random;
    const ref = { namespace: "default", name: one(NAMES, random) };
    const dryRun = random(5) === 0;
    const spec = randomSpec(random);
    const choice = random(10);
    try {
      if (choice < 4) {
        const service = { metadata: ref, spec } as NewObject<Service>;
        await this.registry.create(kinds.services, service, { dryRun });
      } else if (choice < 8) await this.#change(ref, spec, dryRun, choice === 7);
      else if (choice < 9) await this.#reserve(one(RESERVED, random));
      else await this.registry.delete(kinds.services, ref, { dryRun });
      this.#counts.written++;
    } catch (error) {
      const expected = ["Invalid", "AlreadyExists", "NotFound", "Conflict"];
      const isFull = /range is full|already allocated/.test((error as Error).message);
      if (!isFull && !expected.some(reason => isReason(error, reason))) throw error;
      this.#counts.refused++;
    }
  }

  async #change(
    ref: { namespace: string; name: string },
    spec: Partial<ServiceSpec>,
    dryRun: boolean,
    isStale: boolean,
  ): Promise<void> {
    const change = (copy: Service) => {
      const { clusterIP: _, clusterIPs: __, ...rest } = spec;
      copy.spec = { ...copy.spec, ...rest };
      if (isStale) copy.metadata.resourceVersion = "1";
    };
    await this.registry.mutate(kinds.services, ref, change, { dryRun });
  }

  /** What a person does who keeps an address for something else. */
  async #reserve(name: string): Promise<void> {
    const spec = { parentRef: { group: "example.com", resource: "gateways", name: "mine" } };
    await this.registry.create(kinds.ipAddresses, { metadata: { name }, spec });
  }
}

async function checkPools(registry: Registry): Promise<void> {
  const services = (await registry.list(kinds.services)).items.map(({ object }) => object);
  const addresses = services.flatMap(({ spec }) => (spec.clusterIPs ?? []).filter(text => text !== "None"));
  assert.equal(new Set(addresses).size, addresses.length, "no address twice");
  const ports = services.flatMap(({ spec }) => {
    const hasPorts = spec.type === "NodePort" || spec.type === "LoadBalancer";
    const numbers = hasPorts
      ? [...(spec.ports ?? []).map(each => each.nodePort), spec.healthCheckNodePort]
      : [];
    return [...new Set(numbers.flatMap(number => number || []))];
  });
  assert.equal(new Set(ports).size, ports.length, "no port twice");
  const objects = (await registry.list(kinds.ipAddresses)).items.map(({ object }) => object);
  const isOurs = ({ metadata }: IPAddress) =>
    metadata.labels?.["ipaddress.kubernetes.io/managed-by"] === "ipallocator.k8s.io";
  const recorded = objects.filter(isOurs).map(({ metadata, spec }) => {
    const { namespace, name, resource } = spec.parentRef;
    return `${metadata.name} ${metadata.labels!["ipaddress.kubernetes.io/ip-family"]} ${resource}/${namespace}/${name}`;
  });
  const expected = services.flatMap(({ metadata, spec }) =>
    (spec.clusterIPs ?? []).flatMap((address, at) =>
      address === "None" ? [] : `${address} ${spec.ipFamilies![at]} services/default/${metadata.name}`,
    ),
  );
  assert.deepEqual(recorded.sort(), expected.sort(), "an IPAddress for each, and no other");
  const others = objects.filter(each => !isOurs(each)).map(({ metadata }) => metadata.name);
  assert.deepEqual(
    others.filter(name => addresses.includes(name)),
    [],
    "what is kept is not given",
  );
}

async function deleteAll(registry: Registry): Promise<void> {
  await registry.deleteCollection(kinds.services, { namespace: "default" });
  await registry.deleteCollection(kinds.ipAddresses, {});
}

/** Everything can be given: nothing was lost. */
async function checkNothingLost(registry: Registry): Promise<void> {
  const create = (name: string, spec: object) =>
    registry.create(kinds.services, { metadata: { namespace: "default", name }, spec } as NewObject<Service>);
  const port = { port: 80 };
  for (const family of ["IPv4", "IPv6"] as const) {
    const all = Array.from({ length: HOSTS[family] }, (_, at) =>
      create(`f${at}`, { ipFamilies: [family], ports: [port] }),
    );
    await Promise.all(all);
    await assert.rejects(create("more", { ipFamilies: [family], ports: [port] }), /range is full/);
    await deleteAll(registry);
  }
  const ports = Array.from({ length: PORTS }, (_, at) => ({ name: `p${at}`, port: 80 + at }));
  await create("ports", { type: "NodePort", ports });
  await assert.rejects(
    create("more", { type: "NodePort", ports: [port] }),
    /failed to allocate a nodePort: range is full/,
  );
}

describe("histories of Services", function () {
  this.timeout(60_000);
  const seed = testSeed();
  let store: Store;

  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), `podwire-services-${process.pid}-`));
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (let turn = 0; turn < 8; turn++) {
    const kind = turn % 4 === 3 ? "LMDB" : "memory";
    it(`give nothing twice and lose nothing, in ${kind}, seed ${seed + turn}`, async () => {
      store = kind === "LMDB" ? await openLmdbStore(directory) : openMemoryStore();
      const random = seededRandom(seed + turn);
      const open = () => openRegistry(store, { ...realSurroundings, random }, OPTIONS);
      const counts = { written: 0, refused: 0 };
      let history = new History(await open(), random, counts);
      for (let round = 0; round < ROUNDS; round++) {
        // Not in the end: what was lost while it ran is to be found.
        if (round === ROUNDS / 3) history = new History(await open(), random, counts);
        await Promise.all(Array.from({ length: AT_ONCE }, () => history.write()));
        await checkPools(history.registry);
      }
      const { written, refused } = counts;
      assert.ok(written > 30 && refused > 30, `${written} written, ${refused} refused`);
      await deleteAll(history.registry);
      await checkPools(history.registry);
      await checkNothingLost(history.registry);
    });
  }
});
