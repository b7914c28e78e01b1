/** Sets of fields: their text, and the algebra against the plain sets of paths that they stand for. */
import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import * as fc from "fast-check";
import {
  difference,
  type FieldSet,
  fieldAt,
  hasField,
  intersection,
  NO_FIELDS,
  union,
  withoutTrees,
} from "./field-set.ts";
import { parseFields, printFields } from "./fields-v1.ts";
import { comparePathElements, describePathElement, keyElement, valueElement } from "./path-element.ts";

const seed = testSeed();

const element = fc.constantFrom("f:a", "f:b", 'k:{"n":"x"}', 'v:"y"', "i:1");
const path = fc.array(element, { minLength: 1, maxLength: 3 });
const paths = fc.array(path, { maxLength: 12 });

const setOf = (all: readonly string[][]): FieldSet =>
  all.reduce((set, each) => union(set, fieldAt(each)), NO_FIELDS);
const text = (all: readonly string[][]) => [...new Set(all.map(each => JSON.stringify(each)))].sort();

function pathsOf(set: FieldSet, prefix: readonly string[] = []): string[][] {
  return [...set].flatMap(([name, { isMember, fields }]) => {
    const here = [...prefix, name];
    return [...(isMember ? [here] : []), ...pathsOf(fields, here)];
  });
}

describe(`sets of fields (PODWIRE_SEED=${seed})`, () => {
  it("are as sets of paths", () => {
    const isIn = (all: readonly string[][], one: readonly string[]) =>
      all.some(each => JSON.stringify(each) === JSON.stringify(one));
    const isBelow = (all: readonly string[][], one: readonly string[]) =>
      one.some((_, at) => isIn(all, one.slice(0, at + 1)));
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [setOf(left), setOf(right)];
        assert.deepEqual(text(pathsOf(union(a, b))), text([...left, ...right]));
        assert.deepEqual(text(pathsOf(intersection(a, b))), text(left.filter(each => isIn(right, each))));
        assert.deepEqual(text(pathsOf(difference(a, b))), text(left.filter(each => !isIn(right, each))));
        assert.deepEqual(text(pathsOf(withoutTrees(a, b))), text(left.filter(each => !isBelow(right, each))));
        for (const each of right) assert.equal(hasField(a, each), isIn(left, each));
      }),
      { seed },
    );
  });

  it("come back from their text, which is the same for the same set", () => {
    fc.assert(
      fc.property(paths, all => {
        const printed = printFields(setOf(all));
        assert.deepEqual(text(pathsOf(parseFields(printed))), text(all));
        assert.equal(JSON.stringify(printFields(setOf([...all].reverse()))), JSON.stringify(printed));
      }),
      { seed },
    );
  });

  it("are written in upstream's order, with upstream's escapes", () => {
    const elements = ["i:2", "v:true", 'v:"a"', "v:10", "v:9", 'k:{"a":1}', 'k:{"a":"1"}', "f:b", "f:B"];
    const expected = ["f:B", "f:b", 'k:{"a":1}', 'k:{"a":"1"}', "v:9", "v:10", 'v:"a"', "v:true", "i:2"];
    assert.deepEqual(elements.sort(comparePathElements), expected);
    assert.equal(
      keyElement([
        ["protocol", "TCP"],
        ["containerPort", 80],
      ]),
      'k:{"containerPort":80,"protocol":"TCP"}',
    );
    assert.equal(valueElement("<a&b>"), 'v:"\\u003ca\\u0026b\\u003e"');
    assert.equal(
      describePathElement('k:{"containerPort":80,"protocol":"TCP"}'),
      '[containerPort=80,protocol="TCP"]',
    );
  });

  it("are refused when malformed", () => {
    const deep = "x"
      .repeat(200)
      .split("")
      .reduce<object>(inner => ({ "f:x": inner }), {});
    for (const fields of [
      { x: {} },
      { "f:a": 1 },
      { "k:{": {} },
      { "k:1": {} },
      { "i:x": {} },
      "text",
      deep,
    ]) {
      assert.throws(() => parseFields(fields), SyntaxError);
    }
    assert.equal(parseFields({ "z:later": {} }).size, 0);
  });
});
