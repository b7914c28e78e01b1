/**
 * OpenAPI 2.0 in protobuf: the `Document` of gnostic (openapiv2/OpenAPIv2.proto), which kubectl asks for. Tables say
 * for each message which key of the JSON is which field; what they do not name begins with "x-" and is kept as YAML,
 * of which JSON is one form.
 */
import { BackwardWriter } from "./backward-writer.ts";

type Json = Record<string, unknown>;
type Write = (writer: BackwardWriter, number: number, value: unknown) => void;
type Message = (writer: BackwardWriter, value: Json) => void;

export function encodeGnostic(document: object): Uint8Array {
  const writer = new BackwardWriter();
  documentMessage(writer, document as Json);
  return writer.written();
}

const text: Write = (writer, number, value) => writer.text(number, value as string);
const flag: Write = (writer, number, value) => writer.flag(number, value as boolean);

function backwards<T>(values: readonly T[], visit: (value: T) => void): void {
  for (let at = values.length - 1; at >= 0; at--) visit(values[at]!);
}

const each =
  (write: Write): Write =>
  (writer, number, values) =>
    backwards(values as unknown[], value => write(writer, number, value));

const one =
  (message: Message): Write =>
  (writer, number, value) =>
    writer.delimited(number, () => message(writer, value as Json));

/** A map is a repeated message of a name (1) and a value (2). */
const named =
  (message: Message): Write =>
  (writer, number, values) =>
    backwards(Object.entries(values as Json), ([name, value]) =>
      writer.delimited(number, () => {
        writer.delimited(2, () => message(writer, value as Json));
        writer.text(1, name);
      }),
    );

/** A message of nothing but a field 1. */
const boxed =
  (inner: Write): Write =>
  (writer, number, value) =>
    writer.delimited(number, () => inner(writer, 1, value));

/** `Any`: YAML text in field 2. */
const any: Write = (writer, number, value) =>
  writer.delimited(number, () => writer.text(2, JSON.stringify(value)));

/** `extensions` is the number of `vendor_extension`. */
function message(fields: Readonly<Record<string, readonly [number, Write]>>, extensions?: number): Message {
  return (writer, value) =>
    backwards(Object.entries(value), ([key, inner]) => {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field !== undefined) {
        field[1](writer, field[0], inner);
        return;
      }
      if (extensions === undefined || !key.startsWith("x-")) {
        throw new Error(`OpenAPI 2.0 has no place for ${key}`);
      }
      writer.delimited(extensions, () => {
        any(writer, 2, inner);
        writer.text(1, key);
      });
    });
}

/** Holds itself. */
const schema: Message = (writer, value) => schemaFields(writer, value);
const schemaFields = message(
  {
    $ref: [1, text],
    format: [2, text],
    description: [4, text],
    default: [5, any],
    required: [19, each(text)],
    enum: [20, each(any)],
    // Either a schema or true; ours is always a schema.
    additionalProperties: [21, boxed(one(schema))],
    type: [22, boxed(text)],
    items: [23, boxed(one(schema))],
    properties: [25, boxed(named(schema))],
  },
  31,
);

const bodyParameter = message({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, one(schema)],
});

const placed = { required: [1, flag], in: [2, text], description: [3, text], name: [4, text] } as const;
const queryParameter = message({ ...placed, type: [6, text], uniqueItems: [20, flag] });
const pathParameter = message({ ...placed, type: [5, text], uniqueItems: [18, flag] });

/** ParametersItem { Parameter { BodyParameter | NonBodyParameter { query | path } } } */
const parameter: Message = (writer, value) =>
  writer.delimited(1, () => {
    if (value.in === "body") one(bodyParameter)(writer, 1, value);
    else {
      writer.delimited(2, () =>
        value.in === "query" ? one(queryParameter)(writer, 3, value) : one(pathParameter)(writer, 4, value),
      );
    }
  });

/** ResponseValue { Response { description, SchemaItem { Schema } } } */
const responseFields = message({ description: [1, text], schema: [2, boxed(one(schema))] });
const response: Message = (writer, value) => one(responseFields)(writer, 1, value);

const operation = message(
  {
    tags: [1, each(text)],
    description: [3, text],
    operationId: [5, text],
    produces: [6, each(text)],
    consumes: [7, each(text)],
    parameters: [8, each(one(parameter))],
    responses: [9, boxed(named(response))],
    schemes: [10, each(text)],
  },
  13,
);

const pathItem = message({
  get: [2, one(operation)],
  put: [3, one(operation)],
  post: [4, one(operation)],
  delete: [5, one(operation)],
  options: [6, one(operation)],
  head: [7, one(operation)],
  patch: [8, one(operation)],
  parameters: [9, each(one(parameter))],
});

const paths: Message = (writer, value) => named(pathItem)(writer, 2, value);

const documentMessage = message({
  swagger: [1, text],
  info: [2, one(message({ title: [1, text], version: [2, text] }))],
  paths: [8, one(paths)],
  definitions: [9, boxed(named(schema))],
});
