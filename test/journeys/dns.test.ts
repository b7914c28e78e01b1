/**
 * The cluster's DNS over real packets: what resolvers of many kinds make of the names of Services, from pods, nodes and
 * hostNetwork pods, over IPv4 and IPv6.
 */
import assert from "node:assert/strict";
import { kinds, type Service } from "@podwire/api";
import { expectSuccess, podManifest, runPods, sh, useLab } from "./lab.ts";

const DNS = { IPv4: "10.96.0.10", IPv6: "fd00:10:96::a" } as const;

describe("journey: DNS", function () {
  this.timeout(60_000);
  const context = useLab();

  before(async function () {
    this.timeout(60_000);
    const { lab } = context;
    await runPods(lab, [
      podManifest("client", { node: "node-1" }),
      podManifest("other", { node: "node-3" }),
      podManifest("agent", {
        node: "node-2",
        args: ["pause"],
        spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
      }),
    ]);
    const ports = [{ name: "http", port: 80, protocol: "TCP" }];
    await lab.client.create(kinds.services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: {
        ipFamilyPolicy: "RequireDualStack",
        clusterIP: "10.96.9.1",
        clusterIPs: ["10.96.9.1", "fd00:10:96::91"],
        ports,
      },
    } as unknown as Service);
  });

  const dig = (pod: string, words: string) => sh(context.lab, pod, `dig +tries=2 +time=3 ${words}`);

  it("pods find Services by short and long names, with dig and with glibc", async () => {
    const { lab } = context;
    for (const pod of ["client", "other", "agent"]) {
      const until = "for i in $(seq 50); do getent ahostsv4 web && exit 0; sleep 0.1; done; exit 1";
      assert.match(await sh(lab, pod, until), /^10\.96\.9\.1 /, pod);
      assert.match(await sh(lab, pod, "getent ahostsv6 web.default.svc"), /^fd00:10:96::91 /, pod);
      assert.equal(await dig(pod, "+short web.default.svc.cluster.local"), "10.96.9.1", pod);
      assert.equal(await dig(pod, "+short +search kubernetes.default"), "10.96.0.1", pod);
    }
  });

  it("answers over both families, UDP and TCP, to pods and nodes", async () => {
    const { lab } = context;
    for (const server of Object.values(DNS)) {
      for (const transport of ["+notcp", "+tcp"]) {
        const words = `@${server} ${transport} +short AAAA web.default.svc.cluster.local`;
        for (const pod of ["client", "other", "agent"]) {
          assert.equal(await dig(pod, words), "fd00:10:96::91", `${pod} ${words}`);
        }
        const line = `dig ${words}`;
        const answer = await lab.netnsOfNode("node-3").exec("sh", "-c", line);
        assert.equal(expectSuccess(line, answer), "fd00:10:96::91");
      }
    }
  });
});
