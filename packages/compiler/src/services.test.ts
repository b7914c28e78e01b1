/** Services kept up to date against Services compiled from nothing; what a change touches; who takes new flows. */
import assert from "node:assert/strict";
import { formatAddress, parseAddress, type ServiceShards, ServiceTable, type Words } from "@podwire/tables";
import fc from "fast-check";
import { type Endpoint, type Endpoints, type ServiceAddresses, Services } from "./services.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const HTTP = { name: "http", protocol: "TCP", port: 80 };
const DNS = { name: "dns", protocol: "UDP", port: 53 };

function endpoint(address: string, changes: Partial<Endpoint> = {}): Endpoint {
  return { address, ready: true, serving: true, terminating: false, ...changes };
}

/** "10.244.0.2:8080, 10.244.0.3:8080 | 10.244.0.4:8080": those that take new flows, and the others. */
function row(shards: ServiceShards, address: string, protocol: number, port: number): string {
  const table = new ServiceTable(shards);
  if (!table.find(...parseAddress(address)!, protocol, port)) return "none";
  const texts = Array.from({ length: table.total }, (_, index) => {
    const at = table.backendAt(index);
    return `${formatAddress([...table.words.subarray(at, at + 4)] as unknown as Words)}:${table.backendPort(at)}`;
  });
  const parts = [texts.slice(0, table.accepting), texts.slice(table.accepting)];
  return parts
    .map(part => part.join(", "))
    .join(" | ")
    .trim();
}

describe(`Services (PODWIRE_SEED=${seed})`, () => {
  const web: ServiceAddresses = { addresses: ["10.96.0.10", "fd00:10:96::10"], ports: [HTTP, DNS] };
  const slice = (...endpoints: Endpoint[]): Endpoints => ({
    service: "default/web",
    ports: [
      { ...HTTP, port: 8080 },
      { ...DNS, port: 5353 },
    ],
    endpoints,
  });

  it("gives each port the endpoints of its family, by the name of the port", () => {
    const services = new Services();
    services.setEndpoints("default/web-1", slice(endpoint("10.244.0.2"), endpoint("10.244.1.2")));
    services.setEndpoints("default/web-2", slice(endpoint("fd00:10:244::2"), endpoint("10.244.0.2")));
    services.setEndpoints("default/web-3", {
      ...slice(endpoint("10.244.2.2")),
      ports: [{ ...HTTP, name: "" }],
    });
    services.setService("default/web", web);
    const { shards, omissions } = services.compile();
    assert.deepEqual(omissions, []);
    assert.equal(row(shards, "10.96.0.10", 6, 80), "10.244.0.2:8080, 10.244.1.2:8080 |");
    assert.equal(row(shards, "10.96.0.10", 17, 53), "10.244.0.2:5353, 10.244.1.2:5353 |");
    assert.equal(row(shards, "fd00:10:96::10", 6, 80), "[fd00:10:244::2]:8080 |".replace(/[[\]]/g, ""));
    assert.equal(row(shards, "10.96.0.10", 17, 80), "none");
  });

  it("lets ready endpoints take new flows, or terminating ones that serve when there are no others", () => {
    const services = new Services();
    services.setService("default/web", web);
    const terminating = endpoint("10.244.0.3", { ready: false, terminating: true });
    const ended = endpoint("10.244.0.4", { ready: false, serving: false, terminating: true });
    const notReady = endpoint("10.244.0.5", { ready: false, serving: false });
    const of = (...endpoints: Endpoint[]) => {
      services.setEndpoints("default/web-1", slice(...endpoints));
      return row(services.compile().shards, "10.96.0.10", 6, 80);
    };
    assert.equal(
      of(terminating, endpoint("10.244.0.2"), ended, notReady),
      "10.244.0.2:8080 | 10.244.0.3:8080",
    );
    assert.equal(of(terminating, ended, notReady), "10.244.0.3:8080 |");
    assert.equal(of(ended, notReady), "|");
    services.deleteEndpoints("default/web-1");
    assert.equal(row(services.compile().shards, "10.96.0.10", 6, 80), "|");
    services.deleteService("default/web");
    assert.equal(row(services.compile().shards, "10.96.0.10", 6, 80), "none");
  });

  it("leaves out what cannot be used, says so, and gives what two claim to the first until it goes", () => {
    const services = new Services();
    services.setService("default/web", web);
    services.setService("default/twin", { addresses: ["10.96.0.10", "banana"], ports: [HTTP] });
    services.setEndpoints("default/web-1", slice(endpoint("127.0.0.1"), endpoint("x"), endpoint("fe80::1")));
    const { omissions } = services.compile();
    assert.deepEqual(
      [...new Set(omissions.map(({ object, field, message }) => `${object}: ${field}: ${message}`))],
      [
        'EndpointSlice default/web-1: endpoints: "127.0.0.1" is no address of another host',
        'EndpointSlice default/web-1: endpoints: "x" is not an IPv4 or IPv6 address',
        'EndpointSlice default/web-1: endpoints: "fe80::1" is no address of another host',
        'Service default/twin: clusterIPs[1]: "banana" is not an IPv4 or IPv6 address',
        "Service default/twin: 10.96.0.10 6/80: is already a port of Service default/web",
      ],
    );
    services.setEndpoints("default/twin-1", { ...slice(endpoint("10.244.9.9")), service: "default/twin" });
    assert.equal(row(services.compile().shards, "10.96.0.10", 6, 80), "|");
    services.deleteService("default/web");
    assert.equal(row(services.compile().shards, "10.96.0.10", 6, 80), "10.244.9.9:8080 |");
  });

  it("builds only the shards that a change is about", () => {
    const services = new Services();
    for (let index = 0; index < 1000; index++) {
      const name = `default/s${index}`;
      services.setService(name, { addresses: [`10.96.${index >> 8}.${index & 255}`], ports: [HTTP] });
      services.setEndpoints(name, { ...slice(endpoint("10.244.0.2")), service: name });
    }
    const before = services.compile().shards;
    services.setEndpoints("default/s7", { ...slice(endpoint("10.244.0.3")), service: "default/s7" });
    const after = services.compile().shards;
    assert.equal(after.filter((shard, index) => shard !== before[index]).length, 1);
    assert.deepEqual(services.compile().shards, after);
  });

  it("is after any changes what it would be from nothing", () => {
    const address = fc.constantFrom("10.96.0.1", "10.96.0.2", "10.96.1.1", "fd00:10:96::1");
    const port = fc.constantFrom(HTTP, DNS);
    const name = fc.constantFrom("a/x", "a/y");
    const setService = fc
      .tuple(name, fc.uniqueArray(address, { maxLength: 2 }), fc.uniqueArray(port))
      .map(([service, addresses, ports]) => (to: Services, state: State) => {
        to.setService(service, { addresses, ports });
        state.services.delete(service);
        state.services.set(service, { addresses, ports });
      });
    const setSlice = fc
      .tuple(
        fc.constantFrom("s1", "s2"),
        name,
        fc.array(fc.constantFrom("10.244.0.2", "10.244.0.3", "fd00::2")),
        fc.boolean(),
      )
      .map(([key, service, addresses, ready]) => (to: Services, state: State) => {
        const endpoints = addresses.map(each => endpoint(each, { ready }));
        const value = { ...slice(...endpoints), service };
        to.setEndpoints(key, value);
        state.slices.delete(key);
        state.slices.set(key, value);
      });
    const forget = fc
      .tuple(fc.constantFrom("a/x", "a/y", "s1", "s2"))
      .map(([key]) => (to: Services, state: State) => {
        to.deleteService(key);
        to.deleteEndpoints(key);
        state.services.delete(key);
        state.slices.delete(key);
      });
    const property = fc.property(
      fc.array(fc.tuple(fc.oneof(setService, setSlice, forget), fc.boolean())),
      steps => {
        const kept = new Services();
        const state: State = { services: new Map(), slices: new Map() };
        for (const [step, compiles] of steps) {
          step(kept, state);
          if (compiles) kept.compile();
        }
        const fresh = new Services();
        for (const [key, value] of state.slices) fresh.setEndpoints(key, value);
        for (const [key, value] of state.services) fresh.setService(key, value);
        const [one, other] = [kept.compile().shards, fresh.compile().shards];
        for (const each of ["10.96.0.1", "10.96.0.2", "10.96.1.1", "fd00:10:96::1"]) {
          const claimants = [...state.services.values()].filter(({ addresses }) => addresses.includes(each));
          // Who was first depends on the history then.
          if (claimants.length > 1) continue;
          for (const [protocol, number] of [
            [6, 80],
            [17, 53],
          ] as const)
            assert.deepEqual(
              row(one, each, protocol, number)
                .split(/[ ,|]+/)
                .sort(),
              row(other, each, protocol, number)
                .split(/[ ,|]+/)
                .sort(),
            );
        }
      },
    );
    fc.assert(property, { seed, numRuns: 500 });
  });
});

interface State {
  readonly services: Map<string, ServiceAddresses>;
  readonly slices: Map<string, Endpoints>;
}
