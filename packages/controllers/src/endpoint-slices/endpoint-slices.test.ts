/** EndpointSlices over a real registry, with Pods that live as the test says. */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds, type Pod } from "@podwire/api";
import { serviceEndpoints } from "../service-endpoints/start.ts";
import { isDeleted, WorkloadLab } from "../testing/workload-lab.ts";

const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const MANAGED = {
  "kubernetes.io/service-name": "web",
  [MANAGED_BY]: "endpointslice-controller.k8s.io",
};
const ZONE = "topology.kubernetes.io/zone";
const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";

describe("EndpointSlices", () => {
  let lab: WorkloadLab;
  let addresses: Map<string, string[]>;

  beforeEach(async () => {
    addresses = new Map();
    lab = await WorkloadLab.start({
      beside: context => [serviceEndpoints(context)],
      addressesOf: pod => addresses.get(pod.metadata.name) ?? [],
    });
    await lab.addNode("node-1", { labels: { [ZONE]: "east" } });
    await lab.addNode("node-2");
  });
  afterEach(() => lab.stop());

  async function pod(name: string, ips: string[], spec: object = {}, labels: object = { app: "web" }) {
    addresses.set(name, ips);
    const containers = [{ name: "main", image: "agnhost" }];
    return lab.create(kinds.pods, name, { metadata: { labels }, containers, nodeName: "node-1", ...spec });
  }

  /** `count` Pods with the addresses 10.0.first.1 and on. */
  const pods = (first: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, at) => pod(`web-${first}-${at}`, [`10.0.${first}.${at + 1}`])),
    );

  const service = (spec: object = {}, metadata: object = {}) =>
    lab.create(kinds.services, "web", { metadata, selector: { app: "web" }, ports: [{ port: 80 }], ...spec });

  async function slices(): Promise<EndpointSlice[]> {
    await lab.settle();
    return lab.list(kinds.endpointSlices);
  }

  const endpointsOf = (all: readonly EndpointSlice[]) => all.flatMap(({ endpoints }) => endpoints ?? []);
  const addressesIn = (all: readonly EndpointSlice[]) =>
    endpointsOf(all)
      .map(each => each.addresses[0]!)
      .sort();

  /** What was written to slices from now on, until `end` is called. */
  async function writes(what: () => Promise<unknown>): Promise<string[]> {
    await lab.settle();
    const before = lab.registry.revision;
    await what();
    await lab.settle();
    const seen: string[] = [];
    for await (const { type, revision, stored } of lab.history(kinds.endpointSlices)) {
      if (revision > before) seen.push(`${type} ${(stored.object as EndpointSlice).endpoints?.length}`);
    }
    return seen.sort();
  }

  it("says of a Pod all that there is to say", async () => {
    const { metadata } = await service({}, { labels: { team: "shop", [MANAGED_BY]: "me" } });
    const { metadata: of } = await pod("web-1", ["10.0.0.1"], { hostname: "one", subdomain: "web" });
    const [slice, ...others] = await slices();
    assert.deepEqual(others, []);
    assert.match(slice!.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.deepEqual(slice!.metadata.labels, { ...MANAGED, team: "shop" });
    const owner = { apiVersion: "v1", kind: "Service", name: "web", uid: metadata.uid };
    assert.deepEqual(slice!.metadata.ownerReferences, [
      { ...owner, controller: true, blockOwnerDeletion: true },
    ]);
    assert.equal(slice!.addressType, "IPv4");
    assert.deepEqual(slice!.ports, [{ name: "", protocol: "TCP", port: 80 }]);
    assert.deepEqual(slice!.endpoints, [
      {
        addresses: ["10.0.0.1"],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: "one",
        targetRef: { kind: "Pod", namespace: "test", name: "web-1", uid: of.uid },
        nodeName: "node-1",
        zone: "east",
      },
    ]);
  });

  it("has an empty slice of each family for a Service that selects nobody", async () => {
    await service({ ipFamilyPolicy: "RequireDualStack" });
    const found = await slices();
    assert.deepEqual(found.map(({ addressType }) => addressType).sort(), ["IPv4", "IPv6"]);
    for (const { endpoints, ports } of found) assert.deepEqual([endpoints, ports], [[], []]);
    assert.deepEqual(
      await writes(() =>
        lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { sessionAffinity: "ClientIP" })),
      ),
      [],
    );
  });

  it("has a slice of each family for Pods of two, in canonical form", async () => {
    await service({ ipFamilyPolicy: "RequireDualStack" });
    await pod("web-1", ["10.0.0.1", "fd00:0:0::1"]);
    await pod("web-2", ["10.0.0.2"]);
    const found = await slices();
    const of = (family: string) => addressesIn(found.filter(({ addressType }) => addressType === family));
    assert.deepEqual([of("IPv4"), of("IPv6")], [["10.0.0.1", "10.0.0.2"], ["fd00::1"]]);
    await lab.change(kinds.services, "web", copy => {
      copy.spec.ipFamilyPolicy = "SingleStack";
    });
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.1", "10.0.0.2"]);
  });

  it("follows a Pod from waiting over ready and ending to gone; what has ended is behind no Service", async () => {
    let life: "pending" | "running" | "ready" | "succeeded" | "gone" = "pending";
    lab.behave = () => life;
    await service();
    await pod("web-1", ["10.0.0.1"], { restartPolicy: "Never" });
    const conditions = async () => endpointsOf(await slices()).map(each => Object.values(each.conditions!));
    assert.deepEqual(await conditions(), []);
    const become = async (next: typeof life) => {
      life = next;
      await lab.live();
      return conditions();
    };
    assert.deepEqual(await become("running"), [[false, false, false]]);
    assert.deepEqual(await become("ready"), [[true, true, false]]);
    await lab.delete(kinds.pods, "web-1");
    assert.deepEqual(await conditions(), [[false, true, true]]);
    assert.deepEqual(await become("running"), [[false, false, true]]);
    assert.deepEqual(await become("succeeded"), []);
    life = "gone";
    await lab.live();
    assert.deepEqual(await conditions(), []);
  });

  it("publishNotReadyAddresses: what is not ready, or ends, counts as ready", async () => {
    lab.behave = () => "running";
    await service({ publishNotReadyAddresses: true });
    await pod("web-1", ["10.0.0.1"]);
    await pod("nowhere", ["10.0.0.2"], { nodeName: "missing" });
    await lab.delete(kinds.pods, "web-1");
    const conditions = endpointsOf(await slices()).map(each => [
      ...each.addresses,
      ...Object.values(each.conditions!),
    ]);
    assert.deepEqual(conditions.sort(), [
      ["10.0.0.1", true, false, true],
      ["10.0.0.2", true, false, false],
    ]);
  });

  it("waits for the Node of a Pod, and follows its zone", async () => {
    await service();
    await pod("early", ["10.0.0.1"], { nodeName: "late" });
    await pod("web-1", ["10.0.0.2"]);
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.2"]);
    await lab.addNode("late");
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.1", "10.0.0.2"]);
    await lab.changeNode("late", copy => {
      copy.metadata.labels = { [ZONE]: "west" };
    });
    assert.deepEqual(
      endpointsOf(await slices())
        .map(({ zone }) => zone)
        .sort(),
      ["east", "west"],
    );
  });

  it("headless Services: with ports, and without any", async () => {
    await service({ clusterIP: "None", ports: undefined });
    await pod("web-1", ["10.0.0.1"]);
    const [slice] = await slices();
    assert.equal(slice!.metadata.labels!["service.kubernetes.io/headless"], "");
    assert.deepEqual([slice!.ports, addressesIn([slice!])], [[], ["10.0.0.1"]]);
  });

  it("ports by name differ from Pod to Pod: a set of slices for each list of ports", async () => {
    const port = (name: string, containerPort: number, protocol = "TCP") => ({
      name,
      containerPort,
      protocol,
    });
    const container = (...ports: object[]) => ({ containers: [{ name: "main", image: "agnhost", ports }] });
    await service({
      ports: [
        { name: "web", port: 80, targetPort: "http", appProtocol: "http" },
        { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
        { name: "sig", port: 99, targetPort: 9000, protocol: "SCTP" },
      ],
    });
    await pod("old", ["10.0.0.1"], container(port("http", 8080), port("dns", 53)));
    await pod("new", ["10.0.0.2"], container(port("http", 9090), port("dns", 5353, "UDP")));
    const sidecar = { name: "side", image: "agnhost", restartPolicy: "Always", ports: [port("http", 7070)] };
    await pod("mesh", ["10.0.0.3"], { initContainers: [sidecar] });
    const ports = (await slices()).map(slice => [
      ...addressesIn([slice]),
      ...slice.ports!.map(each => `${each.name}=${each.port}/${each.protocol}${each.appProtocol ?? ""}`),
    ]);
    assert.deepEqual(ports.sort(), [
      ["10.0.0.1", "sig=9000/SCTP", "web=8080/TCPhttp"],
      ["10.0.0.2", "dns=5353/UDP", "sig=9000/SCTP", "web=9090/TCPhttp"],
      ["10.0.0.3", "sig=9000/SCTP", "web=7070/TCPhttp"],
    ]);
    // Another port for all: each slice is written once, and none is made.
    const change = () =>
      lab.change(kinds.services, "web", copy => {
        copy.spec.ports![2]!.targetPort = 9001;
      });
    assert.deepEqual(await writes(change), ["MODIFIED 1", "MODIFIED 1", "MODIFIED 1"]);
  });

  it("at most 100 endpoints a slice; one that changes writes one slice, one that comes fills one up", async () => {
    await service();
    await pods(1, 150);
    assert.deepEqual((await slices()).map(({ endpoints }) => endpoints!.length).sort(), [100, 50]);
    const unready = lab.behave;
    lab.behave = each => (each.metadata.name === "web-1-7" ? "running" : unready(each));
    assert.equal((await writes(() => lab.live())).length, 1);
    assert.deepEqual(await writes(() => pods(2, 1)), ["MODIFIED 51"]);
  });

  it("follows the labels of Pods and the selector; without one, its Endpoints stay and are mirrored instead", async () => {
    await service();
    await pod("web-1", ["10.0.0.1"]);
    await pod("api-1", ["10.0.0.2"], {}, { app: "api" });
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.1"]);
    await lab.change(kinds.pods, "web-1", copy => Object.assign(copy.metadata, { labels: { app: "other" } }));
    assert.deepEqual(addressesIn(await slices()), []);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: { app: "api" } }));
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.2"]);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: undefined }));
    const left = await slices();
    assert.deepEqual(addressesIn(left), ["10.0.0.2"]);
    assert.equal(left[0]!.metadata.labels![MANAGED_BY], "endpointslicemirroring-controller.k8s.io");
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: { app: "web" } }));
    const back = await slices();
    assert.deepEqual([back.length, back[0]!.metadata.labels![MANAGED_BY]], [1, MANAGED[MANAGED_BY]]);
  });

  it("puts right what others do to its slices, and leaves those of others alone", async () => {
    await service();
    await pod("web-1", ["10.0.0.1"]);
    const [{ metadata }] = (await slices()) as [EndpointSlice];
    const theirs = { metadata: { labels: { "kubernetes.io/service-name": "web" } }, addressType: "IPv4" };
    const endpoint = { addresses: ["10.9.9.9"] };
    await lab.registry.create(kinds.endpointSlices, {
      ...theirs,
      metadata: { namespace: "test", name: "theirs", ...theirs.metadata },
      endpoints: [endpoint],
    } as never);
    await lab.change(kinds.endpointSlices, metadata.name, copy =>
      Object.assign(copy.endpoints![0]!, { conditions: { ready: false } }),
    );
    const repaired = await slices();
    assert.deepEqual(addressesIn(repaired), ["10.0.0.1", "10.9.9.9"]);
    const own = repaired.find(each => each.metadata.name === metadata.name);
    assert.deepEqual(own!.endpoints![0]!.conditions, { ready: true, serving: true, terminating: false });
    await lab.delete(kinds.endpointSlices, metadata.name);
    assert.deepEqual(addressesIn(await slices()), ["10.0.0.1", "10.9.9.9"]);
  });

  it("tells when what it answers to has happened", async () => {
    const { metadata } = await service();
    const changed = async () => (await slices())[0]!.metadata.annotations?.[LAST_CHANGE];
    assert.equal(await changed(), metadata.creationTimestamp);
    await lab.advance(10);
    const of = await pod("web-1", ["10.0.0.1"]);
    assert.equal(await changed(), of.metadata.creationTimestamp);
    await lab.advance(10);
    // A label of the Service has no time.
    await lab.change(kinds.services, "web", copy => Object.assign(copy.metadata, { labels: { a: "b" } }));
    assert.equal(await changed(), undefined);
  });

  it("makes nothing new for a Service that is going, and none of an old one of its name stays", async () => {
    await service({}, { finalizers: ["example.com/hold"] });
    await pod("web-1", ["10.0.0.1"]);
    const [old] = await slices();
    await lab.delete(kinds.services, "web");
    await lab.delete(kinds.endpointSlices, old!.metadata.name);
    assert.deepEqual(await slices(), []);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.metadata, { finalizers: undefined }));
    await lab.settle();
    await lab.registry.create(kinds.endpointSlices, {
      metadata: { ...old!.metadata, name: "old", namespace: "test", resourceVersion: "", uid: "" },
      addressType: "IPv4",
      endpoints: old!.endpoints,
    } as never);
    await service();
    const found = await slices();
    assert.equal(found.length, 1);
    assert.notEqual(found[0]!.metadata.name, "old");
    assert.ok(!(await lab.pods()).some(isDeleted));
  });

  it("starts anew where it left off: what changed meanwhile is written, what did not is not", async () => {
    await service();
    await pods(1, 3);
    assert.equal((await slices()).length, 1);
    lab.stopControllers();
    assert.deepEqual(await writes(() => lab.startControllers()), []);
    lab.stopControllers();
    await lab.delete(kinds.pods, "web-1-0", { gracePeriodSeconds: 0 });
    assert.deepEqual(await writes(() => lab.startControllers()), ["MODIFIED 2"]);
    const pod: Pod | undefined = (await lab.pods()).find(({ metadata }) => metadata.name === "web-1-0");
    assert.equal(pod, undefined);
  });
});
