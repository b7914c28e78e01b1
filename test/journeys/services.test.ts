/**
 * Services over real packets: the API server's own from everywhere, and one over pods of all nodes whose slices are made
 * by hand. Backends and clients are real processes: curl, and sockets of a few lines.
 */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds, type Pod, type Service } from "@podwire/api";
import { expectSuccess, host, ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";

/** On 9000, TCP and UDP: its own name; for what is posted, the hash; /stay keeps the connection and says it again. */
const SERVER = `
  const name = require("os").hostname();
  require("http").createServer((request, response) => {
    if (request.url === "/stay") return setInterval(() => response.write(name + "\\n"), 50);
    if (request.method !== "POST") return response.end(name + " " + request.socket.remoteAddress.replace("::ffff:", ""));
    const hash = require("crypto").createHash("sha256");
    request.on("data", bytes => hash.update(bytes)).on("end", () => response.end(hash.digest("hex")));
  }).listen(9000, "::");
  const udp = require("dgram").createSocket({ type: "udp6" });
  udp.on("message", (_, { port, address }) => udp.send(name, port, address)).bind(9000, "::");
`;

/** Asks from one UDP port until a name answers that the pattern matches; prints every name that answered. */
const UDP_CLIENT = `
  const [address, port, pattern] = process.argv.slice(1);
  const socket = require("dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  const ask = () => socket.send("?", Number(port), address);
  socket.on("error", () => {}).on("message", name => {
    console.log(String(name));
    if (new RegExp(pattern).test(String(name))) process.exit();
  });
  ask();
  setInterval(ask, 20);
  setTimeout(() => process.exit(1), 10000);
`;

const ADDRESSES = { IPv4: "10.96.7.1", IPv6: "fd00:10:96::71" } as const;
const families = [
  { family: "IPv4", of: ipv4Of, flag: "-4" },
  { family: "IPv6", of: ipv6Of, flag: "-6" },
] as const;
const CURL = "curl -sS -g -m 5";
/** Tables follow a change within a moment; until then curl is refused. */
const CURL_PATIENTLY = "curl -sS -g -m 5 --retry 40 --retry-connrefused --retry-delay 0 --retry-max-time 10";

describe("journey: Services", function () {
  this.timeout(60_000);
  const context = useLab();
  let pods: Pod[];

  const node = (name: string) => context.lab.netnsOfNode(name);

  /** Without addresses, it gets one of the cluster's first family. Returns its first address. */
  async function serve(
    name: string,
    addresses: { IPv4?: string; IPv6?: string },
    backends: Pod[],
  ): Promise<string> {
    const ports = (["TCP", "UDP"] as const).map(protocol => ({
      name: protocol.toLowerCase(),
      protocol,
      port: 80,
    }));
    const clusterIPs = Object.values(addresses);
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: {
        ports,
        ...(clusterIPs.length > 0 && { clusterIP: clusterIPs[0], clusterIPs }),
        ...(clusterIPs.length > 1 && { ipFamilyPolicy: "RequireDualStack" }),
      },
    } as unknown as Service;
    const { spec } = await context.lab.client.create(kinds.services, service);
    for (const family of backends.length > 0 ? spec.ipFamilies! : []) {
      await context.lab.client.create(kinds.endpointSlices, slice(name, family as "IPv4" | "IPv6", backends));
    }
    return spec.clusterIP!;
  }

  function slice(service: string, family: "IPv4" | "IPv6", backends: Pod[]): EndpointSlice {
    const { of } = families.find(each => each.family === family)!;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `${service}-${family.toLowerCase()}`,
        namespace: "default",
        labels: { "kubernetes.io/service-name": service },
      },
      addressType: family,
      endpoints: backends.map(pod => ({ addresses: [of(pod)], conditions: { ready: true } })),
      ports: (["TCP", "UDP"] as const).map(protocol => ({
        name: protocol.toLowerCase(),
        protocol,
        port: 9000,
      })),
    } as unknown as EndpointSlice;
  }

  async function changeSlice(service: string, family: "IPv4" | "IPv6", backends: Pod[]): Promise<void> {
    const { client } = context.lab;
    const name = `${service}-${family.toLowerCase()}`;
    const stored = await client.get(kinds.endpointSlices, { namespace: "default", name });
    await client.update(kinds.endpointSlices, {
      ...stored,
      endpoints: slice(service, family, backends).endpoints,
    });
  }

  before(async function () {
    this.timeout(60_000);
    pods = await runPods(
      context.lab,
      [1, 2, 3].map(number =>
        podManifest(`server-${number}`, { node: `node-${number}`, command: ["node", "-e", SERVER] }),
      ),
    );
    const spec = { hostNetwork: true };
    await runPods(context.lab, [podManifest("agent", { node: "node-2", args: ["pause"], spec })]);
    for (const pod of pods)
      await sh(context.lab, pod.metadata.name, `${CURL_PATIENTLY} http://localhost:9000/`);
    await serve("all", ADDRESSES, pods);
  });

  it("the API server's reaches it from every pod, from nodes and from a hostNetwork pod", async () => {
    const ask = `${CURL_PATIENTLY} -k https://10.96.0.1:443/version`;
    for (const name of [...pods.map(pod => pod.metadata.name), "agent"]) {
      assert.match(await sh(context.lab, name, ask), /"gitVersion"/, name);
    }
    for (const name of ["node-1", "node-3"]) {
      assert.match(expectSuccess(ask, await node(name).exec("sh", "-c", ask)), /"gitVersion"/, name);
    }
  });

  it("one with addresses of a ServiceCIDR that came later is reached as any other", async () => {
    const cidrs = ["10.112.5.0/24", "fd00:10:112::/112"];
    const range = { metadata: { name: "later" }, spec: { cidrs }, status: {} };
    await context.lab.client.create(kinds.serviceCIDRs, range);
    const addresses = { IPv4: "10.112.5.7", IPv6: "fd00:10:112::7" };
    await serve("in-later", addresses, pods);
    for (const [family, address] of Object.entries(addresses)) {
      const url = family === "IPv6" ? `http://[${address}]/` : `http://${address}/`;
      const ask = `${CURL_PATIENTLY} --retry-all-errors ${url}`;
      for (const name of ["server-1", "agent"])
        assert.match(await sh(context.lab, name, ask), /^server-/, name);
      for (const name of ["node-1", "node-3"])
        assert.match(
          expectSuccess(ask, await node(name).exec("sh", "-c", ask)),
          /^server-/,
          `${name} ${url}`,
        );
    }
    await context.lab.client.delete(kinds.serviceCIDRs, { name: "later" });
    const { status } = await context.lab.client.get(kinds.serviceCIDRs, { name: "later" });
    assert.equal(status.conditions?.length, 1, "it stays while the Service is there");
  });

  it("containers find the API server and the Services of their namespace in their environment", async () => {
    await runPods(context.lab, [podManifest("later", { args: ["pause"] })]);
    const environment = await sh(context.lab, "later", "env");
    assert.match(environment, /^KUBERNETES_SERVICE_HOST=10\.96\.0\.1$/m);
    assert.match(environment, /^KUBERNETES_PORT_443_TCP_ADDR=10\.96\.0\.1$/m);
    assert.match(environment, /^ALL_SERVICE_HOST=10\.96\.7\.1$/m);
    assert.match(environment, /^ALL_SERVICE_PORT_TCP=80$/m);
  });

  for (const { family, of } of families) {
    const address = ADDRESSES[family];
    const url = `http://${host(address)}:80/`;

    it(`${family}: every pod and node reaches every backend, also a pod itself`, async () => {
      const askers = [
        ...pods.map(pod => ({
          name: pod.metadata.name,
          ask: (line: string) => sh(context.lab, pod.metadata.name, line),
        })),
        { name: "agent", ask: (line: string) => sh(context.lab, "agent", line) },
        {
          name: "node-1",
          ask: async (line: string) => expectSuccess(line, await node("node-1").exec("sh", "-c", line)),
        },
      ];
      for (const { name, ask } of askers) {
        const output = await ask(`for i in $(seq 30); do ${CURL_PATIENTLY} ${url} && echo; done`);
        const answers = output.split("\n").map(line => line.split(" "));
        assert.deepEqual(
          [...new Set(answers.map(([server]) => server))].sort(),
          ["server-1", "server-2", "server-3"],
          name,
        );
        const pod = pods.find(each => each.metadata.name === name);
        if (pod === undefined) continue;
        for (const [server, client] of answers)
          assert.equal(client === of(pod), server !== name, `${name} seen by ${server}`);
      }
    });

    it(`${family}: a UDP socket hears from the Service, and always from the same backend`, async () => {
      for (const { metadata } of pods) {
        const output = await sh(context.lab, metadata.name, `node -e '${UDP_CLIENT}' ${address} 80 server`);
        assert.match(output, /^server-\d$/);
      }
      const line = `node -e '${UDP_CLIENT}' ${address} 80 server`;
      assert.match(expectSuccess(line, await node("node-3").exec("sh", "-c", line)), /^server-\d/);
    });

    it(`${family}: 8 MiB arrive as they were sent, by whichever backend`, async () => {
      for (let round = 0; round < 4; round++) {
        const line = `head -c 8388608 /dev/urandom > /tmp/bulk; sha256sum < /tmp/bulk | cut -d' ' -f1; ${CURL} --data-binary @/tmp/bulk ${url}; rm /tmp/bulk`;
        const [sent, arrived] = (await sh(context.lab, "server-1", line)).split("\n");
        assert.equal(arrived, sent);
      }
    });

    it(`${family}: what nobody serves is refused at once, and other ports and addresses have no one`, async () => {
      const vacant = address.replace(/1$/, "8");
      await serve(`none-${family.toLowerCase()}`, { [family]: vacant }, []);
      const refused = async (target: string, port = 80) => {
        // 7: refused. Unknown addresses are silent, so the Service is known when it refuses.
        const line = `for i in $(seq 40); do curl -sS -g -m 1 http://${host(target)}:${port}/; [ $? = 7 ] && exit 0; done; exit 1`;
        await sh(context.lab, "server-1", line);
        expectSuccess(line, await node("node-2").exec("sh", "-c", line));
      };
      await refused(vacant);
      await refused(address, 81);
      const udp = `node -e 'const s = require("dgram").createSocket("udp${family === "IPv4" ? 4 : 6}");
        s.on("error", error => { console.log(error.code); process.exit(); });
        s.connect(80, "${vacant}", () => setInterval(() => s.send("?"), 50));
        setTimeout(() => process.exit(1), 5000)'`;
      assert.equal(await sh(context.lab, "server-1", udp), "ECONNREFUSED");
    });
  }

  it("connections stay with a backend that has left, new ones and UDP go to those that are there", async () => {
    const { lab } = context;
    const [first, second, third] = pods as [Pod, Pod, Pod];
    const address = await serve("moving", {}, [first]);
    assert.match(address, /^10\.\d+\.\d+\.\d+$/);
    await sh(lab, "server-2", `${CURL_PATIENTLY} http://${address}/`);
    const staying = sh(lab, "server-2", `curl -sS -m 8 http://${address}/stay | head -n 60`);
    const asking = sh(lab, "server-3", `node -e '${UDP_CLIENT}' ${address} 80 server-2`);
    const established = async () =>
      (await sh(lab, "server-1", "ss -tn state established '( sport = :9000 )'")).includes(ipv4Of(second));
    while (!(await established()));
    await changeSlice("moving", "IPv4", [second]);
    const heard = (await asking).split("\n");
    assert.equal(heard.at(-1), "server-2");
    assert.deepEqual([...new Set(heard)], heard.length > 1 ? ["server-1", "server-2"] : ["server-2"]);
    const until = `for i in $(seq 100); do ${CURL} http://${address}/ | grep server-2 && exit 0; done; exit 1`;
    await sh(lab, third.metadata.name, until);
    assert.equal(await staying, Array(60).fill("server-1").join("\n"));
  });
});
