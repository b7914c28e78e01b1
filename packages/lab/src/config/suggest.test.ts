import assert from "node:assert/strict";
import { closest, editDistance } from "./suggest.ts";

describe("did you mean", () => {
  it("counts insertions, deletions, replacements and swaps", () => {
    assert.equal(editDistance("nodes", "nodes"), 0);
    assert.equal(editDistance("lables", "labels"), 1);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });

  it("guesses what is near and nothing else", () => {
    assert.equal(closest("netwroking", ["networking", "underlay"]), "networking");
    assert.equal(closest("NODES", ["nodes"]), "nodes");
    assert.equal(closest("storage", ["networking", "underlay"]), undefined);
  });
});
