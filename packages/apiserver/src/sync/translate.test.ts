/** What one node hears of changes, as transcripts. */
import assert from "node:assert/strict";
import type { EndpointSlice, KubernetesObject, Node, Pod, PodSpec, PodStatus, Service } from "@podwire/api";
import { ToNode } from "@podwire/protocol";
import type { Stored } from "../registry/registry.ts";
import { Translator } from "./translate.ts";

const metadata = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "",
});

function stored(object: KubernetesObject): Stored {
  return { key: "", revision: 1, object, json: Buffer.from(JSON.stringify(object)) };
}

function node(name: string, status: Node["status"] = {}): Stored {
  const annotations = { "podwire.dev/vtep-mac": "02:00:00:00:00:09" };
  const addresses = [{ type: "InternalIP" as const, address: "192.168.0.9" }];
  const spec = { podCIDRs: ["10.244.9.0/24"] };
  const object: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...metadata(name), annotations },
    spec,
    status: { addresses, ...status },
  };
  return stored(object);
}

function pod(name: string, spec: Partial<PodSpec>, status: PodStatus = {}): Stored {
  const containers = [{ name: "main" }];
  const meta = { ...metadata(name), namespace: "default" };
  const object: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: meta,
    spec: { containers, ...spec },
    status,
  };
  return stored(object);
}

function heard(translator: Translator, change: Stored, revision = 5, deleted = false): string {
  const messages = translator
    .translate({ revision, stored: change, deleted })
    .map(bytes => ToNode.decode(bytes));
  return messages
    .map(({ revision: at, message }) => {
      const name = message.case === "peer" || message.case === "peerGone" ? message.value.name : "";
      return `${message.case}${name && ` ${name}`}@${at}`;
    })
    .join(", ");
}

const serviceMetadata = (name: string) => ({ ...metadata(name), namespace: "default" });

const service = (spec: Service["spec"], status: Service["status"] = {}) =>
  stored({ apiVersion: "v1", kind: "Service", metadata: serviceMetadata("web"), spec, status } as Service);

const slice = (changes: Partial<EndpointSlice>) =>
  stored({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...serviceMetadata("web-1"), labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.244.1.2"],
        nodeName: "node-1",
        zone: "a",
        hints: { forZones: [{ name: "a" }, { name: "b" }] },
      },
    ],
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    ...changes,
  } as EndpointSlice);

describe("translation for a node", () => {
  const here = { nodeName: "node-1" };
  const away = { nodeName: "node-2" };
  const running: PodStatus = { phase: "Running", podIPs: [{ ip: "10.244.1.2" }] };

  it("announces a peer once, again when it changes, and its going", () => {
    const translator = new Translator("node-1", false);
    const first = node("node-2");
    assert.equal(heard(translator, first), "peer node-2@5");
    assert.equal(heard(translator, node("node-2", { capacity: { pods: "9" } }), 6), "");
    assert.equal(heard(translator, node("node-2", { addresses: [] }), 7), "peerGone node-2@7");
    assert.equal(heard(translator, node("node-2", { addresses: [] }), 8), "");
    assert.equal(heard(translator, node("node-2"), 9), "peer node-2@9");
    assert.equal(heard(translator, first, 10, true), "peerGone node-2@10");
  });

  it("sends its own Pods whole and of the others only the addresses", () => {
    const translator = new Translator("node-1", false);
    assert.equal(heard(translator, pod("mine", {})), "", "not bound yet");
    assert.equal(heard(translator, pod("mine", here)), "pod@5");
    assert.equal(heard(translator, pod("mine", here, running), 6), "podAddresses@6, pod@6");
    assert.equal(heard(translator, pod("other", away)), "");
    assert.equal(heard(translator, pod("other", away, running), 7), "podAddresses@7");
    assert.equal(heard(translator, pod("other", away, { ...running, startTime: "x" }), 8), "");
    assert.equal(
      heard(translator, pod("other", away, { ...running, phase: "Failed" }), 9),
      "podAddressesGone@9",
    );
    assert.equal(heard(translator, pod("other", away, running), 10, true), "");
    assert.equal(
      heard(translator, pod("mine", here, running), 11, true),
      "podAddressesGone@11, podDeleted@11",
    );
  });

  it("says nothing of the addresses of hostNetwork Pods: they are the node's", () => {
    const translator = new Translator("node-1", false);
    assert.equal(heard(translator, pod("proxy", { ...away, hostNetwork: true }, running)), "");
  });

  it("says on a resumed stream also that the unknown is gone: the node may have heard of it before", () => {
    const translator = new Translator("node-1", true);
    assert.equal(heard(translator, pod("other", away, { phase: "Failed" })), "podAddressesGone@5");
    assert.equal(heard(translator, pod("other", away, { phase: "Failed" }), 6), "");
    assert.equal(heard(translator, node("node-3", { addresses: [] }), 7), "peerGone node-3@7");
  });

  it("tells every node of Services of all types, and of what matters to nodes alone", () => {
    const translator = new Translator("node-1", false);
    const cluster = {
      clusterIPs: ["10.96.0.9"],
      ports: [{ name: "http", protocol: "TCP" as const, port: 80 }],
    };
    assert.equal(heard(translator, service({ ...cluster, clusterIPs: ["None"] })), "service@5");
    assert.equal(heard(translator, service(cluster), 6), "service@6");
    assert.equal(heard(translator, service({ ...cluster, selector: { app: "web" } }), 7), "");
    assert.equal(
      heard(translator, service({ type: "ExternalName", externalName: "db.example" }), 8),
      "service@8",
    );
    assert.equal(heard(translator, service(cluster), 9), "service@9");
    const ingress = [{ ip: "192.0.2.1" }];
    assert.equal(heard(translator, service(cluster, { loadBalancer: { ingress } }), 10), "service@10");
    assert.equal(heard(translator, service(cluster), 11, true), "serviceGone@11");
  });

  it("says of a Service what its type and its status make of it", () => {
    const translator = new Translator("node-1", false);
    const spec = {
      type: "LoadBalancer",
      clusterIPs: ["10.96.0.9", "fd00::9"],
      ports: [{ port: 80, nodePort: 30_080 }],
      externalIPs: ["192.0.2.7"],
      loadBalancerSourceRanges: [" 192.0.2.0/24"],
      sessionAffinity: "ClientIP",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 32_000,
    } as Service["spec"];
    const ingress = [
      { ip: "192.0.2.1" },
      { ip: "192.0.2.2", ipMode: "Proxy" as const },
      { ip: "192.0.2.3", ipMode: "VIP" as const },
      { hostname: "lb.example" },
    ];
    const [message] = translator.translate({
      revision: 5,
      stored: service(spec, { loadBalancer: { ingress } }),
      deleted: false,
    });
    assert.deepEqual(ToNode.decode(message!).message.value, {
      namespace: "default",
      name: "web",
      clusterIps: ["10.96.0.9", "fd00::9"],
      ports: [{ name: "", protocol: "TCP", port: 80, nodePort: 30_080 }],
      externalName: "",
      externalIps: ["192.0.2.7"],
      loadBalancerIps: ["192.0.2.1", "192.0.2.3"],
      loadBalancerSourceRanges: ["192.0.2.0/24"],
      affinityTimeoutSeconds: 10_800,
      internalTrafficPolicyLocal: false,
      externalTrafficPolicyLocal: true,
      healthCheckNodePort: 32_000,
    });
  });

  it("tells every node of the slices of Services", () => {
    const translator = new Translator("node-1", false);
    assert.equal(heard(translator, slice({}), 8), "endpointSlice@8");
    assert.equal(heard(translator, slice({ metadata: serviceMetadata("web-1") }), 9), "endpointSliceGone@9");
    assert.equal(heard(translator, slice({}), 10), "endpointSlice@10");
    assert.equal(heard(translator, slice({}), 11, true), "endpointSliceGone@11");
    const [message] = translator.translate({ revision: 12, stored: slice({}), deleted: false });
    const decoded = ToNode.decode(message!).message;
    assert.deepEqual(decoded.case === "endpointSlice" && decoded.value.endpoints, [
      {
        addresses: ["10.244.1.2"],
        ready: true,
        serving: true,
        terminating: false,
        hostname: "",
        nodeName: "node-1",
        zone: "a",
        forZones: ["a", "b"],
        forNodes: [],
      },
    ]);
  });

  it("encodes a change once for all nodes", () => {
    const change = node("node-2");
    const [first] = new Translator("node-1", false).translate({
      revision: 5,
      stored: change,
      deleted: false,
    });
    const [second] = new Translator("node-3", false).translate({
      revision: 5,
      stored: change,
      deleted: false,
    });
    assert.equal(first, second);
  });
});
