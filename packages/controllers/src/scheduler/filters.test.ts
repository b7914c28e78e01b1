/** Filters that look at the other Pods of a node, as tables of placements and outcomes. */
import assert from "node:assert/strict";
import type { Labels, Node, Pod, PodSpec } from "@podwire/api";
import { testNode, testPod } from "../testing/objects.ts";
import { choose } from "./choose.ts";

const HOST = "kubernetes.io/hostname";

function zoned(name: string, zone: string, allocatable: Record<string, string> = {}): Node {
  const node = testNode(name, { labels: { zone, [HOST]: name } });
  return { ...node, status: { ...node.status, allocatable: { pods: "110", ...allocatable } } };
}

function labelled(name: string, labels: Labels, spec: Partial<PodSpec> = {}, namespace = "default"): Pod {
  const pod = testPod(name, spec);
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels }, namespace } };
}

function outcome(pod: Pod, nodes: readonly Node[], placed: Record<string, Pod[]> = {}): string {
  const namespaceLabels = (name: string) => ({ team: name });
  const choice = choose(pod, nodes, { placed: node => placed[node] ?? [], namespaceLabels });
  return "node" in choice ? choice.node : choice.message;
}

const requesting = (requests: Record<string, string>, init: Partial<PodSpec> = {}) =>
  testPod("p", { containers: [{ name: "main", image: "i", resources: { requests } }], ...init });

describe("scheduler filters", () => {
  const nodes = [zoned("a", "east"), zoned("b", "east"), zoned("c", "west")];

  it("resources: what is requested fits in what is left, initialization at its peak included", () => {
    const [small, large] = [
      zoned("a", "x", { cpu: "1" }),
      zoned("b", "x", { cpu: "3", "example.com/gpu": "1" }),
    ];
    const both = [small, large];
    assert.equal(outcome(requesting({ cpu: "500m" }), both), "a");
    assert.equal(outcome(requesting({ cpu: "500m" }), both, { a: [requesting({ cpu: "501m" })] }), "b");
    assert.equal(outcome(requesting({ cpu: "1" }), both), "a");
    assert.equal(outcome(requesting({ "example.com/gpu": "1" }), both), "b");
    const initContainers = [{ name: "init", image: "i", resources: { requests: { cpu: "2" } } }];
    assert.equal(outcome(requesting({ cpu: "100m" }, { initContainers }), both), "b");
    assert.equal(outcome(requesting({ cpu: "1" }, { overhead: { cpu: "1m" } }), both), "b");
    assert.equal(
      outcome(requesting({ cpu: "4", "example.com/gpu": "2" }), both),
      "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient example.com/gpu.",
    );
    assert.equal(outcome(requesting({ memory: "1Ti" }), both), "a", "what a node does not say is plenty");
  });

  it("host ports: one holder for an address, a port and a protocol", () => {
    const holding = (hostPort: number, more: object = {}) =>
      testPod("p", {
        containers: [{ name: "m", image: "i", ports: [{ containerPort: 1, hostPort, ...more }] }],
      });
    const placed = {
      a: [holding(80)],
      b: [holding(80, { hostIP: "10.0.0.1" })],
      c: [holding(80, { protocol: "UDP" })],
    };
    assert.equal(outcome(holding(80), nodes, placed), "c");
    assert.equal(outcome(holding(80, { hostIP: "10.0.0.2" }), nodes, placed), "b");
    assert.equal(outcome(holding(81), nodes, placed), "a");
    assert.equal(
      outcome(holding(80), nodes.slice(0, 2), placed),
      "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.",
    );
  });

  const term = (app: string, topologyKey: string, more: object = {}) => ({
    labelSelector: { matchLabels: { app } },
    topologyKey,
    ...more,
  });
  const near = (...terms: object[]) =>
    ({
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
    }) as Partial<PodSpec>;
  const far = (...terms: object[]) =>
    ({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
    }) as Partial<PodSpec>;

  it("podAffinity: near those that it names, and the first of a series anywhere", () => {
    const db = { c: [labelled("db", { app: "db" })] };
    assert.equal(outcome(labelled("p", {}, near(term("db", "zone"))), nodes, db), "c");
    assert.equal(
      outcome(labelled("p", {}, near(term("db", "zone"))), nodes),
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    );
    assert.equal(outcome(labelled("p", { app: "db" }, near(term("db", "zone"))), nodes), "a");
    const elsewhere = { c: [labelled("db", { app: "db" }, {}, "other")] };
    assert.match(outcome(labelled("p", {}, near(term("db", "zone"))), nodes, elsewhere), /affinity rules/);
    const inTeam = term("db", "zone", { namespaceSelector: { matchLabels: { team: "other" } } });
    assert.equal(outcome(labelled("p", {}, near(inTeam)), nodes, elsewhere), "c");
  });

  it("podAntiAffinity: far from those that it names, and from those that name it", () => {
    const webs = { a: [labelled("w", { app: "web" })] };
    assert.equal(outcome(labelled("p", { app: "web" }, far(term("web", HOST))), nodes, webs), "b");
    assert.equal(outcome(labelled("p", { app: "web" }, far(term("web", "zone"))), nodes, webs), "c");
    const proud = { a: [labelled("proud", {}, far(term("web", "zone")))] };
    assert.equal(outcome(labelled("p", { app: "web" }), nodes, proud), "c");
    assert.equal(
      outcome(labelled("p", { app: "web" }), nodes.slice(0, 2), proud),
      "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
    assert.equal(
      outcome(labelled("p", {}, far(term("web", "zone"))), nodes.slice(0, 2), webs),
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    );
  });

  it("prefers: nodes by their labels, and Pods to be near or far from", () => {
    const preferWest: Partial<PodSpec> = {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              preference: { matchExpressions: [{ key: "zone", operator: "In", values: ["west"] }] },
            },
          ],
        },
      },
    };
    assert.equal(outcome(labelled("p", {}, preferWest), nodes, { c: [testPod("x"), testPod("y")] }), "c");
    const preferred = [{ weight: 5, podAffinityTerm: term("web", HOST) }];
    const webs = { b: [labelled("w", { app: "web" })] };
    const spec = (which: string) =>
      ({
        affinity: { [which]: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
      }) as Partial<PodSpec>;
    assert.equal(outcome(labelled("p", {}, spec("podAffinity")), nodes, webs), "b");
    assert.notEqual(outcome(labelled("p", {}, spec("podAntiAffinity")), nodes, webs), "b");
  });

  it("topologySpreadConstraints: no domain gets more than maxSkew ahead", () => {
    const spread = (more: object = {}): Partial<PodSpec> => ({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "zone",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: { app: "web" } },
          ...more,
        },
      ],
    });
    const web = () => labelled("w", { app: "web" });
    const pod = (more?: object) => labelled("p", { app: "web" }, spread(more));
    assert.equal(outcome(pod(), nodes, { a: [web()] }), "c");
    assert.equal(outcome(pod(), nodes, { a: [web()], c: [web()] }), "b");
    assert.equal(outcome(pod({ maxSkew: 2 }), nodes, { a: [web()], c: [testPod("x"), testPod("y")] }), "b");
    // Fewer domains than asked for: the least is zero.
    assert.equal(
      outcome(pod({ minDomains: 3 }), nodes, { a: [web()], c: [web()] }),
      "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.",
    );
    assert.equal(
      outcome(pod({ topologyKey: "rack" }), nodes),
      "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints (missing required label).",
    );
    // A zone that the Pod may not be in is not waited for.
    const onlyEast = { ...spread(), nodeSelector: { zone: "east" } };
    assert.equal(outcome(labelled("p", { app: "web" }, onlyEast), nodes, { a: [web(), web()] }), "b");
  });
});
