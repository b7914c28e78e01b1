/**
 * Random objects that hold addresses (Endpoints, EndpointSlices, IPAddresses, ServiceCIDRs), valid and not: each is
 * made, changed and deleted. Left out is where ours is stricter on purpose: addresses with leading zeros or mapped into
 * IPv6.
 */
import type { Random } from "@podwire/wire/testing";
import { type History, one, type Write } from "./history.ts";
import { type Compare, comparableObject, comparableProblems, type Reply } from "./replay.ts";

const NETWORKING = "/apis/networking.k8s.io/v1";
const IPV4 = ["10.0.0.1", "10.0.0.2"];
const ODD_ADDRESSES = [
  ...[
    "127.0.0.1",
    "0.0.0.0",
    "169.254.1.1",
    "224.0.0.5",
    "239.1.1.1",
    "255.255.255.255",
    "10.0.0",
    "10.0.0.1/24",
  ],
  ...[
    "fd00::1",
    "FD00::1",
    "fd00:0:0::1",
    "::1",
    "::",
    "fe80::1",
    "feb0::1",
    "fec0::1",
    "ff02::1",
    "ff05::1",
  ],
  ...["a.example.com", "localhost", "a.example.com.", "banana"],
];
const GOOD_NAMES = ["a", "b", "node-1"];
const ODD_NAMES = ["UPPER", "a.b", "bad_name", "x".repeat(64)];
const GOOD_RANGES = [["10.200.0.0/24"], ["10.200.0.0/24", "fd00:9::/112"], ["fd00:9::/112"]];
const RANGES = [
  "10.200.0.0/24",
  "10.200.0.0/16",
  "10.200.0.1/24",
  "fd00:9::/112",
  "FD00:9::/112",
  "10.200.0.0/33",
];

/** Mostly a good one: what is refused is not changed. */
const mostly = <T>(random: Random, good: readonly T[], odd: readonly T[]): T =>
  one(random(10) > 0 ? good : odd, random);
const anyName = (random: Random) => mostly(random, GOOD_NAMES, ODD_NAMES);
const sometimes = <T>(random: Random, value: () => T): T | undefined =>
  random(4) === 0 ? value() : undefined;
const many = <T>(random: Random, most: number, make: (random: Random) => T): T[] =>
  Array.from({ length: random(most + 1) }, () => make(random));
const named = (random: Random) => ({ name: anyName(random) });
const address = (random: Random) => mostly(random, IPV4, ODD_ADDRESSES);

const port = (random: Random) => ({
  name: sometimes(random, () => anyName(random)),
  port: mostly(random, [80], [0, -1, 70_000]),
  protocol: sometimes(random, () => mostly(random, ["TCP", "UDP", "SCTP"], ["FOO"])),
  appProtocol: sometimes(random, () => mostly(random, ["http", "a/b"], ["bad value", ""])),
});

const endpoint = (random: Random) => ({
  addresses: random(20) === 0 ? [] : [address(random), ...many(random, 1, address)],
  conditions: sometimes(random, () => ({ ready: false, serving: true, terminating: true })),
  hostname: sometimes(random, () => anyName(random)),
  nodeName: sometimes(random, () => anyName(random)),
  hints: sometimes(random, () => ({
    forZones: many(random, random(8) === 0 ? 9 : 1, named),
    forNodes: many(random, 1, named),
  })),
});

const endpointAddress = (random: Random) => ({
  ip: address(random),
  hostname: sometimes(random, () => anyName(random)),
  nodeName: sometimes(random, () => anyName(random)),
});

interface Subject {
  readonly collection: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly make: (random: Random) => object;
}

export const addressSubjects: readonly Subject[] = [
  {
    collection: "/apis/discovery.k8s.io/v1/namespaces/NAMESPACE/endpointslices",
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    name: "slice",
    make: random => ({
      addressType: mostly(random, ["IPv4"], ["IPv6", "FQDN", "IPv5"]),
      endpoints: [endpoint(random), ...many(random, 2, endpoint)],
      ports: [port(random), ...many(random, 1, port)],
    }),
  },
  {
    collection: "/api/v1/namespaces/NAMESPACE/endpoints",
    apiVersion: "v1",
    kind: "Endpoints",
    name: "endpoints",
    make: random => ({
      subsets: many(random, 2, () => ({
        addresses: [endpointAddress(random), ...many(random, 1, endpointAddress)],
        notReadyAddresses: sometimes(random, () => many(random, 2, endpointAddress)),
        ports: many(random, 2, port),
      })),
    }),
  },
  ...["10.201.0.1", "fd00::9", "FD00::9", "banana", "10.201.0.01", "::ffff:10.0.0.1"].map(name => ({
    collection: `${NETWORKING}/ipaddresses`,
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    name,
    make: (random: Random) => ({
      spec: {
        parentRef: {
          group: mostly(random, ["", "example.com"], ["Bad"]),
          resource: mostly(random, ["services"], ["a/b", ""]),
          name: mostly(random, ["n"], ["a%b", "..", ""]),
        },
      },
    }),
  })),
  {
    collection: `${NETWORKING}/servicecidrs`,
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    name: "range",
    make: random => ({
      spec: { cidrs: mostly(random, GOOD_RANGES, [many(random, 3, () => one(RANGES, random))]) },
    }),
  },
];

export function addressHistory(subject: Subject, random: Random): History {
  const { collection, apiVersion, kind, name, make } = subject;
  const object = () => ({ apiVersion, kind, metadata: { name }, ...make(random) });
  return {
    collection,
    writes: [
      write("POST", "", object()),
      write("PUT", `/${name}`, object()),
      write("PATCH", `/${name}`, make(random)),
      write("DELETE", `/${name}`, undefined),
    ],
  };
}

function write(method: Write["method"], suffix: string, body: object | undefined): Write {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const text = body === undefined ? "" : JSON.stringify(body);
  return { method, suffix, query: "", type, agent: "alpha/1.0", body: text };
}

/** A change of a ServiceCIDR that is refused is told more by ours; a list that is empty upstream shows as null. */
export const compareAddresses: Compare = ({ code, body }, namespace) => {
  const plain = structuredClone(body) as Reply["body"];
  if (plain.kind === "Status") {
    if (plain.status === "Success") return { code, body: { status: plain.status } };
    const problems = comparableProblems(plain) as { causes?: string[] };
    const immutable = problems.causes?.filter(each => each.includes("field is immutable"));
    const isRange = plain.details?.kind === "ServiceCIDR" && immutable?.length;
    return { code, body: isRange ? { ...problems, causes: immutable } : problems };
  }
  const text = JSON.stringify(comparableObject(plain)).replaceAll(namespace, "NAMESPACE");
  return { code, body: JSON.parse(text) };
};
