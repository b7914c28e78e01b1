import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { EndpointSlice, ObjectName, Service } from "@podwire/protocol";
import { readyEndpointsOn } from "./endpoints.ts";
import { ServiceHealth } from "./service-health.ts";

const WEB = { namespace: "default", name: "web" };

function endpoint(address: string, words: Partial<EndpointSlice["endpoints"][number]> = {}) {
  const conditions = { ready: true, serving: true, terminating: false };
  const place = { hostname: "", nodeName: "node-1", zone: "", forZones: [], forNodes: [] };
  return { addresses: [address], ...conditions, ...place, ...words };
}

function slice(endpoints: EndpointSlice["endpoints"]): EndpointSlice {
  return { ...WEB, name: "web-1", service: "web", ports: [], endpoints };
}

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("health-check ports", () => {
  let known: Service | undefined;
  let slices: EndpointSlice[];
  let changed: (name: ObjectName) => void;
  let warnings: string[];
  let warned: () => void;
  let health: ServiceHealth;

  beforeEach(() => {
    known = undefined;
    slices = [];
    warnings = [];
    warned = () => {};
    health = new ServiceHealth({
      node: "node-1",
      addresses: ["127.0.0.1"],
      services: {
        get: () => known,
        slicesOf: () => slices,
        names: () => [],
        watch: listener => {
          changed = listener;
          return () => {};
        },
      },
      warn: ({ name }, reason, message) => {
        warnings.push(`${name} ${reason} ${message}`);
        warned();
      },
    });
  });
  afterEach(() => health.stop());

  function becomes(healthCheckNodePort: number, endpoints: EndpointSlice["endpoints"]): void {
    known = { ...WEB, healthCheckNodePort } as Service;
    slices = [slice(endpoints)];
    changed(WEB);
    health.apply();
  }

  /** Undefined: refused. */
  async function ask(
    port: number,
  ): Promise<{ status: number; weight: string | null; body: unknown } | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      const weight = response.headers.get("x-load-balancing-endpoint-weight");
      return { status: response.status, weight, body: await response.json() };
    } catch {
      return undefined;
    }
  }

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  it("answers as kube-proxy does, follows the endpoints, and closes with its Service", async () => {
    const port = await freePort();
    becomes(port, [endpoint("10.0.0.1"), endpoint("10.0.0.2"), endpoint("10.0.0.3", { nodeName: "node-2" })]);
    const answer = await until(() => ask(port));
    assert.deepEqual(answer, {
      status: 200,
      weight: "2",
      body: { service: WEB, localEndpoints: 2, serviceProxyHealthy: true },
    });
    becomes(port, []);
    assert.deepEqual(await ask(port), {
      status: 503,
      weight: "0",
      body: { service: WEB, localEndpoints: 0, serviceProxyHealthy: true },
    });
    const next = await freePort();
    becomes(next, [endpoint("10.0.0.1")]);
    await until(() => ask(next));
    assert.equal(await ask(port), undefined);
    known = undefined;
    changed(WEB);
    health.apply();
    assert.equal(await ask(next), undefined);
    assert.deepEqual(warnings, []);
  });

  it("warns of a port that is taken, once, and opens it when it is free", async function () {
    this.timeout(15_000);
    const thief = createServer().listen(0, "127.0.0.1");
    await once(thief, "listening");
    const { port } = thief.address() as AddressInfo;
    const told = new Promise<void>(resolve => {
      warned = resolve;
    });
    becomes(port, [endpoint("10.0.0.1")]);
    await told;
    thief.close();
    assert.equal((await until(() => ask(port))).status, 200);
    assert.deepEqual(warnings, [
      `web FailedToStartServiceHealthcheck node node-1 failed to start healthcheck "default/web" on port ${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    ]);
  });

  it("counts pods that are ready and not terminating, once for both families", () => {
    const count = (...endpoints: EndpointSlice["endpoints"]) =>
      readyEndpointsOn("node-1", [slice(endpoints)]);
    assert.equal(count(endpoint("10.0.0.1"), endpoint("fd00::1"), endpoint("fd00::2")), 2);
    assert.equal(
      count(endpoint("10.0.0.1", { ready: false }), endpoint("10.0.0.2", { terminating: true })),
      0,
    );
    assert.equal(count(endpoint("10.0.0.1"), endpoint("10.0.0.1")), 1);
  });
});
