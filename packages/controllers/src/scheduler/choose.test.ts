/** Scheduling decisions: filters in upstream's words, and even spreading. */
import assert from "node:assert/strict";
import type { Pod } from "@podwire/api";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { testNode, testPod } from "../testing/objects.ts";
import { choose } from "./choose.ts";
import type { ClusterView } from "./cluster-view.ts";
import { Placements } from "./placements.ts";

const seed = testSeed();
const none = () => 0;

function viewOf(placed: ClusterView["placed"]): ClusterView {
  return { placed, namespaceLabels: () => undefined };
}

function outcome(
  pod: Pod,
  nodes: Parameters<typeof choose>[1],
  podsOn: (node: string) => number = none,
): string {
  const choice = choose(
    pod,
    nodes,
    viewOf(node => Array(podsOn(node)).fill(testPod("other"))),
  );
  return "node" in choice ? choice.node : choice.message;
}

describe(`scheduling (PODWIRE_SEED=${seed})`, () => {
  const gpu = { key: "gpu", value: "yes", effect: "NoSchedule" } as const;
  const nodes = [
    testNode("a", { labels: { zone: "east", size: "4" } }),
    testNode("b", { labels: { zone: "west" }, spec: { taints: [gpu] } }),
    testNode("c", { labels: { zone: "west" } }),
  ];

  it("takes the node with the fewest Pods, equal ones by name", () => {
    assert.equal(outcome(testPod("p"), nodes), "a");
    assert.equal(
      outcome(testPod("p"), nodes, node => (node === "a" ? 2 : 1)),
      "c",
    );
  });

  it("honours nodeSelector, affinity, taints and tolerations", () => {
    const requires = (key: string, operator: "In" | "NotIn" | "Exists" | "Gt", values?: string[]) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
          },
        },
      },
    });
    const busyC = (node: string) => (node === "c" ? 9 : 0);
    assert.equal(outcome(testPod("p", { nodeSelector: { zone: "west" } }), nodes, busyC), "c");
    const tolerations = [{ key: "gpu", operator: "Exists" as const }];
    assert.equal(outcome(testPod("p", { nodeSelector: { zone: "west" }, tolerations }), nodes, busyC), "b");
    assert.equal(outcome(testPod("p", requires("zone", "NotIn", ["east"])), nodes), "c");
    assert.equal(outcome(testPod("p", requires("size", "Gt", ["3"])), nodes), "a");
    assert.equal(
      outcome(testPod("p", requires("size", "Gt", ["4"])), nodes),
      "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 node(s) didn't match Pod's node affinity/selector.",
    );
  });

  it("avoids PreferNoSchedule while another node is left", () => {
    const avoided = testNode("a", { spec: { taints: [{ key: "x", effect: "PreferNoSchedule" }] } });
    assert.equal(
      outcome(testPod("p"), [avoided, testNode("b")], node => (node === "b" ? 50 : 0)),
      "b",
    );
    assert.equal(outcome(testPod("p"), [avoided]), "a");
  });

  it("says why no node is available", () => {
    const full = [
      testNode("a", { pods: "1" }),
      testNode("b", { spec: { unschedulable: true } }),
      testNode("c", { ready: "Unknown" }),
      testNode("d", { pods: "1" }),
    ];
    assert.equal(
      outcome(testPod("p"), full, () => 1),
      "0/4 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 1 node(s) were unschedulable, 2 Too many pods.",
    );
    assert.equal(outcome(testPod("p"), []), "no nodes available to schedule pods");
  });

  it("spreads: nodes that are alike differ by at most one Pod, whatever came and went before the last fill", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(99), { maxLength: 60 }),
      (count, steps) => {
        const alike = Array.from({ length: count }, (_, index) => testNode(`n${index}`));
        const placements = new Placements();
        const schedule = (key: string) => {
          const choice = choose(
            testPod(key),
            alike,
            viewOf(node => placements.placed(node)),
          );
          assert("node" in choice);
          placements.beginBinding(key, choice.node, testPod(key));
          placements.observe(key, testPod(key, { nodeName: choice.node }));
        };
        for (const step of steps) {
          if (step < 70) schedule(`p${step}`);
          else placements.observe(`p${step - 70}`, undefined);
        }
        for (let index = 0; index < 100 * count; index++) schedule(`fill${index}`);
        const pods = alike.map(({ metadata }) => placements.placed(metadata.name).length);
        assert(Math.max(...pods) - Math.min(...pods) <= 1, `${pods}`);
      },
    );
    fc.assert(property, { seed, numRuns: 30 });
  });
});

describe("placements", () => {
  it("counts a Pod from the decision on, and gives the place back when binding fails or it ends", () => {
    const placements = new Placements();
    placements.beginBinding("default/p", "a", testPod("p"));
    assert.equal(placements.observe("default/p", testPod("p")), "same", "older news of a Pod being bound");
    assert.equal(placements.placed("a").length, 1);
    placements.bindingFailed("default/p");
    assert.equal(placements.placed("a").length, 0);
    placements.observe("default/p", testPod("p", { nodeName: "b" }));
    const ended = { ...testPod("p", { nodeName: "b" }), status: { phase: "Succeeded" as const } };
    assert.equal(placements.observe("default/p", ended), "freed");
    assert.equal(placements.placed("b").length, 0);
    assert.equal(placements.observe("default/p", undefined), "same");
  });
});
