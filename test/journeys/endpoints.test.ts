/**
 * Who is behind a Service, from manifest to answer: what people do with kubectl, what its EndpointSlices and Endpoints
 * say then, and who answers at its address.
 */
import assert from "node:assert/strict";
import { type Endpoint, type EndpointSlice, kinds } from "@podwire/api";
import { until } from "@podwire/lab";
import { KubectlUser } from "./kubectl.ts";
import { describeKubectls } from "./kubectls.ts";
import { host, ipv4Of, podManifest, runPods, runServers, sh, useLab } from "./lab.ts";

const ZONE = "topology.kubernetes.io/zone";
const server = { name: "main", image: "agnhost", args: ["netexec"] };

describe("journey: endpoints", function () {
  this.timeout(120_000);
  const use = useLab({
    nodes: [
      { name: "east", labels: { [ZONE]: "east" } },
      { name: "west", labels: { [ZONE]: "west" } },
    ],
  });
  before(() => runPods(use.lab, [podManifest("client", { node: "east", args: ["pause"] })]));

  /** Resolves with the slices of a Service when they are as wanted. */
  const slicesOf = (service: string, wanted: (endpoints: Endpoint[], slices: EndpointSlice[]) => boolean) =>
    until(
      use.lab.client,
      kinds.endpointSlices,
      { namespace: "default" },
      all => {
        const slices = all.filter(
          ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service,
        );
        const ipv4 = slices.filter(({ addressType }) => addressType === "IPv4");
        return wanted(
          ipv4.flatMap(({ endpoints }) => endpoints ?? []),
          slices,
        )
          ? slices
          : undefined;
      },
      all => JSON.stringify(all.map(({ metadata, endpoints }) => [metadata.name, endpoints])),
    );
  const areReady = (count: number) => (endpoints: Endpoint[]) =>
    endpoints.length === count && endpoints.every(({ conditions }) => conditions?.ready === true);

  /** Asks until these answer, all of them and nobody else. */
  async function answered(url: string, by: readonly string[]): Promise<void> {
    const wanted = [...by].sort().join(" ");
    const ask = `for i in $(seq ${8 * by.length}); do curl -sS -g -m 2 ${url}; echo; done | sort -u | xargs`;
    const line = `for turn in $(seq 40); do [ "$(${ask})" = "${wanted}" ] && exit 0; sleep 0.1; done; ${ask}; exit 1`;
    await sh(use.lab, "client", line);
  }
  const refused = (url: string) =>
    sh(
      use.lab,
      "client",
      `for turn in $(seq 50); do curl -s -g -m 1 ${url}; [ $? = 7 ] && exit 0; sleep 0.1; done; exit 1`,
    );

  describeKubectls("of Services", binary => {
    let kubectl: KubectlUser;
    before(() => {
      kubectl = new KubectlUser(binary, use.lab, "default");
    });
    after(() => kubectl?.close());
    const apply = (object: object) => kubectl.runWith({ input: JSON.stringify(object) }, "apply", "-f", "-");
    const service = (name: string, spec: object) =>
      apply({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
      });
    const urls = async (name: string) => {
      const { spec } = await kubectl.json<{ spec: { clusterIPs: string[] } }>("get", "service", name);
      return spec.clusterIPs.map(ip => `http://${host(ip)}/hostname`);
    };
    const podNames = async (app: string) =>
      (
        await kubectl.run("get", "pods", "-l", `app=${app}`, "-o", "jsonpath={.items[*].metadata.name}")
      ).split(" ");
    const remove = (...words: string[]) => kubectl.run("delete", ...words, "--wait=true", "--timeout=30s");

    it("a Deployment, exposed: all of its Pods answer, as many as there are, in both families", async () => {
      const template = { metadata: { labels: { app: "web" } }, spec: { containers: [server] } };
      await apply({
        ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
        spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template },
      });
      const families = { ipFamilyPolicy: "PreferDualStack", selector: { app: "web" } };
      await service("web", families);
      await kubectl.run("rollout", "status", "deployment/web", "--timeout=60s");
      for (const replicas of [2, 4, 1]) {
        await kubectl.run("scale", "deployment/web", `--replicas=${replicas}`);
        const slices = await slicesOf("web", areReady(replicas));
        assert.deepEqual(slices.map(({ addressType }) => addressType).sort(), ["IPv4", "IPv6"]);
        // Each family has its own slice, and is written on its own.
        const ipv4 = slices.filter(({ addressType }) => addressType === "IPv4");
        const names = ipv4.flatMap(({ endpoints }) => endpoints!.map(({ targetRef }) => targetRef!.name!));
        for (const url of await urls("web")) await answered(url, names);
      }
      const [name] = await podNames("web");
      const { subsets } = await kubectl.json<{ subsets: { addresses: { targetRef: { name: string } }[] }[] }>(
        "get",
        "endpoints",
        "web",
      );
      assert.deepEqual(
        subsets[0]!.addresses.map(({ targetRef }) => targetRef.name),
        [name],
      );
      assert.match(await kubectl.run("describe", "service", "web"), /^Endpoints: +\S+:8080/m);
      await remove("deployment/web", "service/web");
      await slicesOf("web", (_, all) => all.length === 0);
      await until(
        use.lab.client,
        kinds.endpoints,
        { namespace: "default" },
        all => (all.some(({ metadata }) => metadata.name === "web") ? undefined : true),
        all => all.map(({ metadata }) => metadata.name).join(),
      );
    });

    it("a Pod that is deleted: terminates, serving, and new connections go elsewhere; then it is gone", async () => {
      const lifecycle = { preStop: { sleep: { seconds: 3 } } };
      const spec = { terminationGracePeriodSeconds: 10, containers: [{ ...server, lifecycle }] };
      for (const name of ["stays", "leaves"]) {
        await apply({ ...podManifest(name, { spec }), metadata: { name, labels: { app: "end" } } });
      }
      await service("end", { selector: { app: "end" } });
      await slicesOf("end", areReady(2));
      const [url] = await urls("end");
      await answered(url!, ["stays", "leaves"]);
      await kubectl.run("delete", "pod", "leaves", "--wait=false");
      const ending = (endpoints: Endpoint[]) =>
        endpoints.find(({ targetRef }) => targetRef!.name === "leaves");
      const slices = await slicesOf("end", all => ending(all)?.conditions?.terminating === true);
      const { conditions } = ending(slices.flatMap(({ endpoints }) => endpoints!))!;
      assert.deepEqual(conditions, { ready: false, serving: true, terminating: true });
      await answered(url!, ["stays"]);
      await slicesOf("end", all => ending(all) === undefined);
      await remove("pod/stays", "service/end");
    });

    it("ports by name: each Pod at its own", async () => {
      for (const [name, port] of [
        ["old", 8080],
        ["new", 9090],
      ] as const) {
        const ports = [{ name: "http", containerPort: port }];
        const container = { ...server, args: ["netexec", `--http-port=${port}`], ports };
        const spec = { containers: [container] };
        await apply({ ...podManifest(name, { spec }), metadata: { name, labels: { app: "named" } } });
      }
      await service("named", { selector: { app: "named" }, ports: [{ port: 80, targetPort: "http" }] });
      const slices = await slicesOf("named", areReady(2));
      assert.deepEqual(slices.map(({ ports }) => ports![0]!.port).sort(), [8080, 9090]);
      const [url] = await urls("named");
      await answered(url!, ["old", "new"]);
      await remove("pod/old", "pod/new", "service/named");
    });

    it("a Pod that is not ready: refused, until its address is published", async () => {
      const container = { ...server, readinessProbe: { exec: { command: ["false"] } } };
      const spec = { containers: [container] };
      await apply({
        ...podManifest("unready", { spec }),
        metadata: { name: "unready", labels: { app: "unready" } },
      });
      await service("unready", { selector: { app: "unready" } });
      await slicesOf("unready", endpoints => endpoints[0]?.conditions?.ready === false);
      const [url] = await urls("unready");
      await refused(url!);
      await kubectl.run("patch", "service", "unready", "-p", '{"spec":{"publishNotReadyAddresses":true}}');
      await answered(url!, ["unready"]);
      await remove("pod/unready", "service/unready");
    });

    it("without a selector: slices made by hand, and Endpoints, which are mirrored", async () => {
      const pods = await runServers(use.lab, [
        podManifest("one", { node: "east" }),
        podManifest("two", { node: "west" }),
      ]);
      const [one, two] = pods.map(ipv4Of) as [string, string];
      await service("manual", {});
      const [url] = await urls("manual");
      await refused(url!);
      const labels = {
        "kubernetes.io/service-name": "manual",
        "endpointslice.kubernetes.io/managed-by": "me",
      };
      const ports = [{ name: "", port: 8080, protocol: "TCP" }];
      await apply({
        ...{
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: { name: "by-hand", labels },
        },
        ...{ addressType: "IPv4", endpoints: [{ addresses: [one] }], ports },
      });
      await answered(url!, ["one"]);
      const endpoints = (ip: string) =>
        apply({
          ...{ apiVersion: "v1", kind: "Endpoints", metadata: { name: "manual" } },
          subsets: [{ addresses: [{ ip }], ports: [{ port: 8080 }] }],
        });
      await endpoints(two);
      await answered(url!, ["one", "two"]);
      await remove("endpointslice/by-hand");
      await answered(url!, ["two"]);
      await endpoints(one);
      await answered(url!, ["one"]);
      await remove("endpoints/manual");
      await refused(url!);
      await remove("pod/one", "pod/two", "service/manual");
    });

    it("trafficDistribution: clients are answered from their own zone while it has an endpoint", async () => {
      const place = (name: string, node: string) =>
        apply({
          ...podManifest(name, { node, spec: { containers: [server] } }),
          metadata: { name, labels: { app: "near" } },
        });
      await place("near", "east");
      await place("far", "west");
      await service("near", { selector: { app: "near" }, trafficDistribution: "PreferSameZone" });
      const slices = await slicesOf("near", areReady(2));
      const hints = slices.flatMap(({ endpoints }) =>
        endpoints!.map(each => [each.zone, each.hints!.forZones![0]!.name]),
      );
      assert.deepEqual(hints.sort(), [
        ["east", "east"],
        ["west", "west"],
      ]);
      const [url] = await urls("near");
      await answered(url!, ["near"]);
      await remove("pod/near");
      await answered(url!, ["far"]);
      await remove("pod/far", "service/near");
    });
  });
});
