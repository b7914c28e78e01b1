/** What a Namespace has from its start, and how it ends; what every cluster has. Over a real registry. */
import assert from "node:assert/strict";
import { type EndpointSlice, type Kind, type KubernetesObject, kinds, type Namespace } from "@podwire/api";
import { TestControlPlane } from "./testing/control-plane.ts";

describe("namespaces and what a cluster has", () => {
  let plane: TestControlPlane;
  beforeEach(async () => {
    plane = await TestControlPlane.start();
  });
  afterEach(() => plane.stop());

  const there = <T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string) =>
    plane.until(kind, { namespace, name }, object => object !== undefined) as Promise<T>;
  const condition = ({ status }: Namespace, type: string) =>
    status.conditions?.find(each => each.type === type);

  it("a Namespace gets its ServiceAccount and its CA bundle, and gets them again", async () => {
    await plane.registry.create(kinds.namespaces, { metadata: { name: "team" } });
    for (const namespace of ["default", "kube-system", "team"]) {
      await there(kinds.serviceAccounts, namespace, "default");
      const bundle = await there(kinds.configMaps, namespace, "kube-root-ca.crt");
      assert.deepEqual(bundle.data, { "ca.crt": "the cluster's CA certificate" });
    }
    const account = { namespace: "team", name: "default" };
    const first = await there(kinds.serviceAccounts, "team", "default");
    await plane.registry.delete(kinds.serviceAccounts, account);
    const isAnother = (object?: KubernetesObject) =>
      object !== undefined && object.metadata.uid !== first.metadata.uid;
    await plane.until(kinds.serviceAccounts, account, isAnother);
    const bundle = { namespace: "team", name: "kube-root-ca.crt" };
    await plane.registry.mutate(kinds.configMaps, bundle, copy => {
      copy.data = { "ca.crt": "forged" };
    });
    await plane.until(
      kinds.configMaps,
      bundle,
      object => object?.data?.["ca.crt"] === "the cluster's CA certificate",
    );
  });

  it("a Namespace that is deleted is emptied, of kinds with and without Pods, and goes", async () => {
    await plane.registry.create(kinds.namespaces, { metadata: { name: "team" } });
    await there(kinds.configMaps, "team", "kube-root-ca.crt");
    const metadata = { namespace: "team", name: "web" };
    await plane.registry.create(kinds.secrets, { metadata });
    await plane.registry.create(kinds.leases, { metadata, spec: {} });
    await plane.registry.delete(kinds.namespaces, { name: "team" });
    await plane.until(kinds.namespaces, { name: "team" }, object => object === undefined);
    for (const kind of [
      kinds.secrets,
      kinds.leases,
      kinds.configMaps,
      kinds.serviceAccounts,
    ] as readonly Kind[]) {
      assert.deepEqual((await plane.registry.list(kind, { namespace: "team" })).items, []);
    }
  });

  it("says what it waits for: content, and whose finalizers hold it", async () => {
    await plane.registry.create(kinds.namespaces, { metadata: { name: "team" } });
    const metadata = { namespace: "team", name: "held", finalizers: ["example.test/hold"] };
    await plane.registry.create(kinds.secrets, { metadata });
    await plane.registry.delete(kinds.namespaces, { name: "team" });
    const waiting = await plane.until(kinds.namespaces, { name: "team" }, object => {
      const message = object && condition(object, "NamespaceContentRemaining")?.message;
      return message === "Some resources are remaining: secrets has 1 resource instances";
    });
    assert.equal(
      condition(waiting!, "NamespaceFinalizersRemaining")?.message,
      "Some content in the namespace has finalizers remaining: example.test/hold in 1 resource instances",
    );
    assert.equal(condition(waiting!, "NamespaceDeletionContentFailure")?.status, "False");
    await plane.registry.mutate(kinds.secrets, { namespace: "team", name: "held" }, copy => {
      copy.metadata.finalizers = undefined;
    });
    await plane.until(kinds.namespaces, { name: "team" }, object => object === undefined);
  });

  it("the Service kubernetes leads to the API server, and is mended", async () => {
    const service = await there(kinds.services, "default", "kubernetes");
    assert.deepEqual(service.spec.clusterIPs, ["10.96.0.1"]);
    assert.deepEqual(
      service.spec.ports?.map(({ port, targetPort }) => [port, targetPort]),
      [[443, 6443]],
    );
    const slice = await there(kinds.endpointSlices, "default", "kubernetes");
    assert.deepEqual(slice.endpoints[0]?.addresses, ["172.30.0.1"]);
    const endpoints = await there(kinds.endpoints, "default", "kubernetes");
    assert.equal(endpoints.subsets?.[0]?.addresses?.[0]?.ip, "172.30.0.1");
    const ref = { namespace: "default", name: "kubernetes" };
    await plane.registry.mutate(kinds.endpointSlices, ref, copy => {
      copy.endpoints = [{ addresses: ["192.0.2.1"] }];
    });
    const isMended = (object?: EndpointSlice) => object?.endpoints[0]?.addresses[0] === "172.30.0.1";
    await plane.until(kinds.endpointSlices, ref, isMended);
    await plane.registry.delete(kinds.services, ref);
    await plane.until(
      kinds.services,
      ref,
      object => object !== undefined && object.metadata.uid !== service.metadata.uid,
    );
  });
});
