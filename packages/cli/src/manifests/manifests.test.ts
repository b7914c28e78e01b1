import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { checkManifest } from "./check.ts";
import { mergeApplied } from "./merge.ts";
import { parseManifest, readManifests } from "./read.ts";

describe("manifests", () => {
  const names = (text: string) =>
    parseManifest(text, "f").map(({ object, source }) => `${object.metadata.name}@${source}`);

  it("are YAML documents, JSON and Lists, each with its place", () => {
    assert.deepEqual(
      names(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n# nothing\n---\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n",
      ),
      ["a@f:2:1", "b@f:8:3"],
    );
    assert.deepEqual(
      names(
        '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}]}',
      ),
      ["c@f:1:1 items[0]"],
    );
  });

  const wrong = [
    ["kind: Pod\nmetadata: {name: a}", "f:1:1: apiVersion: is missing, must be a string such as v1"],
    ["apiVersion: v1\nmetadata: {name: a}", "f:1:1: kind: is missing, must be a string such as Pod"],
    ["apiVersion: v1\nkind: Pod", "f:1:1: metadata.name: is missing, must be the name of the Pod"],
    ["hello", "f:1:1: is no object: a manifest is a map"],
    ["a: [", "f:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]"],
  ] as const;
  for (const [text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseManifest(text, "f"), { message, exitCode: 2 }));
  }

  const checked = [
    [
      "spec: {containers: [{name: c, imgae: x, argz: []}]}",
      'f:4:31: Pod "a": strict decoding error: unknown field "spec.containers[0].imgae" (did you mean "image"?)\n' +
        'f:4:41: Pod "a": strict decoding error: unknown field "spec.containers[0].argz" (did you mean "args"?)',
    ],
    ["color: red", 'f:4:1: Pod "a": strict decoding error: unknown field "color"'],
    [
      "spec: {containers: web}",
      'f:4:8: Pod "a": Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
  ] as const;
  for (const [rest, message] of checked) {
    it(`refuses a Pod with ${rest}`, () => {
      const [manifest] = parseManifest(`apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n${rest}\n`, "f");
      assert.throws(() => checkManifest(manifest!), { message, exitCode: 2 });
    });
  }

  it("refuses kinds that are not served, and guesses", () => {
    const check = (apiVersion: string, kind: string) =>
      checkManifest(
        parseManifest(`kind: ${kind}\napiVersion: ${apiVersion}\nmetadata: {name: a}\n`, "f")[0]!,
      );
    assert.throws(() => check("v1", "Podd"), {
      message: /^f:1:1: kind: there is no "Podd" in v1 \(did you mean "Pod"\?\); known are .*Pod/,
    });
    assert.throws(() => check("example.com/v1", "Pod"), {
      message: /^f:2:1: apiVersion: there is no "example\.com\/v1"; known are v1/,
    });
  });

  it("finds the place of a field in an item of a List", () => {
    const text =
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spek: {}\n";
    assert.throws(() => checkManifest(parseManifest(text, "f")[0]!), {
      message: 'f:7:3: Pod "a": strict decoding error: unknown field "spek" (did you mean "spec"?)',
    });
  });

  it("come from files, directories and stdin, in order", async () => {
    const folder = mkdtempSync(join(tmpdir(), "podwire-manifests-"));
    const manifest = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
    mkdirSync(join(folder, "deeper"));
    writeFileSync(join(folder, "b.yaml"), manifest("b"));
    writeFileSync(
      join(folder, "a.json"),
      JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" } }),
    );
    writeFileSync(join(folder, "notes.txt"), "not a manifest");
    try {
      const found = await readManifests(
        ["-", folder, join(folder, "b.yaml")],
        Readable.from([manifest("stdin")]),
      );
      assert.deepEqual(
        found.map(({ object }) => object.metadata.name),
        ["stdin", "a", "b", "b"],
      );
      await assert.rejects(readManifests([join(folder, "none.yaml")]), /none\.yaml: no such file/);
      await assert.rejects(readManifests([join(folder, "deeper")]), /deeper: holds no objects/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("apply merges", () => {
  it("keeps what others set, changes what the manifest says, removes what it no longer says", () => {
    const previous = { metadata: { labels: { a: "1", b: "1" } }, spec: { nodeSelector: { x: "y" } } };
    const manifest = { metadata: { labels: { a: "2" } }, spec: {} };
    const live = {
      metadata: { labels: { a: "1", b: "1", theirs: "1" }, uid: "u" },
      spec: { nodeName: "node-1", nodeSelector: { x: "y" } },
      status: { phase: "Running" },
    };
    assert.deepEqual(mergeApplied(live, manifest, previous), {
      metadata: { labels: { a: "2", theirs: "1" }, uid: "u" },
      spec: { nodeName: "node-1" },
      status: { phase: "Running" },
    });
  });

  it("merges lists of named items by name, in the manifest's order", () => {
    const live = {
      containers: [
        { name: "a", image: "1", imagePullPolicy: "IfNotPresent" },
        { name: "gone", image: "1" },
      ],
    };
    const manifest = {
      containers: [
        { name: "new", image: "1" },
        { name: "a", image: "2" },
      ],
    };
    assert.deepEqual(mergeApplied(live, manifest, undefined), {
      containers: [
        { name: "new", image: "1" },
        { name: "a", image: "2", imagePullPolicy: "IfNotPresent" },
      ],
    });
  });

  it("replaces other lists, and removes by null", () => {
    assert.deepEqual(mergeApplied({ args: ["a", "b"], x: 1 }, { args: ["c"], x: null }, undefined), {
      args: ["c"],
    });
  });
});
