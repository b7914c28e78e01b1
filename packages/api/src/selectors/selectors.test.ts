/** Selectors: every operator, in both forms, and what cannot be parsed. */
import assert from "node:assert/strict";
import { kinds } from "../kinds/table.ts";
import { admittedPod } from "../testing/pods.ts";
import { fieldMatcher, parseFieldSelector } from "./field.ts";
import { formatLabelMatcher, labelMatcher, matchesLabels, parseLabelSelector } from "./label.ts";

const LABELS = { app: "web", tier: "front", "example.com/size": "10" };

const CASES: readonly [string, boolean][] = [
  ["", true],
  ["app=web", true],
  ["app==web", true],
  ["app=db", false],
  ["app!=db", true],
  ["app!=web", false],
  ["none!=x", true],
  ["app", true],
  ["none", false],
  ["!none", true],
  ["!app", false],
  ["app in (db,web)", true],
  ["app in (db, cache)", false],
  ["app notin (db)", true],
  ["none notin (db)", true],
  ["none in (db)", false],
  ["example.com/size>9", true],
  ["example.com/size<10", false],
  ["app>1", false],
  ["app=web,tier in (front,back),!none", true],
  ["app=web,tier=back", false],
  ["none=", false],
];

describe("label selectors", () => {
  for (const [text, expected] of CASES) {
    it(`${text || "(empty)"} ${expected ? "selects" : "does not select"}`, () => {
      const matcher = parseLabelSelector(text);
      assert.equal(matchesLabels(matcher, LABELS), expected);
      assert.deepEqual(parseLabelSelector(formatLabelMatcher(matcher)), matcher);
    });
  }

  it("refuses what is none", () => {
    for (const text of ["a=b=c", "a in b", "a in (b", "=x", "a b", "a=b,,c", "-a=b", "a>x", "a=~"]) {
      assert.throws(() => parseLabelSelector(text), /unable to parse requirement/, text);
    }
  });

  it("reads the form of specs: absent selects nothing, empty everything", () => {
    assert.equal(labelMatcher(undefined), undefined);
    assert.equal(matchesLabels(labelMatcher({})!, undefined), true);
    const selector = {
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "NotIn", values: ["back"] },
        { key: "none", operator: "DoesNotExist" },
      ],
    } as const;
    const mutable = structuredClone(selector) as unknown as Parameters<typeof labelMatcher>[0];
    assert.equal(matchesLabels(labelMatcher(mutable)!, LABELS), true);
    assert.equal(matchesLabels(labelMatcher(mutable)!, { app: "web", none: "" }), false);
  });

  it("does not take an object's own members for labels", () => {
    assert.equal(matchesLabels(parseLabelSelector("constructor"), {}), false);
  });
});

describe("field selectors", () => {
  const pod = admittedPod({ spec: { nodeName: "n1" } });
  const selects = (text: string) => fieldMatcher(kinds.pods, parseFieldSelector(text))(pod);

  it("compare the fields a kind lets be selected", () => {
    assert.equal(selects("spec.nodeName=n1,status.phase!=Running"), true);
    assert.equal(selects("metadata.name==web"), true);
    assert.equal(selects("spec.nodeName="), false);
    assert.equal(selects(""), true);
  });

  it("refuse other fields, and what is no selector", () => {
    assert.throws(() => selects("spec.hostname=x"), /field label not supported: spec.hostname/);
    assert.throws(() => selects("constructor=x"), /field label not supported/);
    assert.throws(() => selects("spec.nodeName"), /can't understand 'spec.nodeName'/);
  });
});
