/** The table of Services against its slow twin, after any changes; what a change touches; what is left out. */
import assert from "node:assert/strict";
import { formatAddress, limits, parseAddress, ServiceTable, type Words } from "@podwire/tables";
import fc from "fast-check";
import type { Endpoint } from "./endpoints.ts";
import type { HostPort } from "./host-ports.ts";
import { NODE_IPV4, NODE_IPV6, PROTOCOLS, type ServiceSource, type SliceSource } from "./service-rows.ts";
import { type ServiceReader, Services } from "./services.ts";
import { answersOf, type Question, type World } from "./testing/service-oracle.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const HTTP = { name: "http", protocol: "TCP", port: 80, nodePort: 30_080 };
const DNS = { name: "dns", protocol: "UDP", port: 53, nodePort: 0 };

const NOTHING: ServiceSource = {
  clusterIps: [],
  ports: [],
  externalIps: [],
  loadBalancerIps: [],
  loadBalancerSourceRanges: [],
  affinityTimeoutSeconds: 0,
  internalTrafficPolicyLocal: false,
  externalTrafficPolicyLocal: false,
};

function endpoint(address: string, changes: Partial<Endpoint> = {}): Endpoint {
  const conditions = { ready: true, serving: true, terminating: false };
  return { addresses: [address], ...conditions, nodeName: "", forZones: [], forNodes: [], ...changes };
}

function slice(name: string, ...endpoints: Endpoint[]): SliceSource {
  const ports = [
    { ...HTTP, port: 8080 },
    { ...DNS, port: 5353 },
  ];
  return { name, ports, endpoints };
}

/** What a node knows, its table, and who asks it. */
class Node implements ServiceReader {
  readonly services = new Map<string, ServiceSource>();
  readonly slices = new Map<string, readonly SliceSource[]>();
  readonly compiled = new Services(this);
  readonly table = new ServiceTable();

  read(name: string): ServiceSource | undefined {
    return this.services.get(name);
  }

  slicesOf(name: string): readonly SliceSource[] {
    return this.slices.get(name) ?? [];
  }

  set(name: string, service: ServiceSource | undefined, slices = this.slicesOf(name)): void {
    if (service === undefined) this.services.delete(name);
    else this.services.set(name, service);
    this.slices.set(name, slices);
    this.compiled.changed(name);
  }

  /** Brings the table up to date; says how many shards that took, and what was left out. */
  compile(): { shards: number; omitted: string[] } {
    const { shards, omissions, replaced } = this.compiled.compile();
    this.table.update(shards);
    this.compiled.recycle(replaced);
    const omitted = omissions.map(({ object, field, message }) => `${object}: ${field}: ${message}`);
    return { shards: shards.size, omitted: [...new Set(omitted)] };
  }

  /** In the words of the twin. */
  answer({ isOutside, source, destination, protocol, port }: Question): string {
    const own = source.includes(":") ? NODE_IPV6 : NODE_IPV4;
    const words = destination === "node" ? own : parseAddress(destination)!;
    const { table } = this;
    if (!table.find(...words, PROTOCOLS[protocol]!, port)) return "none";
    if (!table.admits(...parseAddress(source)!)) return "denied";
    table.forClients(isOutside);
    const texts = Array.from({ length: table.accepting }, (_, index) =>
      this.#backend(table.backendAt(index)),
    );
    return texts.sort().join(" ") || (table.isServedElsewhere ? "elsewhere" : "refused");
  }

  #backend(at: number): string {
    const words = [...this.table.words.subarray(at, at + 4)] as unknown as Words;
    return `${formatAddress(words)}:${this.table.backendPort(at)}`;
  }
}

const fromPod = { isOutside: false, source: "10.244.0.9" };

describe(`Services (PODWIRE_SEED=${seed})`, () => {
  const web = { ...NOTHING, clusterIps: ["10.96.0.10", "fd00:10:96::10"], ports: [HTTP, DNS] };

  it("gives each port the endpoints of its family, by the name of the port", () => {
    const node = new Node();
    const unnamed = { ...slice("web-3", endpoint("10.244.2.2")), ports: [{ ...HTTP, name: "" }] };
    node.set("default/web", web, [
      slice("web-1", endpoint("10.244.0.2"), endpoint("10.244.1.2")),
      slice("web-2", endpoint("fd00:10:244::2"), endpoint("10.244.0.2")),
      unnamed,
    ]);
    assert.deepEqual(node.compile().omitted, []);
    const ask = (destination: string, protocol: string, port: number, source = fromPod.source) =>
      node.answer({ ...fromPod, source, destination, protocol, port });
    assert.equal(ask("10.96.0.10", "TCP", 80), "10.244.0.2:8080 10.244.1.2:8080");
    assert.equal(ask("10.96.0.10", "UDP", 53), "10.244.0.2:5353 10.244.1.2:5353");
    assert.equal(ask("fd00:10:96::10", "TCP", 80, "fd00:10:244::9"), "fd00:10:244::2:8080");
    assert.equal(ask("10.96.0.10", "UDP", 80), "none");
    assert.equal(ask("node", "TCP", 30_080), "10.244.0.2:8080 10.244.1.2:8080");
    assert.ok(node.table.hasAddress(...parseAddress("10.96.0.10")!));
    node.set("default/web", undefined, []);
    node.compile();
    assert.equal(ask("10.96.0.10", "TCP", 80), "none");
    assert.ok(!node.table.hasAddress(...parseAddress("10.96.0.10")!));
  });

  it("knows endpoints that only keep the flows that they have", () => {
    const node = new Node();
    const terminating = endpoint("10.244.0.3", { ready: false, terminating: true });
    const ended = endpoint("10.244.0.4", { ready: false, serving: false, terminating: true });
    node.set("default/web", web, [slice("web-1", terminating, endpoint("10.244.0.2"), ended)]);
    node.compile();
    const question = { ...fromPod, destination: "10.96.0.10", protocol: "TCP", port: 80 };
    assert.equal(node.answer(question), "10.244.0.2:8080");
    assert.ok(node.table.knows(...parseAddress("10.244.0.3")!, 8080));
    assert.ok(!node.table.knows(...parseAddress("10.244.0.4")!, 8080));
  });

  it("leaves out what cannot be used, says so, and gives what two claim to the first until it goes", () => {
    const node = new Node();
    const bad = slice("default/web-1", endpoint("127.0.0.1"), endpoint("x"), endpoint("fe80::1"));
    node.set("default/web", web, [bad]);
    const twin = { ...NOTHING, clusterIps: ["10.96.0.10", "banana"], ports: [HTTP] };
    node.set("default/twin", twin, [slice("twin-1", endpoint("10.244.9.9"))]);
    assert.deepEqual(node.compile().omitted, [
      'EndpointSlice default/web-1: endpoints: "127.0.0.1" is no address of another host',
      'EndpointSlice default/web-1: endpoints: "x" is not an IPv4 or IPv6 address',
      'EndpointSlice default/web-1: endpoints: "fe80::1" is no address of another host',
      'Service default/twin: clusterIPs[1]: "banana" is not an IPv4 or IPv6 address',
      "Service default/twin: 10.96.0.10 6/80: is already a port of Service default/web",
      "Service default/twin: 0.0.0.0 6/30080: is already a port of Service default/web",
    ]);
    const question = { ...fromPod, destination: "10.96.0.10", protocol: "TCP", port: 80 };
    assert.equal(node.answer(question), "refused");
    node.set("default/web", undefined);
    node.compile();
    assert.equal(node.answer(question), "10.244.9.9:8080");
    assert.ok(node.table.hasAddress(...parseAddress("10.96.0.10")!));
  });

  it("builds only the shards that a change is about", () => {
    const node = new Node();
    for (let index = 0; index < 1000; index++) {
      const clusterIps = [`10.96.${index >> 8}.${index & 255}`];
      node.set(`default/s${index}`, { ...NOTHING, clusterIps, ports: [DNS] }, [
        slice("", endpoint("10.244.0.2")),
      ]);
    }
    assert.equal(node.compile().shards, limits.serviceShards);
    node.set("default/s7", node.read("default/s7"), [slice("", endpoint("10.244.0.3"))]);
    assert.equal(node.compile().shards, 2, "that of the address, and that of the port");
    assert.equal(node.compile().shards, 0);
  });

  it("binds clients to the same number through changes, and to another after the Service was gone", () => {
    const node = new Node();
    const numberOf = () => {
      node.compile();
      assert.ok(node.table.find(...parseAddress("10.96.0.10")!, 6, 80));
      return node.table.owner;
    };
    node.set("default/web", { ...web, affinityTimeoutSeconds: 30 });
    const first = numberOf();
    assert.equal(node.table.affinityMs, 30_000);
    assert.ok(node.table.find(...NODE_IPV4, 6, 30_080) && node.table.owner === first);
    node.set("default/web", web, [slice("web-1", endpoint("10.244.0.2"))]);
    assert.equal(numberOf(), first);
    node.set("default/web", undefined);
    node.compile();
    node.set("default/web", web);
    assert.notEqual(numberOf(), first);
  });

  it("is after any changes what the slow twin says of the world", () => {
    const property = fc.property(fc.array(step, { maxLength: 12 }), steps => {
      const node = new Node();
      let world: World = {
        services: node.services,
        slices: node.slices,
        hostPorts: new Map(),
        place: places[0]!,
      };
      node.compiled.setPlace(world.place);
      for (const change of steps) {
        world = change(node, world);
        if (steps.length % 2 === 0) node.compile();
      }
      node.compile();
      for (const question of questions) {
        const answers = answersOf(world, question);
        const answer = node.answer(question);
        const isRight = answers.size === 0 ? answer === "none" : [...answers.values()].includes(answer);
        assert.ok(isRight, `${JSON.stringify(question)}: ${answer}, not ${JSON.stringify([...answers])}`);
      }
    });
    fc.assert(property, { seed, numRuns: 1000 });
  });
});

const places = [
  { node: "node-1", zone: "a" },
  { node: "node-2", zone: "b" },
  { node: "node-3", zone: "" },
];
const VIPS = ["10.96.0.1", "10.96.0.2", "fd00:10:96::1", "192.0.2.1", "192.0.2.2", "2001:db8::1"];
const SOURCES = ["10.244.0.9", "198.51.100.7", "fd00:10:244::9"];

/** Every client, address and port that could matter. */
const questions: Question[] = [false, true].flatMap(isOutside =>
  SOURCES.flatMap(source =>
    [...VIPS.filter(vip => vip.includes(":") === source.includes(":")), "node"].flatMap(destination =>
      [
        ["TCP", 80],
        ["UDP", 53],
        ["TCP", 30_080],
      ].map(([protocol, port]) => ({
        isOutside,
        source,
        destination,
        protocol: protocol as string,
        port: port as number,
      })),
    ),
  ),
);

const some = <Value>(...values: Value[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 });
const anyService: fc.Arbitrary<ServiceSource> = fc.record(
  {
    clusterIps: some("10.96.0.1", "10.96.0.2", "fd00:10:96::1"),
    ports: some(HTTP, DNS),
    externalIps: some("192.0.2.1", "2001:db8::1"),
    loadBalancerIps: some("192.0.2.2", "2001:db8::1"),
    loadBalancerSourceRanges: some("10.244.0.0/16", "198.51.100.0/24", "fd00::/16"),
    affinityTimeoutSeconds: fc.constantFrom(0, 30),
    internalTrafficPolicyLocal: fc.boolean(),
    externalTrafficPolicyLocal: fc.boolean(),
  },
  { noNullPrototype: true },
);
const conditions = fc.constantFrom(
  { ready: true, serving: true, terminating: false },
  { ready: false, serving: true, terminating: true },
  { ready: false, serving: false, terminating: true },
  { ready: false, serving: false, terminating: false },
  // publishNotReadyAddresses; and what only a hand writes.
  { ready: true, serving: false, terminating: true },
  { ready: false, serving: true, terminating: false },
);
/** What an endpoint is depends on nothing but its address and conditions, so that in two slices it is the same one. */
const anyEndpoint: fc.Arbitrary<Endpoint> = fc
  .tuple(fc.constantFrom("10.244.0.2", "10.244.1.2", "10.244.2.2", "fd00:10:244::2"), conditions, fc.nat(7))
  .map(([address, each, hints]) => {
    const number = Number(address.at(-3)) % 3 || 0;
    const forZones = hints & 1 ? [places[number]!.zone || "c"] : [];
    const forNodes = hints & 2 ? [places[(number + hints) % 3]!.node] : [];
    return endpoint(address, { ...each, nodeName: `node-${number + 1}`, forZones, forNodes });
  });
const anySlices = fc.uniqueArray(fc.array(anyEndpoint, { maxLength: 4 }), { maxLength: 2 }).map(all => {
  const seen = new Map<string, Endpoint>();
  // One endpoint in two slices has the same place and hints in both.
  const unified = all.map(endpoints =>
    endpoints.map(each => {
      const first = seen.get(each.addresses[0]!) ?? each;
      seen.set(each.addresses[0]!, first);
      const { ready, serving, terminating } = each;
      return { ...first, ready, serving, terminating };
    }),
  );
  return unified.map((endpoints, index) => slice(`slice-${index}`, ...endpoints));
});
const anyHostPorts: fc.Arbitrary<ReadonlyMap<string, readonly HostPort[]>> = fc
  .array(
    fc.record({
      hostIp: fc.constantFrom("", "192.0.2.1"),
      hostPort: fc.constantFrom(80, 30_080),
      protocol: fc.constant("TCP"),
      containerPort: fc.constant(8080),
      podIps: fc.constantFrom(["10.244.0.7"], ["10.244.0.8", "fd00:10:244::8"]),
    }),
    { maxLength: 2 },
  )
  .map(ports => new Map(ports.map((port, index) => [`default/pod-${index}`, [port]])));

type Step = (node: Node, world: World) => World;
const name = fc.constantFrom("a/x", "a/y", "b/x");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(name, anyService, anySlices).map(
    ([key, service, slices]): Step =>
      (node, world) => {
        node.set(key, service, slices);
        return world;
      },
  ),
  fc.tuple(name, anySlices).map(
    ([key, slices]): Step =>
      (node, world) => {
        node.set(key, node.read(key), slices);
        return world;
      },
  ),
  name.map(
    (key): Step =>
      (node, world) => {
        node.set(key, undefined);
        return world;
      },
  ),
  fc.constantFrom(...places).map(
    (place): Step =>
      (node, world) => {
        node.compiled.setPlace(place);
        return { ...world, place };
      },
  ),
  anyHostPorts.map(
    (hostPorts): Step =>
      (node, world) => {
        node.compiled.setHostPorts(hostPorts);
        return { ...world, hostPorts };
      },
  ),
);
