/** The patches: the examples of their RFCs, and the errors. */
import assert from "node:assert/strict";
import { type JsonPatchOperation, jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";

describe("merge patch (RFC 7396, appendix A)", () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of cases) {
    it(`${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
      const before = JSON.stringify(target);
      assert.deepEqual(mergePatch(target, patch), expected);
      assert.equal(JSON.stringify(target), before);
    });
  }
});

describe("JSON patch (RFC 6902)", () => {
  const cases: [string, unknown, JsonPatchOperation[], unknown][] = [
    ["adds a member", { foo: 1 }, [{ op: "add", path: "/bar", value: 2 }], { foo: 1, bar: 2 }],
    ["adds an item", { a: [1, 3] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2, 3] }],
    ["appends an item", { a: [1] }, [{ op: "add", path: "/a/-", value: 2 }], { a: [1, 2] }],
    [
      "removes",
      { a: 1, b: [1, 2] },
      [
        { op: "remove", path: "/a" },
        { op: "remove", path: "/b/0" },
      ],
      { b: [2] },
    ],
    ["replaces", { a: 1 }, [{ op: "replace", path: "/a", value: null }], { a: null }],
    ["replaces the whole", { a: 1 }, [{ op: "replace", path: "", value: [1] }], [1]],
    ["moves", { a: { b: 1 }, c: {} }, [{ op: "move", from: "/a/b", path: "/c/d" }], { a: {}, c: { d: 1 } }],
    ["moves items", { a: [1, 2, 3] }, [{ op: "move", from: "/a/0", path: "/a/2" }], { a: [2, 3, 1] }],
    ["copies", { a: [1] }, [{ op: "copy", from: "/a", path: "/b" }], { a: [1], b: [1] }],
    ["tests", { a: { b: [1] } }, [{ op: "test", path: "/a", value: { b: [1] } }], { a: { b: [1] } }],
    [
      "escapes",
      { "a/b": 1, "m~n": 2 },
      [
        { op: "remove", path: "/a~1b" },
        { op: "remove", path: "/m~0n" },
      ],
      {},
    ],
  ];
  for (const [what, target, operations, expected] of cases) {
    it(what, () => {
      const before = JSON.stringify(target);
      assert.deepEqual(jsonPatch(target, operations), expected);
      assert.equal(JSON.stringify(target), before);
    });
  }

  const errors: [unknown, RegExp][] = [
    [{ op: "add", path: "/x/y", value: 1 }, /nothing is at "x"/],
    [{ op: "add", path: "/a/9", value: 1 }, /"9" is no index of a list of 1/],
    [{ op: "add", path: "/a/01", value: 1 }, /no index/],
    [{ op: "add", path: "a", value: 1 }, /a path is empty or begins with/],
    [{ op: "add", path: "/b" }, /missing value/],
    [{ op: "remove", path: "/b" }, /nothing is at "b"/],
    [{ op: "test", path: "/a", value: [2] }, /testing value \[2\] failed/],
    [{ op: "move", from: "/a", path: "/a/b" }, /cannot move into itself/],
    [{ op: "grow", path: "/a" }, /unknown operation/],
  ];
  for (const [operation, message] of errors) {
    it(`refuses ${JSON.stringify(operation)}`, () => {
      assert.throws(() => jsonPatch({ a: [1] }, [operation as JsonPatchOperation]), message);
    });
  }

  it("cannot reach an object's prototype", () => {
    const patched = jsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    assert.deepEqual(Object.keys(patched as object), ["__proto__"]);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});
