/** EndpointSlices over a real registry, with Pods that live as the test says. */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds, type Pod } from "@podwire/api";
import { addressesIn, ServiceLab } from "../testing/service-lab.ts";
import { isDeleted, type WorkloadLab } from "../testing/workload-lab.ts";

const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const MANAGED = {
  "kubernetes.io/service-name": "web",
  [MANAGED_BY]: "endpointslice-controller.k8s.io",
};
const ZONE = "topology.kubernetes.io/zone";
const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";

describe("EndpointSlices", () => {
  let world: ServiceLab;
  let lab: WorkloadLab;

  beforeEach(async () => {
    world = await ServiceLab.start();
    lab = world.lab;
    await lab.addNode("node-1", { labels: { [ZONE]: "east" } });
    await lab.addNode("node-2");
  });
  afterEach(() => world.stop());

  const endpointsOf = (all: readonly EndpointSlice[]) => all.flatMap(({ endpoints }) => endpoints ?? []);
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
    const { metadata } = await world.service({}, { labels: { team: "shop", [MANAGED_BY]: "me" } });
    const { metadata: of } = await world.pod("web-1", ["10.0.0.1"], { hostname: "one", subdomain: "web" });
    const [slice, ...others] = await world.slices();
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
    await world.service({ ipFamilyPolicy: "RequireDualStack" });
    const found = await world.slices();
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
    await world.service({ ipFamilyPolicy: "RequireDualStack" });
    await world.pod("web-1", ["10.0.0.1", "fd00:0:0::1"]);
    await world.pod("web-2", ["10.0.0.2"]);
    const found = await world.slices();
    const of = (family: string) => addressesIn(found.filter(({ addressType }) => addressType === family));
    assert.deepEqual([of("IPv4"), of("IPv6")], [["10.0.0.1", "10.0.0.2"], ["fd00::1"]]);
    await lab.change(kinds.services, "web", copy => {
      copy.spec.ipFamilyPolicy = "SingleStack";
    });
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1", "10.0.0.2"]);
  });

  it("follows a Pod from waiting over ready and ending to gone; what has ended is behind no Service", async () => {
    let life: "pending" | "running" | "ready" | "succeeded" | "gone" = "pending";
    lab.behave = () => life;
    await world.service();
    await world.pod("web-1", ["10.0.0.1"], { restartPolicy: "Never" });
    const conditions = async () =>
      endpointsOf(await world.slices()).map(each => Object.values(each.conditions!));
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
    await world.service({ publishNotReadyAddresses: true });
    await world.pod("web-1", ["10.0.0.1"]);
    await world.pod("nowhere", ["10.0.0.2"], { nodeName: "missing" });
    await lab.delete(kinds.pods, "web-1");
    const conditions = endpointsOf(await world.slices()).map(each => [
      ...each.addresses,
      ...Object.values(each.conditions!),
    ]);
    assert.deepEqual(conditions.sort(), [
      ["10.0.0.1", true, false, true],
      ["10.0.0.2", true, false, false],
    ]);
  });

  it("hostNetwork Pods of one Node share an address, and are an endpoint each", async () => {
    await world.service();
    for (const name of ["web-1", "web-2"]) await world.pod(name, ["192.168.7.1"], { hostNetwork: true });
    const found = endpointsOf(await world.slices());
    assert.deepEqual(found.map(({ addresses, targetRef }) => [...addresses, targetRef!.name]).sort(), [
      ["192.168.7.1", "web-1"],
      ["192.168.7.1", "web-2"],
    ]);
  });

  it("waits for the Node of a Pod, and follows its zone", async () => {
    await world.service();
    await world.pod("early", ["10.0.0.1"], { nodeName: "late" });
    await world.pod("web-1", ["10.0.0.2"]);
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.2"]);
    await lab.addNode("late");
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1", "10.0.0.2"]);
    await lab.changeNode("late", copy => {
      copy.metadata.labels = { [ZONE]: "west" };
    });
    assert.deepEqual(
      endpointsOf(await world.slices())
        .map(({ zone }) => zone)
        .sort(),
      ["east", "west"],
    );
  });

  it("headless Services: with ports, and without any", async () => {
    await world.service({ clusterIP: "None", ports: undefined });
    await world.pod("web-1", ["10.0.0.1"]);
    const [slice] = await world.slices();
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
    await world.service({
      ports: [
        { name: "web", port: 80, targetPort: "http", appProtocol: "http" },
        { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
        { name: "sig", port: 99, targetPort: 9000, protocol: "SCTP" },
      ],
    });
    await world.pod("old", ["10.0.0.1"], container(port("http", 8080), port("dns", 53)));
    await world.pod("new", ["10.0.0.2"], container(port("http", 9090), port("dns", 5353, "UDP")));
    const sidecar = { name: "side", image: "agnhost", restartPolicy: "Always", ports: [port("http", 7070)] };
    await world.pod("mesh", ["10.0.0.3"], { initContainers: [sidecar] });
    const ports = (await world.slices()).map(slice => [
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
    await world.service();
    await world.pods(1, 150);
    assert.deepEqual((await world.slices()).map(({ endpoints }) => endpoints!.length).sort(), [100, 50]);
    const unready = lab.behave;
    lab.behave = each => (each.metadata.name === "web-1-7" ? "running" : unready(each));
    assert.equal((await writes(() => lab.live())).length, 1);
    assert.deepEqual(await writes(() => world.pods(2, 1)), ["MODIFIED 51"]);
  });

  it("follows the labels of Pods and the selector; without one, its Endpoints stay and are mirrored instead", async () => {
    await world.service();
    await world.pod("web-1", ["10.0.0.1"]);
    await world.pod("api-1", ["10.0.0.2"], {}, { app: "api" });
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1"]);
    await lab.change(kinds.pods, "web-1", copy => Object.assign(copy.metadata, { labels: { app: "other" } }));
    assert.deepEqual(addressesIn(await world.slices()), []);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: { app: "api" } }));
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.2"]);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: undefined }));
    const left = await world.slices();
    assert.deepEqual(addressesIn(left), ["10.0.0.2"]);
    assert.equal(left[0]!.metadata.labels![MANAGED_BY], "endpointslicemirroring-controller.k8s.io");
    await lab.change(kinds.services, "web", copy => Object.assign(copy.spec, { selector: { app: "web" } }));
    const back = await world.slices();
    assert.deepEqual([back.length, back[0]!.metadata.labels![MANAGED_BY]], [1, MANAGED[MANAGED_BY]]);
  });

  it("puts right what others do to its slices, and leaves those of others alone", async () => {
    await world.service();
    await world.pod("web-1", ["10.0.0.1"]);
    const [{ metadata }] = (await world.slices()) as [EndpointSlice];
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
    const repaired = await world.slices();
    assert.deepEqual(addressesIn(repaired), ["10.0.0.1", "10.9.9.9"]);
    const own = repaired.find(each => each.metadata.name === metadata.name);
    assert.deepEqual(own!.endpoints![0]!.conditions, { ready: true, serving: true, terminating: false });
    await lab.delete(kinds.endpointSlices, metadata.name);
    assert.deepEqual(addressesIn(await world.slices()), ["10.0.0.1", "10.9.9.9"]);
  });

  it("tells when what it answers to has happened", async () => {
    const { metadata } = await world.service();
    const changed = async () => (await world.slices())[0]!.metadata.annotations?.[LAST_CHANGE];
    assert.equal(await changed(), metadata.creationTimestamp);
    await lab.advance(10);
    const of = await world.pod("web-1", ["10.0.0.1"]);
    assert.equal(await changed(), of.metadata.creationTimestamp);
    await lab.advance(10);
    // A label of the Service has no time.
    await lab.change(kinds.services, "web", copy => Object.assign(copy.metadata, { labels: { a: "b" } }));
    assert.equal(await changed(), undefined);
  });

  it("makes nothing new for a Service that is going, and none of an old one of its name stays", async () => {
    await world.service({}, { finalizers: ["example.com/hold"] });
    await world.pod("web-1", ["10.0.0.1"]);
    const [old] = await world.slices();
    await lab.delete(kinds.services, "web");
    await lab.delete(kinds.endpointSlices, old!.metadata.name);
    assert.deepEqual(await world.slices(), []);
    await lab.change(kinds.services, "web", copy => Object.assign(copy.metadata, { finalizers: undefined }));
    await lab.settle();
    await lab.registry.create(kinds.endpointSlices, {
      metadata: { ...old!.metadata, name: "old", namespace: "test", resourceVersion: "", uid: "" },
      addressType: "IPv4",
      endpoints: old!.endpoints,
    } as never);
    await world.service();
    const found = await world.slices();
    assert.equal(found.length, 1);
    assert.notEqual(found[0]!.metadata.name, "old");
    assert.ok(!(await lab.pods()).some(isDeleted));
  });

  it("starts anew where it left off: what changed meanwhile is written, what did not is not", async () => {
    await world.service();
    await world.pods(1, 3);
    assert.equal((await world.slices()).length, 1);
    lab.stopControllers();
    assert.deepEqual(await writes(() => lab.startControllers()), []);
    lab.stopControllers();
    await lab.delete(kinds.pods, "web-1-0", { gracePeriodSeconds: 0 });
    assert.deepEqual(await writes(() => lab.startControllers()), ["MODIFIED 2"]);
    const pod: Pod | undefined = (await lab.pods()).find(({ metadata }) => metadata.name === "web-1-0");
    assert.equal(pod, undefined);
  });
});
