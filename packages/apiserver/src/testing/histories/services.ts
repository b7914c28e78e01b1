/**
 * Random histories of a few Services that want the same addresses and ports, valid and not, and change their types. What
 * a server chose is told by the order in which it comes: any address of the dynamic bands, any port of theirs.
 *
 * The ranges of the servers: 10.96.0.0/20 and fd00:10:96::/112, of which those who ask are given 10.96.0.1 to 10.96.1.0
 * and ::1 to ::100; ports 30000 to 32767, of which they are given those up to 30085.
 */
import type { Random } from "@podwire/wire/testing";
import { type History, merged, one, type Write } from "./history.ts";
import { type Compare, comparableObject, comparableProblems, type Reply } from "./replay.ts";

export const SERVICE_CIDRS = ["10.96.0.0/20", "fd00:10:96::/112"];

const NAMES = ["a", "b", "c"];
const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];

type Part = (random: Random) => object;

const spec =
  (part: (random: Random) => object): Part =>
  random => ({ spec: part(random) });

const ports: Part = spec(random => ({
  ports: one(
    [
      [{ port: 80 }],
      [{ port: 80, targetPort: "http", nodePort: one([30_001, 30_002, 30_003], random) }],
      [
        { name: "a", port: 80 },
        { name: "b", port: 81, nodePort: one([30_001, 30_002], random) },
      ],
      [
        { name: "b", port: 81 },
        { name: "c", port: 82, targetPort: 8080, appProtocol: "example.com/x" },
      ],
      [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
      ],
      [
        { name: "dns", port: 53, protocol: "UDP", nodePort: 30_004 },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
      ],
    ],
    random,
  ),
}));

const oddPorts: Part = spec(random => ({
  ports: one<object[]>(
    [
      [],
      [{ port: one([0, 70_000, -1], random) }],
      [{ port: 80, nodePort: one([29_999, 40_000, 70_000], random) }],
      [{ port: 80, targetPort: one(["", "UPPER", "0", 70_000, "a--b", "too-long-for-a-port"], random) }],
      [{ port: 80, protocol: one(["SCTP", "FOO"], random), appProtocol: one(["http", "bad value"], random) }],
      [{ port: 80 }, { port: 81 }],
      [
        { name: "a", port: 80 },
        { name: "a", port: 81 },
      ],
      [
        { name: "a", port: 80 },
        { name: "UPPER", port: 80 },
      ],
      [
        { name: "a", port: 80, nodePort: 30_005 },
        { name: "b", port: 81, nodePort: 30_005 },
      ],
      [
        { name: "a", port: 80, nodePort: 30_006 },
        { name: "b", port: 80, protocol: "UDP", nodePort: one([30_006, 30_007], random) },
      ],
    ],
    random,
  ),
}));

const V4 = ["10.96.0.11", "10.96.0.12"];
const V6 = ["fd00:10:96::b", "fd00:10:96::c"];

/** Taken together, and by nobody one by one: upstream loses one of two when it cannot have the other. */
const PAIRS = [
  ["10.96.0.21", "fd00:10:96::15"],
  ["10.96.0.22", "fd00:10:96::16"],
];

/** The older field alone, both, or what does not fit together. */
const addresses: Part = spec(random => {
  const [v4, v6] = [one(V4, random), one(V6, random)];
  const pair = one(PAIRS, random);
  return one<object>(
    [
      { clusterIP: one(["None", v4, v6], random), clusterIPs: null },
      { clusterIP: "None", clusterIPs: ["None"] },
      { clusterIP: v4, clusterIPs: [v4] },
      { clusterIP: v6, clusterIPs: [v6] },
      { clusterIP: pair[0], clusterIPs: pair },
      { clusterIP: pair[1], clusterIPs: pair.toReversed() },
      { clusterIP: null, clusterIPs: null },
    ],
    random,
  );
});

const oddAddresses: Part = spec(random =>
  one<object>(
    [
      { clusterIP: one(["banana", "192.168.1.1", "10.96.0.0", "10.96.15.255", "fd00:10:96::"], random) },
      { clusterIP: V4[0], clusterIPs: [V4[1]] },
      { clusterIP: V4[0], clusterIPs: V4 },
      { clusterIP: "None", clusterIPs: ["None", V4[0]] },
      { clusterIPs: [V4[0]] },
      { clusterIP: V4[0], clusterIPs: [V4[0], "x", V6[0]] },
      { clusterIP: "", clusterIPs: [] },
    ],
    random,
  ),
);

const families: Part = spec(random => ({
  ipFamilies: one<unknown>(
    [null, ["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"], ["IPv4", "IPv4"], ["IPv5"]],
    random,
  ),
}));
const policy: Part = spec(random => ({
  ipFamilyPolicy: one<unknown>(
    [null, "SingleStack", "PreferDualStack", "PreferDualStack", "RequireDualStack", "RequireDualStack", "x"],
    random,
  ),
}));
const type: Part = spec(random => ({
  type: random(20) === 0 ? one([null, "Foo"], random) : one(TYPES, random),
}));

const rare: readonly Part[] = [
  oddPorts,
  oddAddresses,
  spec(random => ({
    externalName: one(
      [null, "example.com", "example.com.", "bad_name", "1.2.3.4", ".", "UPPER.test"],
      random,
    ),
  })),
  spec(random => ({
    externalIPs: one<unknown>(
      [
        null,
        ["192.0.2.1"],
        ["127.0.0.1", "0.0.0.0"],
        ["169.254.1.1", "224.0.0.1", "239.1.1.1"],
        ["fe80::1", "::1", "::", "ff02::1", "x"],
      ],
      random,
    ),
  })),
  spec(random => ({ externalTrafficPolicy: one([null, "Cluster", "Local", "Local"], random) })),
  spec(random => ({ type: "LoadBalancer", externalTrafficPolicy: one(["Cluster", "Local"], random) })),
  spec(random => ({ internalTrafficPolicy: one([null, "Cluster", "Local", "x"], random) })),
  spec(random => ({ healthCheckNodePort: one([null, 0, 30_008, 30_001, 70_000], random) })),
  spec(random => ({ allocateLoadBalancerNodePorts: one([null, true, false], random) })),
  spec(random => ({ loadBalancerClass: one([null, "example.com/a", "example.com/b", "bad value"], random) })),
  spec(random => ({
    loadBalancerSourceRanges: one<unknown>(
      [null, ["10.0.0.0/8"], [" 10.0.0.0/8 ", "fd00::/8"], ["x"], ["10.0.0.1/8", "10.0.0.0/33"]],
      random,
    ),
  })),
  spec(random => ({ loadBalancerIP: one([null, "192.0.2.9"], random) })),
  spec(random => ({ sessionAffinity: one([null, "None", "ClientIP", "ClientIP", "x"], random) })),
  spec(random => ({
    sessionAffinityConfig: one<unknown>(
      [
        null,
        {},
        { clientIP: {} },
        ...[0, 60, 86_400, 86_401].map(each => ({ clientIP: { timeoutSeconds: each } })),
      ],
      random,
    ),
  })),
  spec(random => ({
    trafficDistribution: one([null, "PreferClose", "PreferSameZone", "PreferSameNode", "x"], random),
  })),
  spec(random => ({
    selector: one<unknown>([null, { app: "web" }, { "bad key!": "x", app: "bad value!" }], random),
  })),
  spec(random => ({ publishNotReadyAddresses: one([null, true], random) })),
  random => ({
    metadata: {
      annotations: {
        [one(["topology-aware-hints", "topology-mode"], random).replace(/^/, "service.kubernetes.io/")]: one(
          ["auto", "Auto"],
          random,
        ),
      },
    },
  }),
  random => ({
    metadata: {
      annotations: {
        "service.beta.kubernetes.io/load-balancer-source-ranges": one(
          [null, "", "10.0.0.0/8, x", "1.2.3.0/24"],
          random,
        ),
      },
    },
  }),
];

const statuses: readonly Part[] = [
  () => ({ loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } }),
  () => ({ loadBalancer: { ingress: [{ ip: "192.0.2.1", ipMode: "Proxy" }, { hostname: "lb.test" }] } }),
  () => ({
    loadBalancer: { ingress: [{ ip: "x", ipMode: "x" }, { hostname: "1.2.3.4" }, { hostname: "UPPER" }] },
  }),
  () => ({ loadBalancer: { ingress: [{ hostname: "lb.test", ipMode: "VIP" }] } }),
  () => ({ loadBalancer: null }),
];

export function serviceHistory(length: number, random: Random): History {
  const writes = NAMES.map(name => write("POST", "", "application/json", created(name, random)));
  while (writes.length < length) writes.push(randomWrite(one(NAMES, random), random));
  for (const name of NAMES) writes.push(write("DELETE", `/${name}`, "application/json", undefined));
  return { collection: "/api/v1/namespaces/NAMESPACE/services", writes };
}

function randomWrite(name: string, random: Random): Write {
  switch (random(13)) {
    case 0:
    case 1:
    case 2:
      return write("POST", "", "application/json", created(name, random));
    case 4:
    case 5:
      return write("PUT", `/${name}`, "application/json", changed(random));
    case 6:
      return write("PUT", `/${name}`, "application/json", merged([forgotten(random), changed(random)]));
    case 7:
    case 3:
    case 8:
    case 9:
    case 11:
      return write("PATCH", `/${name}`, "application/merge-patch+json", changed(random));
    case 10:
      return write("PATCH", `/${name}/status`, "application/merge-patch+json", {
        status: one(statuses, random)(random),
      });
    default:
      return write("DELETE", `/${name}`, "application/json", undefined);
  }
}

function created(name: string, random: Random): object {
  const header = { apiVersion: "v1", kind: "Service", metadata: { name } };
  const base =
    random(3) > 0 ? ports(random) : spec(() => ({ ports: [{ port: 80 }], selector: { app: "web" } }))(random);
  return merged([header, base, changed(random)]);
}

const usual = [type, type, ports, policy];

/** Mostly what makes sense. */
function changed(random: Random): object {
  const parts: object[] = [];
  for (let more = 0; more < 1 + random(2); more++) parts.push(one(usual, random)(random));
  if (random(4) === 0) parts.push(one([addresses, families], random)(random));
  if (random(3) === 0) parts.push(one(rare, random)(random));
  return fitting(merged(parts), random);
}

interface Asked {
  spec?: {
    type?: string;
    externalTrafficPolicy?: string;
    clusterIPs?: string[];
    ipFamilies?: string[] | null;
  };
}

/** A name for an ExternalName, a policy for two families: without them most would be refused for their lack. */
function fitting(asked: Asked, random: Random): object {
  if (random(6) === 0) return asked;
  if (asked.spec?.type === "ExternalName") {
    const none = { clusterIP: null, clusterIPs: null, ipFamilies: null, ipFamilyPolicy: null };
    return merged([asked, { spec: { ...none, externalName: "example.com" } }]);
  }
  const isDual = asked.spec?.clusterIPs?.length === 2 || asked.spec?.ipFamilies?.length === 2;
  return isDual ? merged([asked, { spec: { ipFamilyPolicy: "PreferDualStack" } }]) : asked;
}

/** What a client that sends its manifest again does not know. */
function forgotten(random: Random): object {
  const fields = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"];
  const gone = fields.filter(() => random(2) === 0).map(field => [field, null]);
  return { metadata: { resourceVersion: null }, spec: Object.fromEntries(gone) };
}

function write(method: Write["method"], suffix: string, type: string, body: object | undefined): Write {
  return {
    method,
    suffix,
    query: "",
    type,
    agent: "alpha/1.0",
    body: body === undefined ? "" : JSON.stringify(body),
  };
}

/**
 * What was chosen is numbered as it comes. Upstream never shows what it keeps of an ExternalName's internalTrafficPolicy,
 * but for the answer to a change of its status.
 */
export const compareServices: Compare = ({ code, body }, namespace) => {
  const plain = structuredClone(body) as Reply["body"];
  if (plain.spec?.type === "ExternalName") {
    delete plain.spec.internalTrafficPolicy;
    for (const { fieldsV1 } of plain.metadata.managedFields ?? [])
      delete fieldsV1["f:spec"]?.["f:internalTrafficPolicy"];
  }
  const whole = plain.kind === "Status" ? comparableProblems(plain) : comparableObject(plain);
  const text = JSON.stringify(whole).replaceAll(namespace, "NAMESPACE");
  return { code, body: JSON.parse(withoutChoice(text)) };
};

function withoutChoice(text: string): string {
  const ports = new Map<string, string>();
  const numbered = (found: string) => {
    if (Number(found) <= 30_085 || Number(found) >= 32_768) return found;
    if (!ports.has(found)) ports.set(found, String(ports.size + 1));
    return ports.get(found)!;
  };
  return text
    .replace(/10\.96\.([1-9]|1[0-5])\.\d+/g, found => (found === "10.96.15.255" ? found : "ANY-IPV4"))
    .replace(/fd00:10:96::[0-9a-f]{3,4}/g, "ANY-IPV6")
    .replace(/StorageError: .* AdditionalErrorMsg: /, "")
    .replace(/precondition: [-0-9a-f]{36}/, "precondition: UID")
    .replace(/(?<![\d.])3[0-2]\d{3}(?![\d.])/g, numbered);
}
