/** The Service kube-dns and its slices over a real registry: an endpoint a Node, whoever comes, goes or meddles. */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds } from "@podwire/api";
import { TestControlPlane } from "../testing/control-plane.ts";

const SERVICE = { namespace: "kube-system", name: "kube-dns" };
const IPV4 = { namespace: "kube-system", name: "kube-dns-ipv4" };

describe("cluster DNS", () => {
  let plane: TestControlPlane;
  beforeEach(async () => {
    plane = await TestControlPlane.start({ clusterDns: ["10.96.0.10"] });
  });
  afterEach(() => plane.stop());

  const endpoints = (slice: EndpointSlice | undefined) =>
    (slice?.endpoints ?? []).map(({ nodeName, addresses }) => `${nodeName} ${addresses}`).join(", ");
  const until = (text: string) => plane.until(kinds.endpointSlices, IPV4, slice => endpoints(slice) === text);

  it("has its address, ports and policy from the start", async () => {
    const { metadata, spec } = (await plane.until(
      kinds.services,
      SERVICE,
      service => service !== undefined,
    ))!;
    assert.equal(metadata.labels?.["k8s-app"], "kube-dns");
    assert.deepEqual([spec.clusterIPs, spec.internalTrafficPolicy], [["10.96.0.10"], "Local"]);
    assert.deepEqual(
      spec.ports?.map(({ name, protocol, port }) => `${name} ${protocol} ${port}`),
      ["dns UDP 53", "dns-tcp TCP 53"],
    );
    await until("");
    const slices = await plane.registry.list(kinds.endpointSlices, { namespace: "kube-system" });
    assert.deepEqual(
      slices.items.map(({ object }) => object.metadata.name),
      ["kube-dns-ipv4"],
    );
  });

  it("has an endpoint on every Node: its own address in its pod CIDR", async () => {
    for (const name of ["node-2", "node-1"]) {
      const spec = { podCIDRs: [`10.244.${name.slice(-1)}.0/24`, `fd00:10:244:${name.slice(-1)}::/64`] };
      await plane.registry.create(kinds.nodes, { metadata: { name }, spec });
    }
    await until("node-1 10.244.1.1, node-2 10.244.2.1");
    await plane.registry.delete(kinds.nodes, { name: "node-1" });
    await until("node-2 10.244.2.1");
  });

  it("is put right when somebody changes or deletes it", async () => {
    await plane.registry.create(kinds.nodes, {
      metadata: { name: "node-1" },
      spec: { podCIDRs: ["10.244.1.0/24"] },
    });
    await until("node-1 10.244.1.1");
    await plane.registry.mutate(kinds.endpointSlices, IPV4, slice => {
      slice.endpoints = [{ addresses: ["10.244.1.99"] }];
    });
    await until("node-1 10.244.1.1");
    await plane.registry.mutate(kinds.services, SERVICE, service => {
      service.spec.internalTrafficPolicy = "Cluster";
    });
    await plane.until(kinds.services, SERVICE, service => service?.spec.internalTrafficPolicy === "Local");
    const before = (await plane.registry.get(kinds.services, SERVICE)).object.metadata.uid;
    await plane.registry.delete(kinds.services, SERVICE);
    const again = await plane.until(
      kinds.services,
      SERVICE,
      service => service !== undefined && service.metadata.uid !== before,
    );
    assert.equal(again!.spec.clusterIP, "10.96.0.10");
  });
});
