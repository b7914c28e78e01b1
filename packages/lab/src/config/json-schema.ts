/**
 * Shape -> JSON Schema (draft 2020-12), for editors: docs/lab.schema.json is this function's output, and a
 * test keeps it so. Print it with `node packages/lab/dist/config/print-schema.js`.
 */
import { CLUSTER } from "./cluster-shape.ts";
import type { Field, ObjectShape, Shape } from "./shape.ts";

export type JsonSchema = { [keyword: string]: unknown };

export function clusterJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://podwire.dev/schemas/lab.schema.json",
    title: "Podwire lab",
    description: "lab.yaml: the nodes, addresses and overlay of a lab made by `podwire up -f lab.yaml`.",
    ...jsonSchema(CLUSTER),
  };
}

export function jsonSchema(shape: Shape): JsonSchema {
  switch (shape.type) {
    case "string":
      return {
        type: "string",
        ...(shape.values ? { enum: shape.values } : {}),
        ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
        ...(shape.maxLength === undefined ? {} : { maxLength: shape.maxLength }),
      };
    case "integer":
      return { type: "integer", minimum: shape.minimum, maximum: shape.maximum };
    case "list":
      return {
        type: "array",
        items: jsonSchema(shape.items),
        minItems: shape.minItems,
        maxItems: shape.maxItems,
      };
    case "map":
      return {
        type: "object",
        propertyNames: jsonSchema(shape.key),
        additionalProperties: jsonSchema(shape.value),
        maxProperties: shape.maxEntries,
      };
    case "object":
      return objectSchema(shape);
  }
}

function objectSchema(shape: ObjectShape): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(shape.fields).map(([name, field]) => [name, fieldSchema(field)]),
  );
  const alternatives = shape.oneOf?.map(names => ({
    required: names,
    not: {
      anyOf: shape
        .oneOf!.flat()
        .filter(name => !names.includes(name))
        .map(name => ({ required: [name] })),
    },
  }));
  return {
    type: "object",
    properties,
    required: shape.required,
    additionalProperties: false,
    ...(alternatives ? { oneOf: alternatives } : {}),
  };
}

function fieldSchema(field: Field): JsonSchema {
  return {
    description: field.description,
    ...jsonSchema(field.shape),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
}
