/**
 * Services from outside of the cluster, and by the ways that are made for it: node ports, host ports, external IPs and
 * load balancers, asked for by a client on the underlay, by nodes, by pods and by a hostNetwork pod. Two servers, on
 * node-1 and node-2; each tells who asks, by its address.
 */
import assert from "node:assert/strict";
import { kinds, type Service, type ServiceSpec } from "@podwire/api";
import { type HeldNamespace, until } from "@podwire/lab";
import { expectSuccess, host, podManifest, runPods, runServers, sh, useLab } from "./lab.ts";

/** Says a word to a UDP port until it is answered, from one socket. */
const UDP_ASK = `
  const [address, port, word] = process.argv.slice(1);
  const socket = require("dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  const ask = () => socket.send(word, Number(port), address);
  socket.on("error", () => {}).on("message", answer => { console.log(String(answer)); process.exit(); });
  ask();
  setInterval(ask, 100);
  setTimeout(() => process.exit(1), 10000);
`;

const AGENT = ["netexec", "--http-port=9090", "--udp-port=9091"];

const families = ["IPv4", "IPv6"] as const;
type Family = (typeof families)[number];
const isOf = (family: Family) => (address: string) => address.includes(":") === (family === "IPv6");
const CURL = "curl -sS -g -m 2";
/** The kernel and the data plane follow a change within a moment. */
const CURL_PATIENTLY = `${CURL} --retry 20 --retry-all-errors --retry-delay 0 --retry-max-time 15`;

describe("journey: Services from outside", function () {
  this.timeout(90_000);
  const context = useLab({ outside: [{ name: "client" }] });

  type Asker = (line: string) => Promise<string>;
  const on =
    (netns: HeldNamespace): Asker =>
    async line =>
      expectSuccess(line, await netns.exec("sh", "-c", line));
  const client: Asker = line => on(context.lab.netnsOfOutside("client"))(line);
  const onNode =
    (name: string): Asker =>
    line =>
      on(context.lab.netnsOfNode(name))(line);
  const inPod =
    (name: string): Asker =>
    line =>
      sh(context.lab, name, line);

  const nodes = (family: Family) =>
    context.lab.topology.nodes.map(node => node.addresses.find(isOf(family))!);
  const outside = (family: Family) => context.lab.topology.outside[0]!.addresses.find(isOf(family))!;

  const ports = (nodePort: number) => [
    { name: "http", port: 80, targetPort: 8080, protocol: "TCP", nodePort },
    { name: "udp", port: 81, targetPort: 8081, protocol: "UDP", nodePort: nodePort + 1 },
  ];

  /** A dual-stack Service of type LoadBalancer; resolves when it has its addresses. */
  async function serve(name: string, nodePort: number, spec: Partial<ServiceSpec> = {}): Promise<string[]> {
    await context.lab.client.create(kinds.services, {
      metadata: { name, namespace: "default" },
      spec: {
        type: "LoadBalancer",
        ipFamilyPolicy: "RequireDualStack",
        selector: { app: "server" },
        ports: ports(nodePort),
        ...spec,
      } as ServiceSpec,
    });
    return addressesOf(name);
  }

  async function addressesOf(name: string): Promise<string[]> {
    const ingress = (services: Service[]) =>
      services.find(({ metadata }) => metadata.name === name)?.status.loadBalancer?.ingress;
    const given = await until(
      context.lab.client,
      kinds.services,
      { namespace: "default" },
      services => (ingress(services)?.length === 2 ? ingress(services) : undefined),
      () => `Service ${name} has no address of a load balancer`,
    );
    return given.map(({ ip }) => ip!);
  }

  const server = (node: number, labels: object = { app: "server" }) => {
    const ports = [{ containerPort: 8080, hostPort: 8888 }];
    const pod = podManifest(`server-${node}`, {
      node: `node-${node}`,
      spec: { containers: [{ name: "main", image: "agnhost", args: ["netexec"], ports }] },
    });
    return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, node: `${node}` } } } as typeof pod;
  };

  let vips: string[];
  let localVips: string[];
  let hostVips: string[];
  before(async function () {
    this.timeout(90_000);
    await runServers(context.lab, [server(1), server(2)]);
    const spec = { hostNetwork: true };
    await runPods(context.lab, [
      Object.assign(podManifest("agent", { node: "node-3", args: AGENT, spec }), {
        metadata: { name: "agent", namespace: "default", labels: { app: "agent" } },
      }),
      podManifest("pod", { node: "node-3", args: ["pause"] }),
    ]);
    vips = await serve("web", 30_080, { externalIPs: ["198.51.100.7", "2001:db8::7"] });
    const hostPorts = [
      { name: "http", port: 80, targetPort: 9090, protocol: "TCP" as const, nodePort: 30_140 },
    ];
    hostVips = await serve("agent", 30_140, { selector: { app: "agent" }, ports: hostPorts });
    localVips = await serve("local", 30_090, {
      externalTrafficPolicy: "Local",
      selector: { node: "2" },
      healthCheckNodePort: 32_222,
    });
  });

  const insiders = (): [string, Asker][] => [
    ["pod", inPod("pod")],
    ["server-1", inPod("server-1")],
    ["node-1", onNode("node-1")],
    ["node-3", onNode("node-3")],
    ["agent", inPod("agent")],
  ];

  for (const family of families) {
    it(`${family}: every node serves the node port, to a client outside and to everybody inside`, async () => {
      for (const node of nodes(family)) {
        for (const [who, ask] of [["client", client] as [string, Asker], ...insiders()]) {
          const answer = await ask(`${CURL_PATIENTLY} http://${host(node)}:30080/hostname`);
          assert.match(answer, /^server-[12]$/, `${who} asks ${node}`);
        }
      }
      const [node] = nodes(family);
      const names = await client(
        `for i in $(seq 30); do ${CURL} http://${host(node!)}:30080/hostname; echo; done`,
      );
      assert.deepEqual([...new Set(names.split("\n"))].sort(), ["server-1", "server-2"]);
    });

    it(`${family}: so do load balancer's address and external IP, on their own ports alone`, async () => {
      const vip = vips.find(isOf(family))!;
      const externalIp = family === "IPv4" ? "198.51.100.7" : "2001:db8::7";
      for (const [who, ask] of insiders()) {
        for (const address of [vip, externalIp]) {
          const answer = await ask(`${CURL_PATIENTLY} http://${host(address)}/hostname`);
          assert.match(answer, /^server-[12]$/, `${who} asks ${address}`);
        }
      }
      assert.match(await client(`${CURL_PATIENTLY} http://${host(vip)}/hostname`), /^server-[12]$/);
      const prefix = family === "IPv4" ? 32 : 128;
      await client(`ip route add ${externalIp}/${prefix} via ${nodes(family)[2]}`);
      assert.match(await client(`${CURL_PATIENTLY} http://${host(externalIp)}/hostname`), /^server-[12]$/);
      await assert.rejects(client(`${CURL} http://${host(vip)}:82/hostname`), /exit code (7|28)/);
    });

    it(`${family}: UDP answers come from where the question went`, async () => {
      const targets = [...nodes(family).map(node => [node, 30_081]), [vips.find(isOf(family))!, 81]];
      for (const [address, port] of targets) {
        for (const ask of [client, onNode("node-1"), inPod("pod"), inPod("agent")]) {
          assert.match(await ask(`node -e '${UDP_ASK}' ${address} ${port} hostname`), /^server-[12]$/);
        }
      }
    });

    it(`${family}: externalTrafficPolicy Local keeps the client's address, and needs an endpoint on the node`, async () => {
      const [first, second] = nodes(family);
      const vip = localVips.find(isOf(family))!;
      const seen = async (ask: Asker, url: string) =>
        (await ask(`${CURL_PATIENTLY} ${url}/clientip`)).replace(/:\d+$/, "");
      assert.equal(await seen(client, `http://${host(second!)}:30090`), host(outside(family)));
      assert.equal(await seen(client, `http://${host(vip)}`), host(outside(family)));
      const udp = await client(`node -e '${UDP_ASK}' ${second} 30091 clientip`);
      assert.equal(udp.replace(/:\d+$/, ""), host(outside(family)));
      await assert.rejects(client(`${CURL} http://${host(first!)}:30090/hostname`), /exit code 28/);
      // Clients of the cluster are not restricted by it.
      for (const [, ask] of insiders()) {
        assert.equal(await ask(`${CURL_PATIENTLY} http://${host(vip)}/hostname`), "server-2");
      }
      assert.equal(await onNode("node-1")(`${CURL} http://${host(first!)}:30090/hostname`), "server-2");
      const cluster = await seen(client, `http://${host(first!)}:30080`);
      assert.notEqual(cluster, host(outside(family)));
    });

    it(`${family}: a hostNetwork pod is as good a backend, also by way of other nodes`, async () => {
      for (const node of nodes(family)) {
        for (const [who, ask] of [["client", client] as [string, Asker], ...insiders()]) {
          const answer = await ask(`${CURL_PATIENTLY} http://${host(node)}:30140/hostname`);
          assert.notEqual(answer, "", `${who} asks ${node}`);
        }
      }
      const vip = hostVips.find(isOf(family))!;
      for (const [, ask] of [["client", client] as [string, Asker], ...insiders()])
        await ask(`${CURL_PATIENTLY} http://${host(vip)}/hostname`);
    });

    it(`${family}: a host port is the pod's on its node, with the client's address`, async () => {
      const [first, , third] = nodes(family);
      const answer = await client(`${CURL} http://${host(first!)}:8888/clientip`);
      assert.equal(answer.replace(/:\d+$/, ""), host(outside(family)));
      for (const ask of [onNode("node-1"), onNode("node-3"), inPod("pod"), inPod("agent")]) {
        assert.equal(await ask(`${CURL} http://${host(first!)}:8888/hostname`), "server-1");
      }
      await assert.rejects(client(`${CURL} http://${host(third!)}:8888/hostname`), /exit code 7/);
    });
  }

  it("loadBalancerSourceRanges let in who is in them, at the load balancer's address", async () => {
    const mine = context.lab.topology.outside[0]!.addresses.map(
      each => `${each}/${each.includes(":") ? 128 : 32}`,
    );
    const [open] = await serve("open", 30_100, { loadBalancerSourceRanges: mine });
    const [shut] = await serve("shut", 30_110, {
      loadBalancerSourceRanges: ["203.0.113.0/24", "2001:db8::/32"],
    });
    assert.match(await client(`${CURL_PATIENTLY} http://${host(open!)}/hostname`), /^server-/);
    await assert.rejects(client(`${CURL} http://${host(shut!)}/hostname`), /exit code 28/);
  });

  it("the health-check port tells which node has endpoints, as kube-proxy does, and follows them", async () => {
    const [first, second] = nodes("IPv4");
    const ask = (node: string) =>
      client(`curl -sS -m 2 -w '\\n%{http_code} %{content_type}' http://${node}:32222/`);
    assert.equal(
      await ask(second!),
      '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "local"\n\t},\n\t"localEndpoints": 1,\n\t"serviceProxyHealthy": true\n}\n200 application/json',
    );
    assert.match(await ask(first!), /"localEndpoints": 0,(.|\n)*\n503 application\/json$/);
    const headers = await client(`curl -sS -m 2 -D - -o /dev/null http://${host(nodes("IPv6")[1]!)}:32222/`);
    assert.match(headers, /x-load-balancing-endpoint-weight: 1/i);
    await context.lab.client.mutate(kinds.services, { namespace: "default", name: "local" }, ({ spec }) => {
      spec.selector = { node: "1" };
    });
    const line = (node: string, code: number) =>
      `until [ "$(curl -s -m 1 -o /dev/null -w '%{http_code}' http://${node}:32222/)" = ${code} ]; do :; done`;
    await client(line(first!, 200));
    await client(line(second!, 503));
    await context.lab.client.mutate(kinds.services, { namespace: "default", name: "local" }, ({ spec }) => {
      spec.selector = { node: "2" };
    });
    await client(line(second!, 200));
    assert.match(await client(`curl -sS -m 2 http://${first}:10256/healthz`), /"healthy":true/);
  });

  it("a health-check port that is taken is told by an Event, and opened when it is free", async () => {
    const taken = context.lab.netnsOfNode("node-3");
    const thief = taken.exec(
      "timeout",
      "20",
      "node",
      "-e",
      'require("net").createServer().listen(32333, "0.0.0.0")',
    );
    await onNode("node-3")("until ss -tln | grep -q :32333; do :; done");
    await serve("checked", 30_120, { externalTrafficPolicy: "Local", healthCheckNodePort: 32_333 });
    const told = await until(
      context.lab.client,
      kinds.events,
      { namespace: "default" },
      events => events.find(({ reason }) => reason === "FailedToStartServiceHealthcheck"),
      () => "no Event tells of the port that is taken",
    );
    assert.match(
      told.message ?? "",
      /^node node-3 failed to start healthcheck "default\/checked" on port 32333: .*EADDRINUSE/,
    );
    await onNode("node-3")("kill $(ss -tlnp | sed -n 's/.*:32333 .*pid=\\([0-9]*\\).*/\\1/p')");
    await thief;
    await client(
      `until [ "$(curl -s -m 1 -o /dev/null -w '%{http_code}' http://${nodes("IPv4")[2]}:32333/)" = 503 ]; do :; done`,
    );
  });

  it("a node port that is given up while the daemon is down is closed when it is back, others go on", async () => {
    const { lab } = context;
    const [first] = nodes("IPv4");
    await serve("passing", 30_130);
    await client(`${CURL_PATIENTLY} http://${first}:30130/hostname`);
    const restarted = lab.restarted("node-1");
    await lab.kill("node-1");
    await lab.client.delete(kinds.services, { namespace: "default", name: "passing" });
    await restarted;
    await client(
      `for i in $(seq 100); do ${CURL} http://${first}:30130/; [ $? = 7 ] && exit 0; done; exit 1`,
    );
    assert.match(await client(`${CURL_PATIENTLY} http://${first}:30080/hostname`), /^server-/);
    assert.match(await client(`${CURL_PATIENTLY} http://${first}:8888/hostname`), /^server-1$/);
  });
});
