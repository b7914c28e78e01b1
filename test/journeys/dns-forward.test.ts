/**
 * Names beyond the cluster, from pods: servers of the machine's network and of the underlay, one that is slow or dead, what
 * pods are told of name servers by their dnsPolicy, and a node that the control plane does not talk to.
 */
import assert from "node:assert/strict";
import { kinds, type Service } from "@podwire/api";
import { FakeUpstream } from "@podwire/node/testing/dns";
import { podManifest, runPods, sh, useLab } from "./lab.ts";

/** Addresses of the machine's loopback that no other run of the tests has. */
const loopback = (net: number) => `127.${net}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const PORT = 5_300;
const A = 1;

const address = (name: string, last: number) => ({
  name,
  type: A,
  ttl: 60,
  data: Uint8Array.of(192, 0, 2, last),
});

describe("journey: DNS beyond the cluster", function () {
  this.timeout(60_000);
  const [first, second, corporate] = [64, 65, 66].map(net => new FakeUpstream(loopback(net), PORT)) as [
    FakeUpstream,
    FakeUpstream,
    FakeUpstream,
  ];
  const textOf = (upstream: FakeUpstream) => `${upstream.address}:${PORT}`;
  const context = useLab({
    dns: {
      clusterDomain: "lab.test",
      upstreams: [textOf(first), textOf(second)],
      stubDomains: [{ domain: "corp.example", upstreams: [textOf(corporate)] }],
    },
  });

  before(async function () {
    this.timeout(60_000);
    for (const upstream of [first, second, corporate]) await upstream.start();
    await runPods(context.lab, [podManifest("client", { node: "node-1" })]);
  });
  after(() => {
    for (const upstream of [first, second, corporate]) upstream.close();
  });

  const dig = (words: string, pod = "client") => sh(context.lab, pod, `dig +tries=1 +time=5 ${words}`);
  const asked = (upstream: FakeUpstream, name: string) =>
    upstream.asked.filter(each => each.startsWith(name)).length;

  it("are asked once of the first server, and kept", async () => {
    first.answer = ({ name, type }) => ({ answers: type === A ? [address(name, 1)] : [] });
    for (let i = 0; i < 5; i++) assert.equal(await dig("+short www.example"), "192.0.2.1");
    assert.equal(asked(first, "www.example A"), 1);
    assert.match(await sh(context.lab, "client", "getent ahostsv4 www.example"), /^192\.0\.2\.1 /);
    assert.equal(asked(second, "www.example"), 0);
  });

  it("of a domain with servers of its own are asked of those", async () => {
    corporate.answer = ({ name }) => ({ answers: [address(name, 3)] });
    assert.equal(await dig("+short db.corp.example"), "192.0.2.3");
    assert.equal(asked(first, "db.corp.example"), 0);
  });

  it("behind an ExternalName are found", async () => {
    await context.lab.client.create(kinds.services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "out", namespace: "default" },
      spec: { type: "ExternalName", externalName: "www.example" },
    } as unknown as Service);
    const line = "for i in $(seq 50); do getent ahostsv4 out && exit 0; sleep 0.1; done; exit 1";
    assert.match(await sh(context.lab, "client", line), /^192\.0\.2\.1 .*www\.example|^192\.0\.2\.1 /);
    assert.equal(await dig("+short out.default.svc.lab.test"), "www.example.\n192.0.2.1");
  });

  it("are found through the second server while the first is dead, slow or fails", async () => {
    second.answer = ({ name }) => ({ answers: [address(name, 2)] });
    for (const [name, answer] of [
      ["failing", () => ({ rcode: 2 })],
      ["slow", () => ({ delayMs: 4_000 })],
      ["dead", () => undefined],
    ] as const) {
      first.answer = answer;
      assert.equal(await dig(`+short ${name}.example`), "192.0.2.2", name);
    }
    // Twice without an answer: it is not waited for any more.
    const before = asked(first, "next.example");
    assert.equal(await dig("+short next.example"), "192.0.2.2");
    assert.equal(asked(first, "next.example"), before);
  });

  it("are a failure, and no name that does not exist, when nobody answers; the cluster's are not concerned", async () => {
    first.answer = () => undefined;
    second.answer = () => undefined;
    assert.match(await dig("unknown.example"), /status: SERVFAIL/);
    assert.equal(await dig("+short kubernetes.default.svc.lab.test"), "10.96.0.1");
  });

  it("pods are told of name servers by their dnsPolicy and dnsConfig", async () => {
    const { lab } = context;
    const dnsConfig = {
      nameservers: ["192.0.2.53"],
      searches: ["corp.example"],
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    };
    await runPods(lab, [
      podManifest("config", { spec: { dnsConfig } }),
      podManifest("none", { spec: { dnsPolicy: "None", dnsConfig } }),
      podManifest("default", { spec: { dnsPolicy: "Default" } }),
      podManifest("host", { args: ["pause"], spec: { hostNetwork: true } }),
      podManifest("host-first", {
        args: ["pause"],
        spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
      }),
    ]);
    const resolvConf = (pod: string) => sh(lab, pod, "cat /etc/resolv.conf");
    const own = "default.svc.lab.test svc.lab.test lab.test";
    for (const pod of ["client", "host-first"]) {
      const text = await resolvConf(pod);
      assert.match(text, new RegExp(`^search ${own}.*\nnameserver 10\\.96\\.0\\.10\noptions ndots:5$`), pod);
    }
    assert.match(
      await resolvConf("config"),
      new RegExp(
        `^search ${own}.* corp\\.example\nnameserver 10.96.0.10\nnameserver 192.0.2.53\noptions ndots:2 edns0$`,
      ),
    );
    assert.equal(
      await resolvConf("none"),
      "search corp.example\nnameserver 192.0.2.53\noptions ndots:2 edns0",
    );
    for (const pod of ["default", "host"])
      assert.doesNotMatch(await resolvConf(pod), /10\.96\.0\.10|lab\.test/);
    assert.equal(await dig("+short kubernetes.default.svc.lab.test", "host-first"), "10.96.0.1");
  });

  it("the API server is who its name in the cluster's domain says", async () => {
    const { lab } = context;
    const name = "kubernetes.default.svc.lab.test";
    const authority = ["--cacert", `${lab.paths.pki}/ca.crt`, "--resolve", `${name}:443:10.96.0.1`];
    const { exec } = lab.netnsOfNode("node-1");
    const answer = await exec("curl", "-sS", "-m", "5", ...authority, `https://${name}/version`);
    assert.match(answer.stdout, /gitVersion/, answer.stderr);
  });

  it("a node without its control plane answers from what it knew last", async () => {
    const { lab } = context;
    const controlPlane = lab.pidOf("control-plane")!;
    process.kill(controlPlane, "SIGSTOP");
    try {
      const { exec } = lab.netnsOfNode("node-1");
      for (const server of ["10.96.0.10", "fd00:10:96::a"]) {
        const { stdout } = await exec(
          "dig",
          "+tries=1",
          "+time=5",
          `@${server}`,
          "+short",
          "kubernetes.default.svc.lab.test",
        );
        assert.equal(stdout.trim(), "10.96.0.1");
      }
    } finally {
      process.kill(controlPlane, "SIGCONT");
    }
  });
});
