/** What a Service keeps that a client leaves out, and what goes with its type. */
import assert from "node:assert/strict";
import type { Service, ServiceSpec } from "../../core/service.ts";
import { keepAllocated } from "./keep-allocated.ts";
import { prepareServiceUpdate } from "./prepare.ts";

const ADDRESS = { clusterIP: "10.96.0.5", clusterIPs: ["10.96.0.5"] };

function kept(next: Partial<ServiceSpec>, stored: Partial<ServiceSpec>): ServiceSpec {
  const spec = structuredClone(next) as ServiceSpec;
  keepAllocated(spec, structuredClone(stored) as ServiceSpec);
  return spec;
}

function prepared(next: Partial<ServiceSpec>, stored: Partial<ServiceSpec>): Service {
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  const object = { spec: structuredClone(next), status } as Service;
  prepareServiceUpdate(object, { spec: structuredClone(stored), status } as Service);
  return object;
}

describe("a Service that changes", () => {
  it("keeps its addresses when neither field says other, and takes the older field's word", () => {
    const stored = { type: "ClusterIP", ...ADDRESS } as const;
    assert.deepEqual(kept({ type: "ClusterIP" }, stored), stored);
    assert.deepEqual(kept({ type: "ClusterIP", clusterIP: "10.96.0.5" }, stored), stored);
    const other = kept({ ...stored, clusterIP: "10.96.0.6" }, stored);
    assert.deepEqual(other.clusterIPs, ["10.96.0.6"]);
    assert.deepEqual(kept({ type: "ExternalName" }, stored).clusterIPs, undefined);
    assert.deepEqual(kept({ type: "ClusterIP", clusterIP: "10.96.0.7" }, { type: "ExternalName" }), {
      type: "ClusterIP",
      clusterIP: "10.96.0.7",
      clusterIPs: ["10.96.0.7"],
    });
  });

  it("keeps the ports of the nodes by the names of its ports, but not against another port's wish", () => {
    const port = (name: string, number: number, nodePort?: number) => ({ name, port: number, nodePort });
    const ports = [port("a", 80, 30_080), port("b", 81, 30_081)];
    const stored: Partial<ServiceSpec> = { type: "NodePort", ports };
    const numbers = ({ ports: after = [] }: ServiceSpec) => after.map(({ nodePort }) => nodePort);
    const next = kept({ type: "LoadBalancer", ports: [port("b", 91), port("c", 92)] }, stored);
    assert.deepEqual(numbers(next), [30_081, undefined]);
    const taken = kept({ type: "NodePort", ports: [port("a", 80), port("c", 82, 30_080)] }, stored);
    assert.deepEqual(numbers(taken), [undefined, 30_080]);
    const none = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false } as const;
    assert.deepEqual(numbers(kept({ ...none, ports: [port("a", 80)] }, stored)), [undefined]);
  });

  it("keeps its health check port while load balancers need it", () => {
    const local = { type: "LoadBalancer", externalTrafficPolicy: "Local" } as const;
    assert.equal(kept(local, { ...local, healthCheckNodePort: 31_000 }).healthCheckNodePort, 31_000);
    const cluster = { type: "LoadBalancer", externalTrafficPolicy: "Cluster" } as const;
    assert.equal(kept(cluster, { ...local, healthCheckNodePort: 31_000 }).healthCheckNodePort, undefined);
  });

  it("loses what its type had and nobody set anew", () => {
    const stored = {
      type: "LoadBalancer",
      ...ADDRESS,
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 31_000,
      allocateLoadBalancerNodePorts: true,
      loadBalancerClass: "example.com/lb",
      ports: [{ port: 80, nodePort: 30_080 }],
    } satisfies Partial<ServiceSpec>;
    const plain = prepared({ ...stored, type: "ClusterIP" }, stored);
    const { type: _, ports, ...addresses } = plain.spec;
    assert.deepEqual(addresses, { ...ADDRESS, ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
    assert.deepEqual([ports, plain.status], [[{ port: 80 }], { loadBalancer: {} }]);
    const name = prepared({ ...stored, type: "ExternalName", externalName: "a.test" }, stored).spec;
    assert.deepEqual(Object.keys(name).sort(), ["externalName", "ports", "type"]);
    const otherPorts = [{ port: 80, nodePort: 30_081 }];
    assert.equal(
      prepared({ ...stored, type: "ClusterIP", ports: otherPorts }, stored).spec.ports![0]!.nodePort,
      30_081,
    );
  });
});
