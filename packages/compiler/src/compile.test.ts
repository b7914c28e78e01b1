/** Compiling a snapshot: every lookup is what a slow search of the snapshot itself says; what cannot be used is named. */
import assert from "node:assert/strict";
import { contains, parseAddress, parseCidr, Tables, TargetKind, target } from "@podwire/tables";
import fc from "fast-check";
import { compile } from "./compile.ts";
import type { LocalPod, NetworkSnapshot, PeerNode } from "./snapshot.ts";

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

function peer(index: number, changes: Partial<PeerNode> = {}): PeerNode {
  return {
    index,
    name: `node-${index}`,
    addresses: [`192.168.0.${index}`, `fd99::${index}`],
    podCIDRs: [`10.244.${index}.0/24`, `fd00:10:244:${index}::/64`],
    mac: MAC,
    underlayMtu: 1500,
    remoteChecksumOffload: true,
    ...changes,
  };
}

function snapshot(changes: Partial<NetworkSnapshot> = {}): NetworkSnapshot {
  return {
    revision: 3,
    vni: 1,
    node: {
      name: "here",
      addresses: ["192.168.0.100", "fd99::100"],
      podCIDRs: ["10.244.100.0/24", "fd00:10:244:64::/64"],
      hostAddresses: ["10.244.100.1", "fd00:10:244:64::1"],
      mac: MAC,
      underlayMtu: 1500,
    },
    clusterCIDRs: ["10.244.0.0/16", "fd00:10:244::/56"],
    serviceCIDRs: ["10.96.0.0/12", "fd00:10:96::/112"],
    peers: [peer(1), peer(2)],
    pods: [pod("default/web", 1, "10.244.100.2", "fd00:10:244:64::2")],
    ...changes,
  };
}

function pod(name: string, port: number, ...addresses: string[]): LocalPod {
  return { name, port, addresses };
}

/** What the snapshot itself says of an address. */
function oracle({ node, peers, pods, clusterCIDRs }: NetworkSnapshot, text: string): number {
  const address = parseAddress(text)!;
  const holds = (cidrs: readonly string[]) => cidrs.some(cidr => contains(parseCidr(cidr)!, address));
  const owner = pods.find(candidate => candidate.addresses.includes(text));
  if (owner) return target(TargetKind.pod, owner.port);
  if ([...node.addresses, ...node.hostAddresses].includes(text)) return target(TargetKind.host, 0);
  const there = peers.find(candidate => candidate.addresses.includes(text) || holds(candidate.podCIDRs));
  if (there) return target(TargetKind.peer, there.index);
  if (holds(node.podCIDRs)) return target(TargetKind.vacant, 0);
  return holds(clusterCIDRs) ? target(TargetKind.unassigned, 0) : TargetKind.outside;
}

function routeOf(tables: SharedArrayBuffer, text: string): number {
  return new Tables(tables).route(...parseAddress(text)!);
}

describe("compile", () => {
  it("gives every address the target that the snapshot gives it", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const near = fc.constantFrom(0, 1, 2, 3, 4, 99, 100, 101, 255);
    const asked = fc.oneof(
      fc.tuple(near, near).map(([node, host]) => `10.244.${node}.${host}`),
      fc.tuple(near, near).map(([node, host]) => `192.168.${node === 0 ? 0 : 1}.${host}`),
      fc.tuple(octet, octet).map(([one, other]) => `${one}.1.1.${other}`),
      near.map(node => `fd00:10:244:${node.toString(16)}::2`),
      near.map(node => `fd99::${node}`),
      fc.constant("2001:db8::1"),
    );
    const podsOf = fc.uniqueArray(fc.integer({ min: 2, max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(podsOf, fc.subarray([1, 2, 3, 4]), fc.array(asked), (hosts, peers, addresses) => {
        const pods = hosts.map((host, at) => pod(`p${host}`, at + 1, `10.244.100.${host}`));
        const taken = snapshot({ pods, peers: peers.map(index => peer(index)) });
        const { tables, omissions } = compile(taken);
        assert.deepEqual(omissions, []);
        for (const address of [...addresses, ...pods.flatMap(one => one.addresses)]) {
          assert.equal(routeOf(tables, address), oracle(taken, address), address);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("says where peers are, in a family that this node has", () => {
    const onlyIpv4 = snapshot({ peers: [peer(1), peer(2, { addresses: ["fd99::2"] })] });
    const { node } = onlyIpv4;
    const changed = { ...onlyIpv4, node: { ...node, addresses: ["192.168.0.100"] } };
    const { endpoints, omissions } = compile(changed);
    assert.deepEqual(endpoints, [{ index: 1, address: "192.168.0.1" }]);
    assert.deepEqual(
      omissions.map(({ object, field }) => `${object} ${field}`),
      ["Node node-2 addresses"],
    );
    assert.deepEqual(compile(onlyIpv4).endpoints[1], { index: 2, address: "fd99::2" });
  });

  it("leaves out what cannot be used, says so, and compiles the rest", () => {
    const { tables, omissions } = compile(
      snapshot({
        peers: [
          peer(1, { podCIDRs: ["10.244.1.0/24", "10.244.100.128/25", "banana"] }),
          peer(1, { name: "twin" }),
          peer(2, { addresses: ["192.168.0.2", "192.168.0.1"] }),
          peer(3, { mac: Uint8Array.of(1) }),
          peer(4, { underlayMtu: 1200 }),
          peer(5, { name: "here" }),
          peer(4096),
        ],
        pods: [
          pod("default/web", 1, "10.244.100.2"),
          pod("default/double", 2, "10.244.100.2", "10.244.100.3"),
          pod("default/far", 3, "10.244.1.9", "nonsense"),
          pod("default/port", 1, "10.244.100.4"),
          pod("default/zero", 0, "10.244.100.5"),
        ],
        clusterCIDRs: ["10.244.0.0/16", "10.244.0.0/16", "10.244.0.1/16"],
      }),
    );
    assert.deepEqual(
      omissions.map(({ object, field, message }) => `${object}: ${field}: ${message}`),
      [
        "Node node-1: podCIDRs[1]: 10.244.100.128/25 overlaps 10.244.100.0/24 of Node here (pod CIDRs must not overlap)",
        'Node node-1: podCIDRs[2]: "banana" is not a CIDR: address/length, with no bits set beyond the length',
        "Node twin: index: 1 is already another node's",
        "Node node-2: addresses[1]: 192.168.0.1 is already an address of Node node-1 (addresses must be unique)",
        "Node node-3: mac: has 1 bytes instead of 6",
        "Node node-4: underlayMtu: 1200 is below 1350, the least that carries IPv6 in VXLAN",
        "Node here: name: is this node itself (names of nodes must be unique)",
        "Node node-4096: index: 4096 is not within 0–4095: too many nodes",
        "Pod default/double: addresses[0]: 10.244.100.2 is already an address of Pod default/web (addresses must be unique)",
        "Pod default/far: addresses[0]: 10.244.1.9 is outside of this node's pod CIDRs (10.244.100.0/24, fd00:10:244:64::/64)",
        'Pod default/far: addresses[1]: "nonsense" is not an IPv4 or IPv6 address',
        "Pod default/port: port: 1 is already the port of Pod default/web",
        "Pod default/zero: port: 0 is not within 1–1023: too many pods",
        'Cluster: clusterCIDRs[2]: "10.244.0.1/16" is not a CIDR: address/length, with no bits set beyond the length',
      ],
    );
    const kinds = ["10.244.100.2", "10.244.100.3", "10.244.100.4", "10.244.1.9", "10.244.9.9"].map(
      address => routeOf(tables, address) >>> 16,
    );
    const { pod: ofPod, vacant, peer: ofPeer, unassigned } = TargetKind;
    assert.deepEqual(kinds, [ofPod, ofPod, vacant, ofPeer, unassigned]);
  });

  it("sends what is in a service CIDR nowhere, and masquerades with the first address of the pod CIDR", () => {
    const compiled = compile(snapshot());
    assert.equal(routeOf(compiled.tables, "10.96.0.1") >>> 16, TargetKind.service);
    assert.equal(routeOf(compiled.tables, "fd00:10:96::1") >>> 16, TargetKind.service);
    const tables = new Tables(compiled.tables);
    assert.deepEqual([tables.hasMasqueradeIpv4, tables.hasMasqueradeIpv6], [true, true]);
    assert.deepEqual([0, 0, 0xffff, tables.masqueradeIpv4], parseAddress("10.244.100.0"));
    assert.deepEqual(tables.masqueradeIpv6, parseAddress("fd00:10:244:64::"));
  });

  it("works with one family only, and with a cluster CIDR that is one node's", () => {
    const { node } = snapshot();
    const single = snapshot({
      node: {
        ...node,
        addresses: ["192.168.0.100"],
        podCIDRs: ["10.244.0.0/16"],
        hostAddresses: ["10.244.0.1"],
      },
      clusterCIDRs: ["10.244.0.0/16"],
      peers: [],
      pods: [],
    });
    const { tables, omissions } = compile(single);
    assert.deepEqual(omissions, []);
    assert.equal(routeOf(tables, "10.244.7.7") >>> 16, TargetKind.vacant);
    assert.equal(new Tables(tables).hasHostIpv6, false);
  });
});
