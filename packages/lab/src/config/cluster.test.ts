import assert from "node:assert/strict";
import { defaultLabConfig, parseLabConfig } from "./cluster.ts";
import type { ClusterFile } from "./cluster-shape.ts";
import { ConfigError } from "./problem.ts";

const HEAD = "apiVersion: podwire.dev/v1alpha1\nkind: Cluster\n";

function problemsOf(yaml: string): string[] {
  try {
    parseLabConfig(yaml, "lab.yaml");
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

function parse(file: Partial<ClusterFile>) {
  return parseLabConfig(
    JSON.stringify({ apiVersion: "podwire.dev/v1alpha1", kind: "Cluster", ...file }),
    "lab.yaml",
  );
}

/** What is written after HEAD (so from line 3 on), and every line that is said about it. */
const ERRORS: readonly (readonly [yaml: string, ...messages: string[]])[] = [
  ["nodes: 3", "lab.yaml:3:8: nodes: is the number 3, must be a list of 1 to 250 items"],
  ["nodes: []", "lab.yaml:3:8: nodes: has 0 items, must be a list of 1 to 250 items"],
  ["nodes:", "lab.yaml:3:7: nodes: is empty, must be a list of 1 to 250 items"],
  ["nodez: []", 'lab.yaml:3:1: nodez: unknown field, did you mean "nodes"?'],
  [
    "__proto__: {}",
    "lab.yaml:3:1: __proto__: unknown field, known are apiVersion, kind, metadata, nodes, networking, underlay, vxlan, loadBalancer, dns, outside and apiServer",
  ],
  [
    "nodes: [{name: a}, {name: a}]",
    'lab.yaml:3:27: nodes[1].name: "a" is already the name of a node of nodes[0].name, names must differ',
  ],
  [
    "nodes: [{namePrefix: a, count: 2}, {name: a2}]",
    'lab.yaml:3:43: nodes[1].name: "a2" is already the name of a node of nodes[0].namePrefix, names must differ',
  ],
  [
    "nodes: [{name: a, count: 2}]",
    "lab.yaml:3:9: nodes[0]: has name and count, must have name, or namePrefix and count",
  ],
  ["nodes: [{}]", "lab.yaml:3:9: nodes[0]: has none of these, must have name, or namePrefix and count"],
  [
    "nodes: [{namePrefix: a, count: 200}, {namePrefix: b, count: 200}]",
    "lab.yaml:3:8: nodes: makes 400 nodes, at most 250 are allowed",
    "lab.yaml:1:1: networking.nodeMaskSizes.IPv4: /24 makes 256 node CIDRs of a /16 for 400 nodes, must be at least 25",
    "lab.yaml:1:1: networking.nodeMaskSizes.IPv6: /64 makes 256 node CIDRs of a /56 for 400 nodes, must be at least 65",
  ],
  [
    "nodes: [{name: a, labels: {zone: 1}}]",
    "lab.yaml:3:34: nodes[0].labels.zone: is the number 1, must be empty, or at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit; quote it to make it a string: \"1\"",
  ],
  [
    "nodes: [{name: a, labels: {/x: y}}]",
    'lab.yaml:3:28: nodes[0].labels./x: unusable key, must be a label key such as "zone" or "example.com/zone"',
  ],
  [
    "nodes: [{name: a, taints: [{key: k, effect: noSchedule}]}]",
    'lab.yaml:3:45: nodes[0].taints[0].effect: is "noSchedule", must be NoSchedule, PreferNoSchedule or NoExecute (did you mean "NoSchedule"?)',
  ],
  [
    "dns: {upstreams: [192.0.2.1, 192.0.2.1:70000], stubDomains: [{domain: Corp.example, upstreams: ['[::1]:53']}]}",
    'lab.yaml:3:30: dns.upstreams[1]: is "192.0.2.1:70000", must be an address, with or without a port, such as 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:5353',
    "lab.yaml:3:71: dns.stubDomains[0].domain: is \"Corp.example\", must be a domain of lower-case letters, digits, '-' and '.', such as cluster.local",
  ],
  ["vxlan: {vni: 16777216}", "lab.yaml:3:14: vxlan.vni: is 16777216, must be an integer from 1 to 16777215"],
  ["vxlan: {port: 0}", "lab.yaml:3:15: vxlan.port: is 0, must be an integer from 1 to 65535"],
  [
    'vxlan: {port: "4789"}',
    'lab.yaml:3:15: vxlan.port: is the string "4789", must be an integer from 1 to 65535',
  ],
  [
    "underlay: {mtu: 1000}",
    "lab.yaml:3:17: underlay.mtu: is 1000, must be at least 1330: 50 bytes of overlay over IPv4 and 1280 for Pods",
  ],
  [
    "underlay: {mtu: 1340, vxlanFamily: IPv6}",
    "lab.yaml:3:17: underlay.mtu: is 1340, must be at least 1350: 70 bytes of overlay over IPv6 and 1280 for Pods",
  ],
  ["underlay: {mtu: 70000}", "lab.yaml:3:17: underlay.mtu: is 70000, must be an integer from 626 to 65535"],
  [
    "nodes: [{name: a, underlayMtu: 1300}]",
    "lab.yaml:3:32: nodes[0].underlayMtu: is 1300, must be at least 1330: 50 bytes of overlay over IPv4 and 1280 for Pods",
  ],
  [
    "underlay: {cidrs: [172.30.0.0/16], vxlanFamily: IPv6}",
    "lab.yaml:3:49: underlay.vxlanFamily: is IPv6, underlay.cidrs must then have an IPv6 CIDR",
  ],
  [
    "underlay: {cidrs: [172.30.0.0/29]}",
    "lab.yaml:3:20: underlay.cidrs[0]: 172.30.0.0/29 has 8 addresses, must have at least 15 for 3 nodes",
  ],
  [
    "underlay: {cidrs: [10.244.7.0/24]}",
    "lab.yaml:3:20: underlay.cidrs[0]: 10.244.7.0/24 overlaps 10.244.0.0/16 (networking.podCIDRs), Pods and underlay must not share addresses",
  ],
  [
    "networking: {podCIDRs: [172.30.128.0/17]}",
    "lab.yaml:3:25: networking.podCIDRs[0]: 172.30.128.0/17 overlaps 172.30.0.0/16 (underlay.cidrs), Pods and underlay must not share addresses",
  ],
  [
    "networking: {podCIDRs: [10.0.0.0/16, 10.1.0.0/16]}",
    "lab.yaml:3:38: networking.podCIDRs[1]: is a second IPv4 CIDR, at most one a family is allowed",
  ],
  [
    "networking: {ipFamilies: [IPv4], podCIDRs: ['fd00::/56']}",
    "lab.yaml:3:45: networking.podCIDRs[0]: is IPv6, networking.ipFamilies allows only IPv4",
  ],
  [
    "networking: {nodePortRange: 32767-30000}",
    'lab.yaml:3:29: networking.nodePortRange: is "32767-30000", must be two ports in their order, such as 30000-32767',
  ],
  [
    "networking: {ipFamilies: [IPv4, IPv4]}",
    "lab.yaml:3:33: networking.ipFamilies[1]: IPv4 is there twice, a family is allowed once",
  ],
  [
    "networking: {serviceCIDRs: [172.30.0.0/24]}",
    "lab.yaml:3:29: networking.serviceCIDRs[0]: 172.30.0.0/24 overlaps 172.30.0.0/16 (underlay.cidrs), Services must not share addresses with Pods or the underlay",
  ],
  [
    "networking: {podCIDRs: [10.100.0.0/16]}",
    "lab.yaml:3:25: networking.podCIDRs[0]: 10.100.0.0/16 overlaps 10.96.0.0/12 (networking.serviceCIDRs), Services must not share addresses with Pods or the underlay",
  ],
  [
    "networking: {ipFamilies: [IPv4], serviceCIDRs: ['fd00:1::/112']}",
    "lab.yaml:3:49: networking.serviceCIDRs[0]: is IPv6, Pods have only IPv4 addresses",
  ],
  [
    "networking: {serviceCIDRs: [10.96.0.0/29]}",
    "lab.yaml:3:29: networking.serviceCIDRs[0]: 10.96.0.0/29 has 8 addresses, must have at least 16",
  ],
  [
    "networking: {podCIDRs: [10.244.0.1/16]}",
    'lab.yaml:3:25: networking.podCIDRs[0]: is "10.244.0.1/16", must be a CIDR whose host bits are zero, such as 10.244.0.0/16 or fd00:10:244::/56',
  ],
  [
    "networking: {nodeMaskSizes: {IPv4: 17}}",
    "lab.yaml:3:36: networking.nodeMaskSizes.IPv4: /17 makes 2 node CIDRs of a /16 for 3 nodes, must be at least 18",
  ],
  [
    "networking: {nodeMaskSizes: {IPv6: 73}}",
    "lab.yaml:3:36: networking.nodeMaskSizes.IPv6: is /73 of a /56, must be at most 72",
  ],
  [
    "metadata: {name: Lab}",
    "lab.yaml:3:18: metadata.name: is \"Lab\", must be at most 40 lower-case letters, digits and '-', starting and ending with a letter or digit",
  ],
  [
    "metadata: {name: ../lab}",
    "lab.yaml:3:18: metadata.name: is \"../lab\", must be at most 40 lower-case letters, digits and '-', starting and ending with a letter or digit",
  ],
  [
    "loadBalancer: {pools: [{name: a, addresses: [172.30.0.11-172.30.0.9]}]}",
    'lab.yaml:3:46: loadBalancer.pools[0].addresses[0]: is "172.30.0.11-172.30.0.9", must be a CIDR or a range, such as 172.30.255.0/24 or 172.30.255.1-172.30.255.9',
  ],
  [
    "loadBalancer: {pools: [{name: a, addresses: [172.30.0.13/32, 10.96.0.0/24]}, {name: a, addresses: [10.0.0.0/24, 10.0.0.9-10.0.0.9]}]}",
    "lab.yaml:3:46: loadBalancer.pools[0].addresses[0]: 172.30.0.13/32 overlaps the hosts of the lab (172.30.0.0-172.30.0.13), a pool must have addresses of its own",
    "lab.yaml:3:62: loadBalancer.pools[0].addresses[1]: 10.96.0.0/24 overlaps 10.96.0.0/12 (networking.serviceCIDRs), a pool must have addresses of its own",
    'lab.yaml:3:85: loadBalancer.pools[1].name: "a" is already the name of a pool, names must differ',
    "lab.yaml:3:113: loadBalancer.pools[1].addresses[1]: 10.0.0.9-10.0.0.9 overlaps 10.0.0.0/24 (pool a), a pool must have addresses of its own",
  ],
  [
    "outside: [{name: client}, {name: node-1}, {name: client}]",
    'lab.yaml:3:34: outside[1].name: "node-1" is already the name of a node, names must differ',
    'lab.yaml:3:50: outside[2].name: "client" is already the name of an outside host, names must differ',
  ],
  ["vxlan: {port: 1}\nvxlan: {port: 2}", "lab.yaml:4:1: Map keys must be unique"],
  [
    "vxlan: [",
    "lab.yaml:3:9: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
];

describe("lab.yaml", () => {
  for (const [yaml, ...messages] of ERRORS) {
    it(`refuses ${yaml.replace("\n", " / ")}`, () => {
      assert.deepEqual(problemsOf(HEAD + yaml), [...messages].sort(byPlace));
    });
  }

  it("reports every problem of a file, in order", () => {
    const said = problemsOf("kind: Clustre\nnodes: [{name: A}]\nvxlan: {port: 0, vni: 0}\n");
    assert.deepEqual(
      said.map(line => line.split(" ").slice(0, 2).join(" ")),
      [
        "lab.yaml:1:1: apiVersion:",
        "lab.yaml:1:7: kind:",
        "lab.yaml:2:16: nodes[0].name:",
        "lab.yaml:3:15: vxlan.port:",
        "lab.yaml:3:23: vxlan.vni:",
      ],
    );
  });

  it("an empty file says what it needs", () => {
    assert.match(problemsOf("")[0]!, /^lab\.yaml:1:1: is empty, must be a map with apiVersion, kind/);
  });

  it("fills in what is left out", () => {
    const config = parse({});
    assert.deepEqual(config, defaultLabConfig());
    assert.deepEqual(
      config.nodes.map(node => node.name),
      ["node-1", "node-2", "node-3"],
    );
    assert.deepEqual(config.podCIDRs, ["10.244.0.0/16", "fd00:10:244::/56"]);
    assert.deepEqual(config.nodeMaskSizes, [24, 64]);
    assert.equal(config.apiPort, undefined);
  });

  it("groups, labels, taints and a node's own MTU reach the nodes", () => {
    const taints = [{ key: "dedicated", effect: "NoSchedule" as const }];
    const { nodes } = parse({
      nodes: [
        { name: "edge", labels: { zone: "a" }, taints, underlayMtu: 1400 },
        { namePrefix: "worker-", count: 2 },
      ],
    });
    assert.deepEqual(nodes, [
      { name: "edge", labels: { zone: "a" }, taints, underlayMtu: 1400 },
      { name: "worker-1", labels: {}, taints: [], underlayMtu: 1500 },
      { name: "worker-2", labels: {}, taints: [], underlayMtu: 1500 },
    ]);
  });

  it("one family by ipFamilies, or by giving one CIDR", () => {
    assert.deepEqual(parse({ networking: { ipFamilies: ["IPv6"] } }).podCIDRs, ["fd00:10:244::/56"]);
    const config = parse({ networking: { podCIDRs: ["10.8.0.0/14"], nodeMaskSizes: { IPv4: 22 } } });
    assert.deepEqual(config.podCIDRs, ["10.8.0.0/14"]);
    assert.deepEqual(config.nodeMaskSizes, [22]);
  });

  it("vxlanFamily puts its underlay CIDR first", () => {
    const config = parse({ underlay: { vxlanFamily: "IPv6" } });
    assert.deepEqual(config.underlayCidrs, ["fd00:172:30::/64", "172.30.0.0/16"]);
  });

  it("anchors and aliases work, and errors in them point to the alias", () => {
    const yaml = `${HEAD}nodes:\n  - {name: a, labels: &l {zone: a}}\n  - {name: b, labels: *l}\n`;
    assert.deepEqual(parseLabConfig(yaml, "lab.yaml").nodes[1]!.labels, { zone: "a" });
  });
});

function byPlace(a: string, b: string): number {
  const place = (text: string) => text.split(":").slice(1, 3).map(Number) as [number, number];
  const [[lineA, columnA], [lineB, columnB]] = [place(a), place(b)];
  return lineA - lineB || columnA - columnB;
}
