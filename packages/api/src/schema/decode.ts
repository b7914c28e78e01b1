/**
 * From parsed JSON to an object of a schema: every value has the type its field asks for, and unknown fields are
 * left out and reported. What comes out shares nothing with what went in, save values of type `any`.
 *
 * Messages are those of upstream's decoder: users know them, and tools match on them.
 */
import { canonicalQuantity, isQuantity } from "../values/quantity.ts";
import { parseTime } from "../values/time.ts";
import type { ListSchema, MapSchema, ObjectSchema, ScalarFormat, ScalarSchema, Schema } from "./schema.ts";
import { isOmitted } from "./unsaid.ts";

/** The value of a field has the wrong type. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

export interface Decoded<T> {
  readonly object: T;
  /** Paths of fields that the schema does not know: `spec.containers[0].imgae`. */
  readonly unknownFields: readonly string[];
}

export function decode<T>(schema: ObjectSchema<T>, value: unknown): Decoded<T> {
  const place: Place = { struct: schema.name, dotted: "", path: "", unknownFields: [] };
  const object = decodeObject(schema, value, place) as T;
  return { object, unknownFields: place.unknownFields };
}

/** Where a value stands: `path` with indexes for warnings, `dotted` without for type errors. */
interface Place {
  readonly struct: string;
  readonly dotted: string;
  readonly path: string;
  readonly unknownFields: string[];
}

/** Values of type `any` deeper than this are refused, so that encoding them cannot exhaust the stack. */
const ANY_MAX_DEPTH = 100;

function decodeValue(schema: Schema, value: unknown, place: Place): unknown {
  switch (schema.node) {
    case "object":
      return decodeObject(schema, value, place);
    case "list":
      return decodeList(schema, value, place);
    case "map":
      return decodeMap(schema, value, place);
    case "scalar":
      return decodeScalar(schema, value, place);
  }
}

function decodeObject(schema: ObjectSchema, value: unknown, place: Place): object {
  if (value === null) return {};
  if (!isRecord(value)) throw mismatch(value, `v1.${schema.name}`, place);
  for (const key of Object.keys(value)) {
    if (!schema.fields.has(key)) place.unknownFields.push(joined(place.path, key));
  }
  const result: Record<string, unknown> = {};
  for (const [key, field] of schema.fields) {
    if (!Object.hasOwn(value, key)) continue;
    const inner = value[key];
    if (inner === null || inner === undefined) continue;
    const decoded = decodeValue(field.schema, inner, {
      struct: schema.name,
      dotted: joined(place.dotted, key),
      path: joined(place.path, key),
      unknownFields: place.unknownFields,
    });
    if (!isOmitted(field, decoded)) result[key] = decoded;
  }
  return result;
}

function decodeList(schema: ListSchema, value: unknown, place: Place): unknown[] {
  if (!Array.isArray(value)) throw mismatch(value, goType(schema), place);
  return value.map((item, at) =>
    decodeValue(schema.items, item ?? zero(schema.items), { ...place, path: `${place.path}[${at}]` }),
  );
}

function decodeMap(schema: MapSchema, value: unknown, place: Place): object {
  if (!isRecord(value)) throw mismatch(value, goType(schema), place);
  // fromEntries defines properties and never calls a setter, so that a key may be "__proto__".
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      decodeValue(schema.values, inner ?? zero(schema.values), { ...place, path: joined(place.path, key) }),
    ]),
  );
}

const INT_LIMITS = { int32: 2 ** 31, int64: 2 ** 63 } as const;
const QUANTITY_REGEX = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeScalar(schema: ScalarSchema, value: unknown, place: Place): unknown {
  const { format } = schema;
  switch (format) {
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "int32":
    case "int64": {
      const limit = INT_LIMITS[format];
      if (Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit) return value;
      break;
    }
    case "double":
      if (typeof value === "number") return value;
      break;
    case "intOrString":
      if (typeof value === "string" || Number.isInteger(value)) return value;
      break;
    case "quantity":
      return decodeQuantity(value, schema.leastExponent);
    case "time":
    case "microTime":
      return decodeTime(value, place);
    case "bytes":
      if (typeof value === "string") return decodeBytes(value);
      break;
    case "any":
      if (depthOf(value) > ANY_MAX_DEPTH) throw new DecodeError("json: exceeded max depth");
      return value;
    case "string":
      if (typeof value === "string") return value;
  }
  throw mismatch(value, GO_SCALARS[format], place);
}

function decodeQuantity(value: unknown, leastExponent?: number): string {
  if (value === "") return "0";
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && isQuantity(text)) return canonicalQuantity(text, leastExponent);
  throw new DecodeError(`quantities must match the regular expression '${QUANTITY_REGEX}'`);
}

function decodeTime(value: unknown, place: Place): string {
  if (typeof value !== "string") throw mismatch(value, "string", place);
  if (parseTime(value) !== undefined) return value;
  throw new DecodeError(
    `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse it as RFC 3339`,
  );
}

function decodeBytes(value: string): string {
  if (BASE64.test(value)) return value;
  const at = value.search(/[^A-Za-z0-9+/]/);
  throw new DecodeError(`illegal base64 data at input byte ${at < 0 ? value.length : at}`);
}

function zero(schema: Schema): unknown {
  if (schema.node === "scalar") return schema.format === "bool" ? false : isNumeric(schema.format) ? 0 : "";
  return schema.node === "list" ? [] : {};
}

const isNumeric = (format: ScalarFormat) => format === "int32" || format === "int64" || format === "double";

const GO_SCALARS: Record<ScalarFormat, string> = {
  string: "string",
  bool: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  quantity: "resource.Quantity",
  intOrString: "intstr.IntOrString",
  time: "v1.Time",
  microTime: "v1.MicroTime",
  bytes: "[]uint8",
  any: "interface {}",
};

function goType(schema: Schema): string {
  if (schema.node === "scalar") return GO_SCALARS[schema.format];
  if (schema.node === "list") return `[]${goType(schema.items)}`;
  if (schema.node === "map") return `map[string]${goType(schema.values)}`;
  return `v1.${schema.name}`;
}

function mismatch(value: unknown, type: string, place: Place): DecodeError {
  const where = place.dotted === "" ? "value" : `struct field ${place.struct}.${place.dotted}`;
  return new DecodeError(`json: cannot unmarshal ${jsonType(value)} into Go ${where} of type ${type}`);
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "number" : `number ${value}`;
  return typeof value === "boolean" ? "bool" : typeof value;
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Level by level, so that depth costs no stack. */
function depthOf(value: unknown): number {
  let level = [value];
  let depth = 0;
  while (level.length > 0 && depth <= ANY_MAX_DEPTH) {
    level = level.flatMap(each => (typeof each === "object" && each !== null ? Object.values(each) : []));
    depth++;
  }
  return depth;
}
