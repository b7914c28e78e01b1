/**
 * The data path, told by packets: pods on the same node and on another, over both families, and what they meet
 * on the way. Every command runs in a real pod of a real lab.
 */
import assert from "node:assert/strict";
import type { Pod } from "@podwire/api";
import {
  ASK,
  expectSuccess,
  host,
  ipv4Of,
  ipv6Of,
  podManifest,
  runPods,
  runServers,
  sh,
  useLab,
} from "./lab.ts";

describe("journey: the data path", function () {
  this.timeout(60_000);
  const context = useLab();
  let pods: Record<"web" | "near" | "far", Pod>;

  before(async () => {
    const [web, near, far] = await runServers(context.lab, [
      podManifest("web", { node: "node-1" }),
      podManifest("near", { node: "node-1" }),
      podManifest("far", { node: "node-2" }),
    ]);
    pods = { web: web!, near: near!, far: far! };
  });

  const families = [
    { name: "IPv4", of: ipv4Of, flag: "-4" },
    { name: "IPv6", of: ipv6Of, flag: "-6" },
  ];

  for (const { name, of, flag } of families) {
    for (const from of ["near", "far"] as const) {
      it(`${name}: ${from} reaches web over TCP, and web sees the address of ${from}`, async () => {
        const seen = await sh(context.lab, from, `curl -sS -m 5 http://${host(of(pods.web))}:8080/clientip`);
        assert.equal(seen.replace(/:\d+$/, ""), host(of(pods[from])));
      });

      it(`${name}: ${from} reaches web over UDP, and web sees the address of ${from}`, async () => {
        const url = `http://127.0.0.1:8080/dial?request=clientip&protocol=udp&port=8081&host=${of(pods.web)}`;
        const answer = JSON.parse(await sh(context.lab, from, `curl -sS -m 5 -g '${url}'`)) as {
          responses?: string[];
        };
        assert.equal(answer.responses?.[0]?.replace(/:\d+$/, ""), host(of(pods[from])));
      });

      it(`${name}: ${from} pings web, also with packets that travel as fragments`, async () => {
        await sh(context.lab, from, `ping ${flag} -c 1 -W 2 ${of(pods.web)}`);
        await sh(context.lab, from, `ping ${flag} -c 1 -W 2 -s 8000 ${of(pods.web)}`);
      });
    }

    it(`${name}: every node that forwards counts the hop limit down by one`, async () => {
      const ttl = async (from: string) => {
        const output = await sh(context.lab, from, `ping ${flag} -c 1 -W 2 ${of(pods.web)}`);
        return Number(/(?:ttl|hlim)=(\d+)/.exec(output)![1]);
      };
      assert.equal(await ttl("near"), 63);
      assert.equal(await ttl("far"), 62);
    });

    it(`${name}: a packet whose hop limit ends is answered by the node where it ended`, async () => {
      const expired = async (hops: number) => {
        const { stdout } = await context.lab.exec("far", [
          "ping",
          flag,
          "-c1",
          "-W2",
          "-t",
          `${hops}`,
          of(pods.web),
        ]);
        return /From (\S+).*(?:Time to live exceeded|Time exceeded: Hop limit)/
          .exec(stdout)?.[1]
          ?.replace(/:$/, "");
      };
      const nodeAddress = async (node: string) => {
        const addresses = await context.lab
          .netnsOfNode(node)
          .exec("ip", flag, "-o", "addr", "show", "dev", "pw0");
        return /inet6? ([^/]+)\/(?:32|128)/.exec(addresses.stdout)![1];
      };
      assert.equal(await expired(1), await nodeAddress("node-2"));
      assert.equal(await expired(2), await nodeAddress("node-1"));
    });

    it(`${name}: the path's MTU is exact: 1450 passes whole, one byte more is refused`, async () => {
      const headers = name === "IPv4" ? 28 : 48;
      const ping = (bytes: number) =>
        context.lab.exec("far", [
          "ping",
          flag,
          "-M",
          "do",
          "-c1",
          "-W2",
          "-s",
          `${bytes - headers}`,
          of(pods.web),
        ]);
      assert.equal((await ping(1450)).code, 0);
      assert.notEqual((await ping(1451)).code, 0);
    });

    it(`${name}: an address of the node's range that no pod has is unreachable at once`, async () => {
      const vacant = of(pods.web).replace(/[\da-f]+$/, name === "IPv4" ? "250" : "fafa");
      const { code, stdout } = await context.lab.exec("near", ["ping", flag, "-c1", "-W2", vacant]);
      assert.notEqual(code, 0);
      assert.match(stdout, /Destination Host Unreachable|Address unreachable/);
    });

    it(`${name}: agents of a node reach its pods and those of other nodes, and pods reach their node`, async () => {
      const node = context.lab.netnsOfNode("node-1");
      for (const pod of [pods.web, pods.far]) {
        const url = `http://${host(of(pod))}:8080/hostname`;
        expectSuccess(url, await node.exec("curl", "-sS", "-m", "5", url));
      }
      const [address] = context.lab.topology.nodes
        .find(({ name: n }) => n === "node-1")!
        .addresses.filter(a => a.includes(":") === (name === "IPv6"));
      await sh(context.lab, "near", `ping ${flag} -c 1 -W 2 ${address}`);
      await sh(context.lab, "far", `ping ${flag} -c 1 -W 2 ${address}`);
    });

    it(`${name}: an outside host sees the node's address, and answers reach the pod`, async () => {
      const outside = await context.lab.attachOutside(`world-${name}`);
      try {
        const address = outside.addresses.find(a => a.includes(":") === (name === "IPv6"))!;
        const listener = outside.exec(
          "node",
          "-e",
          `require("net").createServer(s => { s.end(s.remoteAddress + "\\n"); s.on("close", () => process.exit()); })
             .listen(9000, "::"); setTimeout(() => process.exit(1), 20000)`,
        );
        const ask = `for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS -m 5 telnet://${host(address)}:9000 </dev/null && exit 0; sleep 0.2; done; exit 1`;
        const seen = (await sh(context.lab, "near", ask)).replace(/^::ffff:/, "");
        const node = context.lab.topology.nodes.find(({ name: n }) => n === "node-1")!;
        assert.ok(node.addresses.includes(seen), `${seen} is one of ${node.addresses}`);
        await listener;
      } finally {
        outside.close();
      }
    });
  }

  it("containers of a pod share localhost, host name and IPC, and not their processes", async () => {
    const container = (name: string, port: number) => ({
      name,
      image: "agnhost",
      args: ["netexec", `--http-port=${port}`, "--udp-port=-1"],
    });
    const pod = podManifest("two", { spec: { containers: [container("a", 8080), container("b", 9090)] } });
    await runPods(context.lab, [pod]);
    assert.equal(await sh(context.lab, "two", `${ASK} http://localhost:9090/hostname`, "a"), "two");
    const namespaces = (which: string) =>
      sh(context.lab, "two", "for n in net uts ipc pid; do readlink /proc/self/ns/$n; done", which);
    const [a, b] = (await Promise.all([namespaces("a"), namespaces("b")])).map(text => text.split("\n"));
    assert.deepEqual(a!.slice(0, 3), b!.slice(0, 3));
    assert.notEqual(a![3], b![3]);
  });

  it("a hostNetwork pod has its node's namespace and reaches pods", async () => {
    const [pod] = await runPods(context.lab, [
      podManifest("agent", {
        node: "node-3",
        args: ["netexec", "--http-port=18080", "--udp-port=18081"],
        spec: { hostNetwork: true },
      }),
    ]);
    const node = context.lab.topology.nodes.find(({ name }) => name === "node-3")!;
    assert.equal(pod!.status.podIP, node.addresses[0]);
    await sh(context.lab, "agent", `${ASK} http://${ipv4Of(pods.web)}:8080/hostname`);
    await sh(context.lab, "web", `${ASK} http://${node.addresses[0]}:18080/hostname`);
  });
});
