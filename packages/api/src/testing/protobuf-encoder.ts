/** Encodes objects in protobuf, slowly and obviously: the twin that the decoder's tests compare it with. */
import type { FieldSchema, ObjectSchema, ScalarFormat, Schema } from "../schema/schema.ts";

const utf8 = new TextEncoder();

export function envelope(apiVersion: string, kind: string, raw: readonly number[]): Uint8Array {
  const typeMeta = [...delimited(1, text(apiVersion)), ...delimited(2, text(kind))];
  return Uint8Array.from([0x6b, 0x38, 0x73, 0, ...delimited(1, typeMeta), ...delimited(2, raw)]);
}

export function encodeObject(schema: ObjectSchema, value: object): number[] {
  const inline = new Map<number, number[]>();
  const bytes: number[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const field = schema.fields.get(key)!;
    if (field.number === 0) continue;
    const encoded = encodeField(field, inner);
    if (field.within === undefined) bytes.push(...encoded);
    else inline.set(field.within, [...(inline.get(field.within) ?? []), ...encoded]);
  }
  return [...bytes, ...[...inline].flatMap(([number, inner]) => delimited(number, inner))];
}

function encodeField({ number, schema }: FieldSchema, value: unknown): number[] {
  if (schema.node === "list") {
    return (value as unknown[]).flatMap(item => encodeValue(number, schema.items, item));
  }
  if (schema.node !== "map") return encodeValue(number, schema, value);
  return Object.entries(value as object).flatMap(([key, inner]) =>
    delimited(number, [...delimited(1, text(key)), ...encodeValue(2, schema.values, inner)]),
  );
}

function encodeValue(number: number, schema: Schema, value: unknown): number[] {
  if (schema.node === "scalar") return encodeScalar(number, schema.format, value);
  if (schema.node === "object") return delimited(number, encodeObject(schema, value as object));
  if (schema.node === "map") throw new Error("a map within a map or list has no form in protobuf");
  return delimited(
    number,
    (value as unknown[]).flatMap(item => encodeValue(1, schema.items, item)),
  );
}

function encodeScalar(number: number, format: ScalarFormat, value: unknown): number[] {
  if (format === "bool" || format === "int32" || format === "int64") return integer(number, Number(value));
  if (format === "double")
    return [...tag(number, 1), ...new Uint8Array(Float64Array.of(value as number).buffer)];
  return delimited(number, content(format, value));
}

function content(format: ScalarFormat, value: unknown): number[] {
  switch (format) {
    case "quantity":
      return delimited(1, text(value as string));
    case "any":
      return delimited(1, text(JSON.stringify(value)));
    case "bytes":
      return [...Buffer.from(value as string, "base64")];
    case "time":
    case "microTime": {
      const [seconds = "", fraction = ""] = (value as string).replace("Z", "").split(".");
      const nanos = Number(fraction.padEnd(9, "0"));
      return [...integer(1, Date.parse(`${seconds}Z`) / 1_000), ...integer(2, nanos)];
    }
    case "intOrString":
      return typeof value === "number"
        ? [...integer(1, 0), ...integer(2, value)]
        : [...integer(1, 1), ...delimited(3, text(value as string))];
    default:
      return text(value as string);
  }
}

const text = (value: string): number[] => [...utf8.encode(value)];
const tag = (number: number, wireType: number): number[] => varint(BigInt(number * 8 + wireType));
const integer = (number: number, value: number): number[] => [...tag(number, 0), ...varint(BigInt(value))];

export function delimited(number: number, bytes: readonly number[]): number[] {
  return [...tag(number, 2), ...varint(BigInt(bytes.length)), ...bytes];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
