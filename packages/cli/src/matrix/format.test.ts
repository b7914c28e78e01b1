import assert from "node:assert/strict";
import { formatMatrix } from "./format.ts";
import {
  isGood,
  judge,
  type Matrix,
  type MatrixPath,
  type MatrixPod,
  summarize,
  targetsOf,
} from "./model.ts";
import { sample } from "./pods.ts";

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
].map(pod => ({ ...pod, seenAs: pod.addresses }));
const matrixOf = (paths: readonly MatrixPath[], more: Partial<Matrix> = {}): Matrix => ({
  paths,
  unmeasured: [],
  measured: new Set(paths.map(path => path.from)).size,
  running: new Set(paths.map(path => path.from)).size,
  ...more,
});
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
      formatMatrix(matrixOf(paths), plain),
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
      formatMatrix(matrixOf(paths), plain),
      [
        "TCP over IPv4, round trip in ms",
        "FROM   NODE     SEEN AS         a           b                     shop/c",
        "a      node-1   172.30.0.11 ✗   -           1.00 as 172.30.0.11   ✗ TIMEOUT",
        "b      node-2   nobody          ✗ REFUSED   -                     -",
        "",
        "1 of 3 paths work, NAT on 1",
      ].join("\n"),
    );
    assert.deepEqual(summarize(matrixOf(paths)), { paths: 3, works: 0, nat: 1, fails: 2, unmeasured: 0 });
  });

  it("says which pods could not be measured, and that these are a sample", () => {
    const [a, b] = pods as [MatrixPod, MatrixPod];
    const works = [
      judge(a, { to: b, protocol: "TCP", family: "IPv4", address: "10.244.1.2" }, ownAnswer(a)),
      judge(b, { to: a, protocol: "TCP", family: "IPv4", address: "10.244.0.2" }, ownAnswer(b)),
    ];
    const unmeasured = [{ pod: "shop/c", node: "node-2", reason: "it does not run" }];
    const matrix = matrixOf(works, { unmeasured, running: 5 });
    assert.match(
      formatMatrix(matrix, plain),
      /\n\nnot measured: pod shop\/c on node-2: it does not run\n\n2 of 2 paths work, no NAT; pods not measured: 1 \(a sample: 3 of 5 pods\)$/,
    );
    assert.equal(isGood(summarize(matrix)), false);
    assert.equal(isGood(summarize(matrixOf(works))), true);
  });

  it("counts for each sender where columns for all would fit no screen, and lists what fails", () => {
    const many = Array.from({ length: 13 }, (_, index) => numbered(index, `node-${index % 2}`));
    const paths = many.flatMap(from =>
      targetsOf(from, many)
        .filter(({ protocol }) => protocol === "TCP")
        .map(target =>
          judge(
            from,
            target,
            target.to.name === "p3" && from.name === "p1" ? { error: "TIMEOUT" } : ownAnswer(from),
          ),
        ),
    );
    const lines = formatMatrix(matrixOf(paths), plain).split("\n");
    assert.equal(lines[1], "FROM   NODE     SEEN AS         REACHES    MEDIAN   LONGEST");
    assert.equal(lines[2], "p0     node-0   10.244.0.0 ✓    12 of 12   1.00     1.00");
    assert.equal(lines[3], "p1     node-1   10.244.0.1 ✓    11 of 12   1.00     1.00");
    assert.equal(lines[15], "p1 -> p3: ✗ TIMEOUT");
  });

  it("takes a sample from every node in turn", () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      numbered(index, index < 25 ? "large" : `small-${index}`),
    );
    const chosen = sample(many, 10);
    assert.equal(chosen.length, 10);
    assert.equal(new Set(chosen.map(pod => pod.node)).size, 6);
    assert.deepEqual(sample(many, 30), many);
  });
});

const ownAnswer = (from: MatrixPod) => ({ roundTripMs: 1, sourceSeen: from.addresses[0]! });

function numbered(index: number, node: string): MatrixPod {
  const addresses = [`10.244.0.${index}`];
  return { namespace: "default", name: `p${index}`, node, container: "main", addresses, seenAs: addresses };
}
