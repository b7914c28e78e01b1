/** Strategic merge: every directive, the order of merged lists, and upstream's words for what cannot be applied. */
import assert from "node:assert/strict";
import { kinds } from "../kinds/table.ts";
import { StrategicMergeError, strategicMergePatch } from "./strategic-merge.ts";

const patchPod = (spec: object, patch: object) => {
  const before = JSON.stringify([spec, patch]);
  const patched = strategicMergePatch(kinds.pods.schema, { spec }, { spec: patch });
  assert.equal(JSON.stringify([spec, patch]), before);
  return (patched as { spec: unknown }).spec;
};

describe("strategic merge patch", () => {
  const web = { name: "web", image: "one" };
  const log = { name: "log", image: "two" };
  const cases: [string, object, object, object][] = [
    [
      "merges items by their key, new ones first",
      { containers: [web, log] },
      { containers: [{ name: "new" }, { name: "log", image: "3" }] },
      { containers: [{ name: "new" }, web, { name: "log", image: "3" }] },
    ],
    [
      "deletes items",
      { containers: [web, log] },
      { containers: [{ name: "web", $patch: "delete" }] },
      { containers: [log] },
    ],
    [
      "replaces a merged list",
      { containers: [web, log] },
      { containers: [{ $patch: "replace" }, { name: "new" }] },
      { containers: [{ name: "new" }] },
    ],
    [
      "orders items",
      { containers: [web, log] },
      { "$setElementOrder/containers": [{ name: "log" }, { name: "web" }] },
      { containers: [log, web] },
    ],
    [
      "orders and merges at once, the server's own items where they stood",
      { containers: [web, { name: "own" }, log] },
      {
        "$setElementOrder/containers": [{ name: "log" }, { name: "new" }, { name: "web" }],
        containers: [{ name: "new" }],
      },
      { containers: [{ name: "own" }, log, { name: "new" }, web] },
    ],
    [
      "replaces a list that is not merged",
      { tolerations: [{ key: "a" }] },
      { tolerations: [{ key: "b" }] },
      { tolerations: [{ key: "b" }] },
    ],
    [
      "retains keys",
      { volumes: [{ name: "v", configMap: { name: "m" } }] },
      { volumes: [{ name: "v", $retainKeys: ["name", "emptyDir"], emptyDir: {} }] },
      { volumes: [{ name: "v", emptyDir: {} }] },
    ],
    [
      "replaces an object",
      { nodeSelector: { a: "1" } },
      { nodeSelector: { $patch: "replace", b: "2" } },
      { nodeSelector: { b: "2" } },
    ],
    [
      "empties an object",
      { nodeSelector: { a: "1" } },
      { nodeSelector: { $patch: "delete" } },
      { nodeSelector: {} },
    ],
    [
      "removes with null",
      { hostNetwork: true, nodeSelector: { a: "1" } },
      { nodeSelector: null },
      { hostNetwork: true },
    ],
    [
      "takes a new object without its nulls",
      {},
      { securityContext: { runAsUser: 1, runAsGroup: null } },
      { securityContext: { runAsUser: 1 } },
    ],
  ];
  for (const [what, spec, patch, expected] of cases) {
    it(what, () => assert.deepEqual(patchPod(spec, patch), expected));
  }

  it("merges sets of scalars, and deletes from them", () => {
    const patched = strategicMergePatch(
      kinds.pods.schema,
      { metadata: { finalizers: ["x/a", "x/b"] } },
      { metadata: { finalizers: ["x/c", "x/a"], "$deleteFromPrimitiveList/finalizers": ["x/b"] } },
    );
    assert.deepEqual(patched, { metadata: { finalizers: ["x/c", "x/a"] } });
  });

  const errors: [object, RegExp][] = [
    [{ containers: [{ image: "x" }] }, /^map: map\[image:x\] does not contain declared merge key: name$/],
    [
      { containers: [{ name: "web", $patch: "odd" }] },
      /^unknown patch type: odd in map: map\[\$patch:odd name:web\]$/,
    ],
    [
      { containers: [{ name: "web", $patch: "merge" }] },
      /^merging lists cannot yet be specified in the patch$/,
    ],
    [{ nodeSelector: { $patch: "odd" } }, /^unknown patch type: odd in map: map\[\$patch:odd\]$/],
    [{ containers: ["web"] }, /^list element types are not identical/],
    [{ $retainKeys: ["volumes"], hostNetwork: true }, /^invalid patch format of retainKeys$/],
    [{ $retainKeys: "volumes" }, /^invalid patch format of retainKeys$/],
    [{ "$setElementOrder/containers": "x" }, /^expected a \[\]interface {}, but received a string$/],
    [{ "$setElementOrder/odd": [] }, /^unable to find api field in struct PodSpec for the json field "odd"$/],
    [{ "$setElementOrder-odd": [] }, /^invalid patch format of setElementOrder list$/],
    [
      { "$setElementOrder/containers": [{ name: "b" }], containers: [{ name: "a" }] },
      /^The order in patch list:\n\[map\[name:a\]\]\n doesn't match \$setElementOrder list:\n\[map\[name:b\]\]\n$/,
    ],
  ];
  for (const [patch, message] of errors) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      const spec = { containers: [web], nodeSelector: { a: "1" }, volumes: [] };
      assert.throws(
        () => patchPod(spec, patch),
        (error: Error) => error instanceof StrategicMergeError && message.test(error.message),
      );
    });
  }
});
