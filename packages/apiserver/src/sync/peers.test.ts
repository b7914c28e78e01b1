/** A Node as an end of the overlay: what a daemon registers, and what is written by hand for a plain VXLAN device. */
import assert from "node:assert/strict";
import type { Node } from "@podwire/api";
import type { Vtep } from "@podwire/protocol";
import { peerOf, vtepAnnotations } from "./peers.ts";

function node(annotations: Record<string, string>, rest: Partial<Node> = {}): Node {
  const metadata = {
    name: "n",
    uid: "u",
    resourceVersion: "1",
    creationTimestamp: "2020-01-01T00:00:00Z",
    annotations,
    labels: { "topology.kubernetes.io/zone": "a" },
  };
  const addresses = [
    { type: "InternalIP" as const, address: "192.168.0.9" },
    { type: "Hostname" as const, address: "n" },
    { type: "InternalIP" as const, address: "fd00:1::9" },
  ];
  const spec = { podCIDRs: ["10.244.9.0/24"] };
  return { apiVersion: "v1", kind: "Node", metadata, spec, status: { addresses }, ...rest };
}

describe("peers", () => {
  it("survive the way through annotations", () => {
    const vtep: Vtep = {
      mac: Buffer.from([2, 0, 0xab, 3, 4, 0xff]),
      udpPort: 8472,
      vni: 42,
      underlayMtu: 65535,
      remoteChecksumOffload: true,
    };
    const peer = peerOf(node(vtepAnnotations(vtep)));
    assert.deepEqual(peer, {
      name: "n",
      addresses: ["192.168.0.9", "fd00:1::9"],
      podCidrs: ["10.244.9.0/24"],
      vtep,
      zone: "a",
    });
  });

  it("need only a MAC in annotations; the rest is as plain VXLAN devices have it", () => {
    const { vtep } = peerOf(node({ "podwire.dev/vtep-mac": "02:00:00:00:00:09" }))!;
    const { udpPort, vni, underlayMtu, remoteChecksumOffload } = vtep;
    assert.deepEqual([udpPort, vni, underlayMtu, remoteChecksumOffload], [4789, 1, 1500, false]);
  });

  it("are none while something is missing or makes no sense", () => {
    const mac = { "podwire.dev/vtep-mac": "02:00:00:00:00:09" };
    assert.equal(peerOf(node({})), undefined);
    assert.equal(peerOf(node({ "podwire.dev/vtep-mac": "02:00" })), undefined);
    assert.equal(peerOf(node(mac, { spec: {} })), undefined);
    assert.equal(peerOf(node(mac, { status: {} })), undefined);
    assert.equal(peerOf(node({ ...mac, "podwire.dev/vxlan-port": "99999" }))?.vtep.udpPort, 4789);
  });
});
