/**
 * The cluster's DNS over real packets: what resolvers of many kinds make of the names of Services and Pods, from pods,
 * nodes and hostNetwork pods, over IPv4 and IPv6.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kinds, type Service, type StatefulSet } from "@podwire/api";
import { expectSuccess, ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";

const DNS = { IPv4: "10.96.0.10", IPv6: "fd00:10:96::a" } as const;

/** A program of musl's resolver, which asks for both families at once: prints the addresses of a name. */
const MUSL_PROGRAM = `
#include <netdb.h>
#include <stdio.h>
#include <arpa/inet.h>
int main(int argc, char **argv) {
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
  int failure = getaddrinfo(argv[1], "80", &hints, &found);
  if (failure) return printf("%s\\n", gai_strerror(failure)), 1;
  for (; found; found = found->ai_next) {
    char text[64];
    void *address = found->ai_family == AF_INET
      ? (void *)&((struct sockaddr_in *)found->ai_addr)->sin_addr
      : (void *)&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr;
    printf("%s\\n", inet_ntop(found->ai_family, address, text, sizeof text));
  }
  return 0;
}`;

function muslProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), "podwire-musl-"));
  try {
    writeFileSync(join(folder, "resolve.c"), MUSL_PROGRAM);
    const options = ["-static", "-Os", "-s", "-o", join(folder, "resolve"), join(folder, "resolve.c")];
    execFileSync("musl-gcc", options);
    return readFileSync(join(folder, "resolve")).toString("base64");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("journey: DNS", function () {
  this.timeout(60_000);
  const context = useLab();

  const service = (name: string, spec: object) =>
    context.lab.client.create(kinds.services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec,
    } as unknown as Service);

  before(async function () {
    this.timeout(60_000);
    const { lab } = context;
    const ports = [{ name: "http", port: 80, protocol: "TCP" }];
    const ipFamilyPolicy = "RequireDualStack";
    const web = { clusterIP: "10.96.9.1", clusterIPs: ["10.96.9.1", "fd00:10:96::91"] };
    await service("web", { ipFamilyPolicy, ...web, ports });
    await service("db", { ipFamilyPolicy, clusterIP: "None", selector: { app: "db" }, ports });
    await lab.client.create(kinds.statefulSets, {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db", namespace: "default" },
      spec: {
        serviceName: "db",
        replicas: 2,
        podManagementPolicy: "Parallel",
        selector: { matchLabels: { app: "db" } },
        template: {
          metadata: { labels: { app: "db" } },
          spec: { containers: [{ name: "main", image: "agnhost", args: ["netexec"] }] },
        },
      },
    } as unknown as StatefulSet);
    await runPods(lab, [
      podManifest("client", { node: "node-1" }),
      podManifest("other", { node: "node-3" }),
      podManifest("agent", {
        node: "node-2",
        args: ["pause"],
        spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
      }),
    ]);
  });

  const dig = (words: string, pod = "client") => sh(context.lab, pod, `dig +tries=2 +time=3 ${words}`);
  const short = async (words: string) => (await dig(`+short ${words}`)).split("\n").sort();
  /** Waits for what the control plane has yet to tell the node of. */
  const until = async (line: string, pod = "client") =>
    sh(context.lab, pod, `for i in $(seq 100); do ${line} && exit 0; sleep 0.1; done; exit 1`);

  it("pods find Services by short and long names, with dig and with glibc", async () => {
    const { lab } = context;
    for (const pod of ["client", "other", "agent"]) {
      assert.match(await until("getent ahostsv4 web", pod), /^10\.96\.9\.1 /, pod);
      assert.match(await sh(lab, pod, "getent ahostsv6 web.default.svc"), /^fd00:10:96::91 /, pod);
      assert.equal(await dig("+short web.default.svc.cluster.local", pod), "10.96.9.1", pod);
      assert.equal(await dig("+short +search kubernetes.default", pod), "10.96.0.1", pod);
    }
  });

  it("answers over both families, UDP and TCP, to pods and nodes", async () => {
    const { lab } = context;
    for (const server of Object.values(DNS)) {
      for (const transport of ["+notcp", "+tcp"]) {
        const words = `@${server} ${transport} +short AAAA web.default.svc.cluster.local`;
        for (const pod of ["client", "other", "agent"]) {
          assert.equal(await dig(words, pod), "fd00:10:96::91", `${pod} ${words}`);
        }
        const line = `dig ${words}`;
        const answer = await lab.netnsOfNode("node-3").exec("sh", "-c", line);
        assert.equal(expectSuccess(line, answer), "fd00:10:96::91");
      }
    }
  });

  it("the pods of a StatefulSet have names, and their addresses lead back to them", async () => {
    const { lab } = context;
    const pods = await lab.podsReady(["db-0", "db-1"]);
    const both = "[ $(dig +short db.default.svc.cluster.local | wc -l) = 2 ]";
    await until(`${both} && [ $(dig +short AAAA db.default.svc.cluster.local | wc -l) = 2 ]`);
    assert.deepEqual(await short("db.default.svc.cluster.local"), pods.map(ipv4Of).sort());
    assert.deepEqual(await short("AAAA db.default.svc.cluster.local"), pods.map(ipv6Of).sort());
    for (const pod of pods) {
      const name = `${pod.metadata.name}.db.default.svc.cluster.local`;
      assert.deepEqual(await short(name), [ipv4Of(pod)]);
      assert.deepEqual(await short(`AAAA ${name}`), [ipv6Of(pod)]);
      assert.deepEqual(await short(`-x ${ipv4Of(pod)}`), [`${name}.`]);
      assert.deepEqual(await short(`-x ${ipv6Of(pod)}`), [`${name}.`]);
      assert.equal(await sh(lab, pod.metadata.name, "hostname -f"), name);
    }
    assert.deepEqual(await short("SRV _http._tcp.db.default.svc.cluster.local"), [
      "0 25 80 db-0.db.default.svc.cluster.local.",
      "0 25 80 db-1.db.default.svc.cluster.local.",
    ]);
    const dashed = ipv4Of(pods[0]!).replaceAll(".", "-");
    assert.deepEqual(await short(`${dashed}.default.pod.cluster.local`), [ipv4Of(pods[0]!)]);
  });

  it("answers SRV, PTR and the version of the schema", async () => {
    assert.deepEqual(await short("SRV _http._tcp.web.default.svc.cluster.local"), [
      "0 50 80 web.default.svc.cluster.local.",
    ]);
    assert.deepEqual(await short("-x 10.96.9.1"), ["web.default.svc.cluster.local."]);
    assert.deepEqual(await short("-x fd00:10:96::91"), ["web.default.svc.cluster.local."]);
    assert.deepEqual(await short("TXT dns-version.cluster.local"), ['"1.1.0"']);
    assert.deepEqual(await short("NS cluster.local"), ["kube-dns.kube-system.svc.cluster.local."]);
  });

  it("tells what does not exist from what has no such record, with the SOA that resolvers keep it by", async () => {
    const soa =
      /cluster\.local\.\s+30\s+IN\s+SOA\s+ns\.dns\.cluster\.local\. hostmaster\.cluster\.local\. \d+ 7200 1800 86400 30/;
    for (const [words, status] of [
      ["nobody.default.svc.cluster.local", "NXDOMAIN"],
      ["web.nowhere.svc.cluster.local", "NXDOMAIN"],
      ["TXT web.default.svc.cluster.local", "NOERROR"],
      ["default.svc.cluster.local", "NOERROR"],
    ] as const) {
      const output = await dig(words);
      assert.match(output, new RegExp(`status: ${status}`), words);
      assert.match(output, /ANSWER: 0, AUTHORITY: 1/, words);
      assert.match(output, soa, words);
    }
    assert.match(await dig("+short SOA cluster.local"), /^ns\.dns\.cluster\.local\./);
  });

  it("musl finds the names, both families at once, by the search path", async () => {
    const { lab } = context;
    const binary = muslProgram();
    const parts = binary.match(/.{1,16000}/g)!;
    for (const part of parts) await sh(lab, "client", `printf %s '${part}' >> /tmp/resolve.b64`);
    await sh(lab, "client", "base64 -d < /tmp/resolve.b64 > /tmp/resolve && chmod +x /tmp/resolve");
    const addresses = async (name: string) =>
      (await sh(lab, "client", `/tmp/resolve ${name}`)).split("\n").sort();
    assert.deepEqual(await addresses("web"), ["10.96.9.1", "fd00:10:96::91"]);
    assert.deepEqual(await addresses("web.default.svc.cluster.local"), ["10.96.9.1", "fd00:10:96::91"]);
    assert.deepEqual(await addresses("kubernetes.default"), ["10.96.0.1"]);
    const missing = await lab.exec("client", ["/tmp/resolve", "nobody.default.svc.cluster.local"]);
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /does not (exist|resolve)|Name/i);
  });

  it("Node's resolver and its lookup find them", async () => {
    const program = `
      const { lookup, resolve4, resolve6, resolveSrv, reverse } = require("dns").promises;
      const name = "web.default.svc.cluster.local";
      (async () => console.log(JSON.stringify([
        await resolve4(name), await resolve6(name), await resolveSrv("_http._tcp." + name),
        await reverse("10.96.9.1"), (await lookup("web", { family: 4 })).address,
        await resolve4("nobody." + name).catch(error => error.code),
      ])))();`;
    const output = await sh(context.lab, "client", `node -e '${program}'`);
    assert.deepEqual(JSON.parse(output), [
      ["10.96.9.1"],
      ["fd00:10:96::91"],
      [{ name: "web.default.svc.cluster.local", port: 80, priority: 0, weight: 50 }],
      ["web.default.svc.cluster.local"],
      "10.96.9.1",
      "ENOTFOUND",
    ]);
  });

  it("an ExternalName leads where it says, then elsewhere, and is an address once it is a ClusterIP", async () => {
    const { lab } = context;
    const { client } = lab;
    const name = "moving.default.svc.cluster.local";
    await service("moving", { type: "ExternalName", externalName: "web.default.svc.cluster.local" });
    await until(`[ "$(dig +short ${name} | tail -n 1)" = 10.96.9.1 ]`);
    assert.equal(await dig(`+short CNAME ${name}`), "web.default.svc.cluster.local.");
    const change = async (edit: (copy: Service) => void) => {
      const copy = await client.get(kinds.services, { namespace: "default", name: "moving" });
      edit(copy);
      return client.update(kinds.services, copy);
    };
    await change(copy => {
      copy.spec.externalName = "kubernetes.default.svc.cluster.local";
    });
    await until(`[ "$(dig +short ${name} | tail -n 1)" = 10.96.0.1 ]`);
    const { spec } = await change(copy => {
      delete copy.spec.externalName;
      Object.assign(copy.spec, { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP" }] });
    });
    await until(`[ "$(dig +short ${name})" = ${spec.clusterIP} ]`);
    assert.match(await sh(lab, "client", "getent ahostsv4 moving"), new RegExp(`^${spec.clusterIP} `));
  });

  it("an answer follows a change within a moment", async () => {
    const { client } = context.lab;
    const watcher = `
      const { Resolver } = require("dns").promises;
      const resolver = new Resolver();
      (async () => {
        for (;;) {
          const found = await resolver.resolve4("late.default.svc.cluster.local").catch(() => []);
          if (found.length > 0) return console.log(Date.now());
          await new Promise(resolve => setTimeout(resolve, 1));
        }
      })();`;
    const waiting = ["client", "other"].map(pod => sh(context.lab, pod, `node -e '${watcher}'`));
    await until("ss -Hun state established | grep -q :53 || true");
    await client.create(kinds.services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "late", namespace: "default" },
      spec: { ports: [{ port: 80, protocol: "TCP" }] },
    } as unknown as Service);
    for (const output of await Promise.all(waiting)) assert.match(output, /^\d+$/);
  });

  it("kube-dns is made again when somebody deletes it or changes its slices", async () => {
    const { client } = context.lab;
    const name = { namespace: "kube-system", name: "kube-dns" };
    const { metadata } = await client.get(kinds.services, name);
    await client.delete(kinds.services, name);
    await client.delete(kinds.endpointSlices, { ...name, name: "kube-dns-ipv4" });
    const isBack = async () => {
      const found = await client.get(kinds.services, name).catch(() => undefined);
      return found !== undefined && found.metadata.uid !== metadata.uid && found.spec.clusterIP === DNS.IPv4;
    };
    while (!(await isBack())) await new Promise(resolve => setTimeout(resolve, 20));
    await until("dig +tries=1 +time=1 +short web.default.svc.cluster.local | grep -q 10.96.9.1");
    const slice = await client.get(kinds.endpointSlices, { ...name, name: "kube-dns-ipv4" });
    const nodes = (await client.list(kinds.nodes)).items;
    assert.deepEqual(
      slice.endpoints.map(({ addresses, nodeName }) => `${nodeName} ${addresses}`),
      nodes.map(({ metadata: { name }, spec }) => `${name} ${spec.podCIDRs![0]!.replace("0/24", "1")}`),
    );
  });
});
