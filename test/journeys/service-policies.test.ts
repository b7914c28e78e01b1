/**
 * Whom a node sends a client to: traffic policies, hints, session affinity, endpoints that terminate, and pods that ask at
 * other nodes. A server on each of three nodes, in two zones; slices by hand, so that they say what the test wants.
 */
import assert from "node:assert/strict";
import {
  type Endpoint,
  type EndpointSlice,
  kinds,
  type Pod,
  type Service,
  type ServiceSpec,
} from "@podwire/api";
import { host, ipv4Of, ipv6Of, podManifest, runPods, runServers, sh, useLab } from "./lab.ts";

const NODES = ["node-1", "node-2", "node-3"] as const;
const CURL = "curl -sS -g -m 5 --retry 40 --retry-connrefused --retry-delay 0 --retry-max-time 10";
const families = [
  { family: "IPv4", of: ipv4Of },
  { family: "IPv6", of: ipv6Of },
] as const;
type Family = (typeof families)[number]["family"];

describe("journey: policies of Services", function () {
  this.timeout(90_000);
  const context = useLab({
    nodes: NODES.map(name => ({
      name,
      labels: { "topology.kubernetes.io/zone": name === "node-3" ? "b" : "a" },
    })),
  });
  /** server-1 on node-1 and so on; client-3 is on node-3 as server-3 is. */
  let servers: Pod[];

  before(async () => {
    const { lab } = context;
    servers = await runServers(
      lab,
      NODES.map((node, index) => podManifest(`server-${index + 1}`, { node })),
    );
    await runPods(
      lab,
      NODES.map((node, index) => podManifest(`client-${index + 1}`, { node, args: ["pause"] })),
    );
  });

  async function serve(family: Family, spec: Partial<ServiceSpec>): Promise<Service> {
    const ports = [
      { name: "one", port: 80, targetPort: 8080 },
      { name: "two", port: 81, targetPort: 8080 },
    ];
    return await context.lab.client.create(kinds.services, {
      metadata: { generateName: "policy-", namespace: "default" },
      spec: { ports, ipFamilies: [family], type: "NodePort", ...spec },
    } as unknown as Service);
  }

  /** The only slice of the Service from now on. */
  async function setEndpoints(
    { metadata }: Service,
    family: Family,
    endpoints: Partial<Endpoint>[],
  ): Promise<void> {
    const { client } = context.lab;
    const { of } = families.find(each => each.family === family)!;
    const key = { namespace: "default", name: `${metadata.name}-1` };
    const { items } = await client.list(kinds.endpointSlices, { namespace: "default" });
    const known = items.find(each => each.metadata.name === key.name);
    const all = endpoints.map((each, index) => ({
      addresses: [of(servers[index]!)],
      nodeName: NODES[index],
      conditions: { ready: true },
      ...each,
    }));
    if (known !== undefined) {
      await client.update(kinds.endpointSlices, { ...known, endpoints: all as EndpointSlice["endpoints"] });
      return;
    }
    await client.create(kinds.endpointSlices, {
      metadata: { ...key, labels: { "kubernetes.io/service-name": metadata.name } },
      addressType: family,
      endpoints: all,
      ports: ["one", "two"].map(name => ({ name, protocol: "TCP", port: 8080 })),
    } as unknown as EndpointSlice);
  }

  /** The servers that answer a pod, when it asks often. */
  async function answers(client: number, address: string, port = 80, times = 25): Promise<string[]> {
    const url = `http://${host(address)}:${port}/hostname`;
    const line = `for i in $(seq ${times}); do ${CURL} ${url} && echo; done`;
    return [...new Set((await sh(context.lab, `client-${client}`, line)).split("\n"))].sort();
  }

  const READY = {};
  const GONE = { conditions: { ready: false, serving: false, terminating: true } };
  const ENDING = { conditions: { ready: false, serving: true, terminating: true } };

  /** Waits until a pod is answered by exactly these. */
  async function becomes(client: number, address: string, expected: string[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const heard = await answers(client, address, 80, 12);
      if (heard.join() === expected.join() || attempt === 20) return assert.deepEqual(heard, expected);
    }
  }

  for (const { family } of families) {
    it(`${family}: internalTrafficPolicy Local leaves a pod the endpoints of its node, also one that terminates`, async () => {
      const service = await serve(family, { internalTrafficPolicy: "Local" });
      const address = service.spec.clusterIP!;
      await setEndpoints(service, family, [READY, READY, GONE]);
      await becomes(1, address, ["server-1"]);
      await becomes(2, address, ["server-2"]);
      // 28: no answer; 7 would be refused.
      const silent = `curl -sS -g -m 1 http://${host(address)}/; [ $? = 28 ]`;
      await sh(context.lab, "client-3", silent);
      await setEndpoints(service, family, [ENDING, READY, GONE]);
      await becomes(1, address, ["server-1"]);
      await setEndpoints(service, family, [GONE, GONE, GONE]);
      const refused = `for i in $(seq 40); do curl -sS -g -m 1 http://${host(address)}/; [ $? = 7 ] && exit 0; done; exit 1`;
      await sh(context.lab, "client-1", refused);
    });

    it(`${family}: hints keep traffic in its zone or on its node, unless they cannot be followed`, async () => {
      const service = await serve(family, {});
      const address = service.spec.clusterIP!;
      const all = ["server-1", "server-2", "server-3"];
      const zone = (name: string) => ({ hints: { forZones: [{ name }] } });
      await setEndpoints(service, family, [zone("a"), zone("a"), zone("b")]);
      await becomes(1, address, ["server-1", "server-2"]);
      await becomes(3, address, ["server-3"]);
      const node = (index: number) => ({
        hints: { ...zone("a").hints, forNodes: [{ name: NODES[index]! }] },
      });
      await setEndpoints(service, family, [node(0), node(1), node(0)]);
      await becomes(1, address, ["server-1", "server-3"]);
      await becomes(2, address, ["server-2"]);
      await setEndpoints(service, family, [zone("a"), zone("a"), READY]);
      await becomes(1, address, all);
      await becomes(3, address, all);
    });

    it(`${family}: a client keeps its endpoint across ports and node ports, until that leaves`, async () => {
      const service = await serve(family, { sessionAffinity: "ClientIP" });
      const address = service.spec.clusterIP!;
      await setEndpoints(service, family, [READY, READY, READY]);
      const [first, ...others] = await answers(1, address);
      assert.deepEqual(others, []);
      assert.deepEqual(await answers(1, address, 81), [first]);
      const { addresses } = context.lab.topology.nodes[0]!;
      const own = addresses.find(each => each.includes(":") === (family === "IPv6"))!;
      assert.deepEqual(await answers(1, own, service.spec.ports![0]!.nodePort!), [first]);
      const left = [0, 1, 2].map(index => (first === `server-${index + 1}` ? GONE : READY));
      await setEndpoints(service, family, left);
      for (let attempt = 0; (await answers(1, address, 80, 3)).includes(first!); attempt++)
        assert.ok(attempt < 40, `${first} still answers`);
      const [second, ...more] = await answers(1, address);
      assert.deepEqual(more, []);
      await setEndpoints(service, family, [READY, READY, READY]);
      assert.deepEqual(await answers(1, address), [second], "and not back again");
    });

    it(`${family}: a pod is served at other nodes' node ports, wherever the endpoints are`, async () => {
      const service = await serve(family, {});
      await setEndpoints(service, family, [READY, READY, READY]);
      const port = service.spec.ports![0]!.nodePort!;
      for (const { addresses } of context.lab.topology.nodes) {
        const address = addresses.find(each => each.includes(":") === (family === "IPv6"))!;
        assert.deepEqual(await answers(1, address, port, 40), ["server-1", "server-2", "server-3"]);
      }
    });
  }
});
