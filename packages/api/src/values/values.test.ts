/** Quantities, times, addresses, taints. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonEqual } from "./equal.ts";
import {
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  quantityNanos,
  quantityNumber,
} from "./quantity.ts";
import { tolerates } from "./taints.ts";
import { age, formatTime, humanDuration, parseTime } from "./time.ts";

describe("quantities", () => {
  it("take the form that upstream stores", () => {
    // As a real API server answered.
    const forms: [string, string][] = [
      ["0.5", "500m"],
      ["1000", "1k"],
      ["1500", "1500"],
      ["1000m", "1"],
      ["1024Mi", "1Gi"],
      ["1000Mi", "1000Mi"],
      ["1.5Gi", "1536Mi"],
      ["1023Ki", "1023Ki"],
      ["0.5Ki", "512"],
      ["0.001Ki", "1024m"],
      ["1e3", "1e3"],
      ["0.5e1", "5"],
      ["12e0", "12e0"],
      ["1048576Ki", "1Gi"],
      ["-1024Mi", "-1Gi"],
      ["0Ki", "0"],
      ["0.0", "0"],
      ["1n", "1n"],
    ];
    for (const [text, form] of forms) assert.equal(canonicalQuantity(text), form, text);
    assert.equal(canonicalQuantity("1n", -3), "1m");
    assert.equal(canonicalQuantity("1.0001", -3), "1001m");
  });

  it("mean the same in that form, which is its own", () => {
    const suffixes = ["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "E-2"];
    const texts = fc
      .tuple(fc.nat(3_000_000), fc.option(fc.nat(999), { nil: undefined }), fc.constantFrom(...suffixes))
      .map(([whole, fraction, suffix]) => `${whole}${fraction === undefined ? "" : `.${fraction}`}${suffix}`);
    const property = fc.property(texts, text => {
      const form = canonicalQuantity(text);
      assert.equal(compareQuantities(form, text), 0, form);
      assert.equal(canonicalQuantity(form), form);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("compare across suffixes, exactly", () => {
    const ascending = [
      "-1",
      "0",
      "1n",
      "1u",
      "1m",
      "0.1",
      "500m",
      "1",
      "1.5",
      "1k",
      "1Ki",
      "1e6",
      "1Mi",
      "2.5Gi",
      "1T",
      "8Ei",
    ];
    for (let at = 1; at < ascending.length; at++) {
      assert.equal(compareQuantities(ascending[at - 1]!, ascending[at]!), -1, ascending[at]);
    }
    assert.equal(compareQuantities("1024Mi", "1Gi"), 0);
    assert.equal(compareQuantities("1000m", "1"), 0);
    assert.equal(quantityNumber("100m"), 0.1);
    assert.equal(quantityNanos("8Ei"), 8n * 2n ** 60n * 10n ** 9n);
  });

  it("are told from other text", () => {
    for (const text of ["1", "+1", ".5", "1.", "1e3", "1E-3", "1Ki", "5E"]) assert.ok(isQuantity(text), text);
    for (const text of ["", "1x", "Ki", "1 Ki", "1ki", "1e", "--1", "1e9999", "0x1"])
      assert.ok(!isQuantity(text), text);
  });

  it("agree with numbers where those are exact", () => {
    const small = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        assert.equal(compareQuantities(`${a}m`, `${b}m`), Math.sign(a - b));
        assert.equal(quantityNumber(`${a}m`), a / 1000);
      }),
    );
  });
});

describe("times", () => {
  it("are RFC 3339 and nothing else", () => {
    assert.equal(parseTime("2025-01-01T00:00:00Z"), Date.UTC(2025, 0, 1));
    assert.equal(parseTime("2025-01-01T01:00:00.5+01:00"), Date.UTC(2025, 0, 1) + 500);
    for (const text of ["2025-01-01", "2025-13-01T00:00:00Z", "now", ""])
      assert.equal(parseTime(text), undefined);
    assert.equal(formatTime(Date.UTC(2025, 0, 1) + 999), "2025-01-01T00:00:00Z");
  });

  it("print as ages", () => {
    const ages: [number, string][] = [
      [-2, "<invalid>"],
      [-1, "0s"],
      [0, "0s"],
      [119, "119s"],
      [120, "2m"],
      [125, "2m5s"],
      [600, "10m"],
      [10_799, "179m"],
      [10_800, "3h"],
      [11_000, "3h3m"],
      [28_800, "8h"],
      [172_799, "47h"],
      [172_800, "2d"],
      [180_000, "2d2h"],
      [691_200, "8d"],
      [63_072_000, "2y"],
      [66_000_000, "2y33d"],
      [300_000_000, "9y"],
    ];
    for (const [seconds, text] of ages) assert.equal(humanDuration(seconds * 1_000), text);
    assert.equal(age(undefined, 0), "<unknown>");
  });
});

describe("tolerations", () => {
  const taint = { key: "k", value: "v", effect: "NoSchedule" } as const;
  const cases: [Parameters<typeof tolerates>[0], boolean][] = [
    [{ operator: "Exists" }, true],
    [{ key: "k", operator: "Exists" }, true],
    [{ key: "k", value: "v" }, true],
    [{ key: "k", value: "w" }, false],
    [{ key: "other", operator: "Exists" }, false],
    [{ key: "k", operator: "Exists", effect: "NoExecute" }, false],
    [{ key: "k", value: "v", effect: "NoSchedule" }, true],
  ];
  for (const [toleration, expected] of cases) {
    it(`${JSON.stringify(toleration)} ${expected ? "covers" : "does not cover"} k=v:NoSchedule`, () => {
      assert.equal(tolerates(toleration, taint), expected);
    });
  }
});

describe("jsonEqual", () => {
  it("agrees with deepStrictEqual, but for undefined fields", () => {
    const encoded = (value: unknown) => JSON.stringify(value);
    fc.assert(fc.property(fc.jsonValue(), value => assert.ok(jsonEqual(value, JSON.parse(encoded(value))))));
    assert.ok(jsonEqual({ a: undefined }, {}));
    assert.ok(!jsonEqual({ a: null }, {}));
    assert.ok(!jsonEqual([1], { 0: 1 }));
    assert.ok(!jsonEqual([1, 2], [1]));
  });
});
