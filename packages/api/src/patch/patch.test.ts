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

  // Milder than the RFC, as upstream's server.
  it("replaces a member that was not there, counts from the end, and takes a missing value for null", () => {
    const operations = [
      { op: "replace", path: "/b", value: 2 },
      { op: "add", path: "/a/-1", value: 3 },
      { op: "add", path: "/c" },
    ] as JsonPatchOperation[];
    assert.deepEqual(jsonPatch({ a: [1] }, operations), { a: [1, 3], b: 2, c: null });
  });

  it("bounds what copies of copies add", () => {
    const operations = Array.from({ length: 40 }, (_, at): JsonPatchOperation => {
      return { op: "copy", from: "/a", path: `/a/${at}` };
    });
    const message = /the accumulated size increase of copy is \d+, exceeding the limit 3145728/;
    assert.throws(() => jsonPatch({ a: { x: "x".repeat(100) } }, operations), message);
  });

  const errors: [unknown, RegExp][] = [
    [{ op: "add", path: "/x/y", value: 1 }, /doc is missing path: "\/x\/y": missing value/],
    [
      { op: "add", path: "/a/9", value: 1 },
      /error in add for path: '\/a\/9': Unable to access invalid index: 9/,
    ],
    [{ op: "add", path: "/a/x", value: 1 }, /value was not a proper array index: 'x'/],
    [{ op: "add", path: "a", value: 1 }, /doc is missing path: "a"/],
    [{ op: "add" }, /add operation failed to decode path: missing value/],
    [{ op: "remove", path: "/b" }, /Unable to remove nonexistent key: b: missing value/],
    [{ op: "replace", path: "/a/7", value: 1 }, /doc is missing key: \/a\/7/],
    [{ op: "test", path: "/a", value: [2] }, /testing value \/a failed: test failed/],
    [{ op: "move", from: "/a", path: "/a/b" }, /doc is missing destination path: \/a\/b/],
    [{ op: "grow", path: "/a" }, /Unexpected kind: grow/],
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
