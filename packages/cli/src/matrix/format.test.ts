import assert from "node:assert/strict";
import { formatMatrix } from "./format.ts";
import { judge, type MatrixPod, summarize, targetsOf } from "./model.ts";

const pods: MatrixPod[] = [
  {
    namespace: "default",
    name: "a",
    node: "node-1",
    container: "main",
    addresses: ["10.244.0.2", "fd00::2"],
  },
  {
    namespace: "default",
    name: "b",
    node: "node-2",
    container: "main",
    addresses: ["10.244.1.2", "fd00:0:0:1::2"],
  },
  { namespace: "shop", name: "c", node: "node-2", container: "main", addresses: ["10.244.1.3"] },
];
const plain = (_: unknown, text: string) => text;

describe("matrix", () => {
  it("tries each other pod at each address by each protocol", () => {
    assert.deepEqual(
      targetsOf(pods[0]!, pods).map(({ to, protocol, address }) => `${to.name} ${protocol} ${address}`),
      [
        "b TCP 10.244.1.2",
        "b UDP 10.244.1.2",
        "b TCP fd00:0:0:1::2",
        "b UDP fd00:0:0:1::2",
        "c TCP 10.244.1.3",
        "c UDP 10.244.1.3",
      ],
    );
  });

  it("prints round trips, and the source that receivers saw with a tick when it is the pod's own", () => {
    const paths = pods.slice(0, 2).flatMap(from =>
      targetsOf(from, pods.slice(0, 2)).map(target =>
        judge(from, target, {
          roundTripMs: 0.213,
          sourceSeen: from.addresses[target.family === "IPv4" ? 0 : 1]!,
        }),
      ),
    );
    assert.equal(
      formatMatrix(paths, plain),
      [
        "TCP over IPv4, round trip in ms",
        "FROM   NODE     SEEN AS        a      b",
        "a      node-1   10.244.0.2 ✓   -      0.21",
        "b      node-2   10.244.1.2 ✓   0.21   -",
        "",
        "TCP over IPv6, round trip in ms",
        "FROM   NODE     SEEN AS           a      b",
        "a      node-1   fd00::2 ✓         -      0.21",
        "b      node-2   fd00:0:0:1::2 ✓   0.21   -",
        "",
        "UDP over IPv4, round trip in ms",
        "FROM   NODE     SEEN AS        a      b",
        "a      node-1   10.244.0.2 ✓   -      0.21",
        "b      node-2   10.244.1.2 ✓   0.21   -",
        "",
        "UDP over IPv6, round trip in ms",
        "FROM   NODE     SEEN AS           a      b",
        "a      node-1   fd00::2 ✓         -      0.21",
        "b      node-2   fd00:0:0:1::2 ✓   0.21   -",
        "",
        "8 of 8 paths work, no NAT",
      ].join("\n"),
    );
  });

  it("shows what fails and what was translated", () => {
    const [a, b, c] = pods as [MatrixPod, MatrixPod, MatrixPod];
    const target = (to: MatrixPod) =>
      ({ to, protocol: "TCP", family: "IPv4", address: to.addresses[0]! }) as const;
    const paths = [
      judge(a, target(b), { roundTripMs: 1, sourceSeen: "172.30.0.11" }),
      judge(a, target(c), { error: "TIMEOUT" }),
      judge(b, target(a), { error: "REFUSED" }),
    ];
    assert.equal(
      formatMatrix(paths, plain),
      [
        "TCP over IPv4, round trip in ms",
        "FROM   NODE     SEEN AS         a           b                     shop/c",
        "a      node-1   172.30.0.11 ✗   -           1.00 as 172.30.0.11   ✗ TIMEOUT",
        "b      node-2   nobody          ✗ REFUSED   -                     -",
        "",
        "1 of 3 paths work, NAT on 1",
      ].join("\n"),
    );
    assert.deepEqual(summarize(paths), { paths: 3, works: 0, nat: 1, fails: 2 });
  });
});
