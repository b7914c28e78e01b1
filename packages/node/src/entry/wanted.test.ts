import assert from "node:assert/strict";
import type { Service } from "@podwire/protocol";
import { type Wanted, wantedOf, wantedOfHostPorts } from "./wanted.ts";

const NODE = ["172.30.0.11", "fd00::b"];
const PLACES = {
  isOwned: (address: string) => address.startsWith("172.30.255."),
  isRouted: (address: string) => address.startsWith("10.96.") || address.startsWith("fd96:"),
};

function service(words: Partial<Service>): Service {
  return {
    namespace: "default",
    name: "web",
    clusterIps: ["10.96.0.9"],
    ports: [],
    externalName: "",
    externalIps: [],
    loadBalancerIps: [],
    loadBalancerSourceRanges: [],
    affinityTimeoutSeconds: 0,
    internalTrafficPolicyLocal: false,
    externalTrafficPolicyLocal: false,
    healthCheckNodePort: 0,
    ...words,
  };
}

const port = (protocol: string, port: number, nodePort = 0) => ({ name: "", protocol, port, nodePort });
const text = ({ entries }: Wanted) =>
  entries.map(({ address, protocol, port }) => `${address} ${protocol} ${port}`);

describe("what the kernel brings to the data plane", () => {
  it("nothing for a ClusterIP that has a route, a route for one of another range", () => {
    const one = service({ ports: [port("TCP", 80)] });
    assert.deepEqual(wantedOf(one, NODE, PLACES), { entries: [], owned: [], foreign: [] });
    assert.deepEqual(wantedOf({ ...one, clusterIps: ["10.112.0.1"] }, NODE, PLACES).owned, ["10.112.0.1"]);
  });

  it("node ports at the node's addresses of the Service's families", () => {
    const ports = [
      port("TCP", 80, 30_080),
      port("UDP", 53, 30_053),
      port("SCTP", 7, 30_007),
      port("TCP", 81),
    ];
    assert.deepEqual(text(wantedOf(service({ ports }), NODE, PLACES)), [
      "172.30.0.11 6 30080",
      "172.30.0.11 17 30053",
      "172.30.0.11 132 30007",
    ]);
    const both = service({ clusterIps: ["10.96.0.9", "fd96::9"], ports: ports.slice(0, 1) });
    assert.deepEqual(text(wantedOf(both, NODE, PLACES)), ["172.30.0.11 6 30080", "fd00::b 6 30080"]);
  });

  it("external addresses with their ports; a route, unless the address is the node's own", () => {
    const wanted = wantedOf(
      service({
        ports: [port("TCP", 80)],
        externalIps: ["198.51.100.7", "172.30.0.11"],
        loadBalancerIps: ["172.30.255.1"],
      }),
      NODE,
      PLACES,
    );
    assert.deepEqual(text(wanted), ["198.51.100.7 6 80", "172.30.0.11 6 80", "172.30.255.1 6 80"]);
    assert.deepEqual([wanted.owned, wanted.foreign], [["172.30.255.1"], ["198.51.100.7"]]);
  });

  it("host ports at the addresses that they name, or at all of the pod's families", () => {
    const hostPort = (hostIp: string, podIps = ["10.244.1.2", "fd01::2"]) =>
      text(wantedOfHostPorts([{ hostIp, hostPort: 8080, protocol: "TCP", containerPort: 80, podIps }], NODE));
    assert.deepEqual(hostPort(""), ["172.30.0.11 6 8080", "fd00::b 6 8080"]);
    assert.deepEqual(hostPort("", ["10.244.1.2"]), ["172.30.0.11 6 8080"]);
    assert.deepEqual(hostPort("0.0.0.0"), ["172.30.0.11 6 8080"]);
    assert.deepEqual(hostPort("fd00::b"), ["fd00::b 6 8080"]);
    assert.deepEqual(hostPort("127.0.0.1"), []);
  });
});
