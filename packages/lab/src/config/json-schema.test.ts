/**
 * The published JSON Schema and the parser say the same: checked with a small JSON Schema evaluator, written
 * from the specification and not from the shapes, over a table and over generated documents.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { CLUSTER } from "./cluster-shape.ts";
import { clusterJsonSchema, type JsonSchema } from "./json-schema.ts";
import { ConfigError } from "./problem.ts";
import { readYaml } from "./read.ts";
import type { Shape, StringShape } from "./shape.ts";

const SEED = testSeed();
const PUBLISHED = new URL("../../../../docs/lab.schema.json", import.meta.url);

type Check = (value: never, keyword: never, schema: JsonSchema) => boolean;

/** Keyword -> whether `value` satisfies it; only the keywords that the schema uses (a new one fails the test). */
const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (value: unknown, type: string) =>
    typeOf(value) === type || (type === "integer" && Number.isInteger(value)),
  enum: (value: unknown, values: unknown[]) => values.includes(value),
  pattern: (value: unknown, pattern: string) =>
    typeof value !== "string" || new RegExp(pattern, "u").test(value),
  maxLength: (value: unknown, length: number) => typeof value !== "string" || value.length <= length,
  minimum: (value: unknown, minimum: number) => typeof value !== "number" || value >= minimum,
  maximum: (value: unknown, maximum: number) => typeof value !== "number" || value <= maximum,
  minItems: (value: unknown, length: number) => !Array.isArray(value) || value.length >= length,
  maxItems: (value: unknown, length: number) => !Array.isArray(value) || value.length <= length,
  items: (value: unknown, schema: JsonSchema) =>
    !Array.isArray(value) || value.every(item => valid(schema, item)),
  required: (value: unknown, names: string[]) =>
    !isMap(value) || names.every(name => Object.hasOwn(value, name)),
  maxProperties: (value: unknown, count: number) => !isMap(value) || Object.keys(value).length <= count,
  propertyNames: (value: unknown, schema: JsonSchema) =>
    !isMap(value) || Object.keys(value).every(key => valid(schema, key)),
  properties: (value: unknown, schemas: Record<string, JsonSchema>) =>
    !isMap(value) ||
    Object.entries(schemas).every(
      ([name, schema]) => !Object.hasOwn(value, name) || valid(schema, value[name]),
    ),
  additionalProperties: (value: unknown, allowed: boolean | JsonSchema, schema: JsonSchema) =>
    !isMap(value) ||
    Object.entries(value)
      .filter(([name]) => !Object.hasOwn((schema.properties ?? {}) as object, name))
      .every(([, item]) => (typeof allowed === "boolean" ? allowed : valid(allowed, item))),
  oneOf: (value: unknown, schemas: JsonSchema[]) =>
    schemas.filter(schema => valid(schema, value)).length === 1,
  anyOf: (value: unknown, schemas: JsonSchema[]) => schemas.some(schema => valid(schema, value)),
  not: (value: unknown, schema: JsonSchema) => !valid(schema, value),
};
const ANNOTATIONS = new Set(["$schema", "$id", "title", "description", "default"]);

function valid(schema: JsonSchema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, argument]) => {
    if (ANNOTATIONS.has(keyword)) return true;
    const check = KEYWORDS[keyword];
    assert(check, `the test does not know the keyword ${keyword}`);
    return check(value as never, argument as never, schema);
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === "object";
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return value === null ? "null" : typeof value;
}

function parserAccepts(value: unknown): boolean {
  try {
    readYaml(JSON.stringify(value), "lab.yaml", CLUSTER);
    return true;
  } catch (error) {
    assert(error instanceof ConfigError);
    return false;
  }
}

const STRINGS = [
  "IPv4",
  "NoSchedule",
  "podwire.dev/v1alpha1",
  "Cluster",
  "a",
  "node-",
  "A",
  "10.0.0.0/8",
  "fd00::/48",
  "192.0.2.1:53",
  "30000-32767",
  "",
];
const NUMBERS = [0, 1, 24, 64, 1500, 4789, 65535, 65536, 1 << 24, -1, 1.5];

/** Documents of the shape, with a wrong value here and there. */
function documents(shape: Shape): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(...STRINGS, ...NUMBERS, null, true, [], {});
  const right = rightDocuments(shape);
  return fc.oneof({ arbitrary: right, weight: 24 }, { arbitrary: wrong, weight: 1 });
}

function rightDocuments(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "string":
      return strings(shape);
    case "integer":
      return fc.integer({ min: shape.minimum, max: shape.maximum });
    case "list":
      return fc.array(documents(shape.items), {
        minLength: shape.minItems,
        maxLength: Math.min(3, shape.maxItems),
      });
    case "map":
      return fc.dictionary(fc.oneof(strings(shape.key), fc.string()), documents(shape.value), { maxKeys: 3 });
    case "object": {
      const { oneOf } = shape;
      const fields = Object.entries(shape.fields).map(
        ([name, field]) => [name, documents(field.shape)] as const,
      );
      const requiredKeys = fc.constantFrom(...(oneOf ?? [[]]));
      return requiredKeys.chain(names =>
        fc.record(Object.fromEntries(fields), { requiredKeys: [...shape.required, ...names] }),
      );
    }
  }
}

function strings(shape: StringShape): fc.Arbitrary<string> {
  const fitting = shape.values ?? STRINGS.filter(text => new RegExp(shape.pattern ?? "").test(text));
  return fc.constantFrom(...(fitting.length > 0 ? fitting : STRINGS));
}

describe("JSON Schema of lab.yaml", () => {
  const schema = clusterJsonSchema();

  it("docs/lab.schema.json is the one of this build", () => {
    const published = JSON.parse(readFileSync(PUBLISHED, "utf8")) as unknown;
    assert.deepEqual(
      published,
      JSON.parse(JSON.stringify(schema)),
      "write it again: node packages/lab/dist/config/print-schema.js > docs/lab.schema.json",
    );
  });

  it(`accepts what the parser accepts and nothing else, save for CIDR arithmetic (seed ${SEED})`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(documents(CLUSTER), document => {
        const parser = parserAccepts(document);
        if (parser) accepted++;
        assert.equal(valid(schema, document), parser, JSON.stringify(document));
      }),
      { seed: SEED, numRuns: 3000 },
    );
    assert(accepted > 100, `only ${accepted} of the documents were good`);
  });

  it("is looser than the parser only where a pattern cannot say what a CIDR is", () => {
    const document = {
      apiVersion: "podwire.dev/v1alpha1",
      kind: "Cluster",
      networking: { podCIDRs: ["10.0.0.1/8"] },
    };
    assert.equal(valid(schema, document), true);
    assert.equal(parserAccepts(document), false);
  });
});
