/**
 * Load balancers beyond the default: a lab of one family over an underlay of both, pools by class, a pool that is used
 * up, and a load balancer of ipMode Proxy, which is somebody else's: a host outside that forwards to node ports.
 */
import assert from "node:assert/strict";
import { kinds, type LoadBalancerIngress, type Service, type ServiceSpec } from "@podwire/api";
import { type HeldNamespace, until } from "@podwire/lab";
import { expectSuccess, podManifest, runPods, runServers, sh, useLab } from "./lab.ts";

const PROXY = "fd00:172:30::aaaa";

/** Answers as a node port does, and says that it was asked. */
const FORWARD = `
  const [address, ...target] = process.argv.slice(1);
  const http = require("http");
  http.createServer((request, response) => {
    http.get({ host: target[0], port: target[1], path: request.url }, answer => {
      response.write("by the proxy: ");
      answer.pipe(response);
    });
  }).listen(80, address, () => console.log("ready"));
`;

const CURL_PATIENTLY = "curl -sS -g -m 2 --retry 20 --retry-all-errors --retry-delay 0 --retry-max-time 15";

describe("journey: load balancers by pool, class and mode", function () {
  this.timeout(60_000);
  const context = useLab({
    networking: { ipFamilies: ["IPv6"] },
    outside: [{ name: "client" }, { name: "proxy" }],
    loadBalancer: {
      pools: [
        { name: "one", addresses: ["fd00:172:30::bbbb-fd00:172:30::bbbb"] },
        { name: "proxied", addresses: [`${PROXY}/128`], class: "example.com/proxy", ipMode: "Proxy" },
      ],
    },
  });

  const on = (netns: HeldNamespace) => async (line: string) =>
    expectSuccess(line, await netns.exec("sh", "-c", line));
  const client = (line: string) => on(context.lab.netnsOfOutside("client"))(line);
  const nodeAddress = (index: number, version: 4 | 6) =>
    context.lab.topology.nodes[index]!.addresses.find(each => each.includes(":") === (version === 6))!;

  async function make(name: string, nodePort: number, spec: Partial<ServiceSpec> = {}): Promise<void> {
    const ports = [{ port: 80, targetPort: 8080, protocol: "TCP" as const, nodePort }];
    await context.lab.client.create(kinds.services, {
      metadata: { name, namespace: "default" },
      spec: { type: "LoadBalancer", selector: { app: "server" }, ports, ...spec } as ServiceSpec,
    });
  }

  function ingressOf(name: string): Promise<LoadBalancerIngress[]> {
    return until(
      context.lab.client,
      kinds.services,
      { namespace: "default" },
      (services: Service[]) =>
        services.find(({ metadata }) => metadata.name === name)?.status.loadBalancer?.ingress as
          | LoadBalancerIngress[]
          | undefined,
      () => `Service ${name} has no address of a load balancer`,
    );
  }

  before(async () => {
    const server = podManifest("server", { node: "node-1" });
    Object.assign(server.metadata, { labels: { app: "server" } });
    await runServers(context.lab, [server]);
    await runPods(context.lab, [podManifest("pod", { node: "node-2", args: ["pause"] })]);
  });

  it("of one family alone is served, announced, and its node port is no other family's", async () => {
    await make("web", 30_080);
    assert.deepEqual(await ingressOf("web"), [{ ip: "fd00:172:30::bbbb", ipMode: "VIP" }]);
    assert.equal(await client(`${CURL_PATIENTLY} http://[fd00:172:30::bbbb]/hostname`), "server");
    assert.equal(await client(`${CURL_PATIENTLY} http://[${nodeAddress(1, 6)}]:30080/hostname`), "server");
    await assert.rejects(
      client(`curl -sS -m 2 http://${nodeAddress(1, 4)}:30080/hostname`),
      /exit code 7/,
      "the node's own kernel refuses what no Service has",
    );
  });

  it("waits when its pool is used up, says why, and is served when another lets go", async () => {
    await make("late", 30_081);
    const told = await until(
      context.lab.client,
      kinds.events,
      { namespace: "default" },
      events => events.find(({ reason }) => reason === "SyncLoadBalancerFailed"),
      () => "no Event tells that the pool is used up",
    );
    assert.match(told.message ?? "", /no IPv6 address is free in the pools \(one: fd00:172:30::bbbb-/);
    await context.lab.client.delete(kinds.services, { namespace: "default", name: "web" });
    assert.deepEqual(await ingressOf("late"), [{ ip: "fd00:172:30::bbbb", ipMode: "VIP" }]);
    assert.equal(await client(`${CURL_PATIENTLY} http://[fd00:172:30::bbbb]/hostname`), "server");
  });

  it("of mode Proxy is reached where it is, also from pods and nodes: nobody takes a short cut", async () => {
    await make("proxied", 30_082, { loadBalancerClass: "example.com/proxy" });
    assert.deepEqual(await ingressOf("proxied"), [{ ip: PROXY, ipMode: "Proxy" }]);
    const proxy = context.lab.netnsOfOutside("proxy");
    await on(proxy)(`ip addr add ${PROXY}/64 dev eth0 nodad`);
    const running = proxy.exec("timeout", "30", "node", "-e", FORWARD, PROXY, nodeAddress(2, 6), "30082");
    const ask = `${CURL_PATIENTLY} http://[${PROXY}]/hostname`;
    try {
      assert.equal(await client(ask), "by the proxy: server");
      assert.equal(await on(context.lab.netnsOfNode("node-2"))(ask), "by the proxy: server");
      assert.equal(await sh(context.lab, "pod", ask), "by the proxy: server");
    } finally {
      await on(proxy)("kill $(ss -tlnp | sed -n 's/.*:80 .*pid=\\([0-9]*\\).*/\\1/p')");
      await running;
    }
  });
});
