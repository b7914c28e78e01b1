/**
 * From the protobuf form of an object to the form that its JSON has, for `decode` to take from there:
 *
 *   "k8s\0"  Unknown { typeMeta { apiVersion, kind }, raw }      the envelope of every body
 *                                                   raw          the object: fields by the numbers of its schema
 *
 * Go writes fields without a pointer in any case, also those that nobody set; such a zero is left out, as its JSON
 * leaves it out. A message does not name its fields, so strict validation has nothing to report: unknown numbers
 * are skipped, as upstream does.
 *
 * Integers beyond 2^53 and strings that are not UTF-8 are refused. Depth is bounded: schemas hold no cycle.
 */
import { MalformedMessage, Reader, WIRE } from "@podwire/wire/protobuf";
import { formatMicroTime, formatTime } from "../values/time.ts";
import { DecodeError } from "./decode.ts";
import type { FieldSchema, ObjectSchema, ScalarFormat, Schema } from "./schema.ts";
import { isUnsaid } from "./unsaid.ts";

/** "k8s" and a zero byte (apimachinery/pkg/runtime/serializer/protobuf). */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];

export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

type Values = Record<string, unknown>;
/** A message's fields by number: a field of the object, or a message whose fields JSON has inline. */
type Slots = ReadonlyMap<number, FieldSlot | { readonly inline: Slots }>;
interface FieldSlot {
  readonly key: string;
  readonly field: FieldSchema;
}

/** Throws a DecodeError for bytes that are no such envelope. */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new DecodeError("empty data");
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) {
    const prefix = `[${MAGIC.join(" ")}]`;
    throw new DecodeError(
      `provided data does not appear to be a protobuf message, expected prefix ${prefix}`,
    );
  }
  if (bytes.length === MAGIC.length) throw new DecodeError("empty body");
  let typeMeta = { apiVersion: "", kind: "" };
  let raw = bytes.subarray(0, 0);
  translated(() =>
    eachField(bytes.subarray(MAGIC.length), (number, wireType, reader) => {
      if (number === 1) typeMeta = readTypeMeta(content(reader, wireType, "TypeMeta"));
      else if (number === 2) raw = content(reader, wireType, "Raw");
      else reader.skip(wireType);
    }),
  );
  return { ...typeMeta, raw };
}

function readTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  let [apiVersion, kind] = ["", ""];
  eachField(bytes, (number, wireType, reader) => {
    if (number === 1) apiVersion = text(content(reader, wireType, "APIVersion"), "APIVersion");
    else if (number === 2) kind = text(content(reader, wireType, "Kind"), "Kind");
    else reader.skip(wireType);
  });
  return { apiVersion, kind };
}

/** The object as JSON would have it; its values are still unchecked. Throws a DecodeError. */
export function decodeProtobuf(schema: ObjectSchema, bytes: Uint8Array): Values {
  const values: Values = {};
  translated(() => readMessage(slotsOf(schema), bytes, values));
  return values;
}

function translated(read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof MalformedMessage ? new DecodeError(error.message, { cause: error }) : error;
  }
}

const slotsBySchema = new WeakMap<ObjectSchema, Slots>();

function slotsOf(schema: ObjectSchema): Slots {
  let slots = slotsBySchema.get(schema);
  if (slots === undefined) {
    slots = makeSlots(schema);
    slotsBySchema.set(schema, slots);
  }
  return slots;
}

function makeSlots(schema: ObjectSchema): Slots {
  const slots = new Map<number, FieldSlot | { inline: Map<number, FieldSlot> }>();
  for (const [key, field] of schema.fields) {
    if (field.number === 0) continue;
    if (field.within === undefined) {
      slots.set(field.number, { key, field });
      continue;
    }
    const outer = slots.get(field.within);
    const inline = outer && "inline" in outer ? outer.inline : new Map<number, FieldSlot>();
    inline.set(field.number, { key, field });
    slots.set(field.within, { inline });
  }
  return slots;
}

/** A message that comes in several pieces is their merger, so `values` may hold some already. */
function readMessage(slots: Slots, bytes: Uint8Array, values: Values): void {
  eachField(bytes, (number, wireType, reader) => {
    const slot = slots.get(number);
    if (slot === undefined) reader.skip(wireType);
    else if ("inline" in slot) readMessage(slot.inline, content(reader, wireType, `${number}`), values);
    else readField(slot, wireType, reader, values);
  });
}

function readField({ key, field }: FieldSlot, wireType: number, reader: Reader, values: Values): void {
  const { schema } = field;
  if (schema.node === "map") {
    readEntry(key, schema.values, content(reader, wireType, key), values);
  } else if (schema.node === "list") {
    values[key] ??= [];
    readItems(key, schema.items, wireType, reader, values[key] as unknown[]);
  } else {
    const value = readValue(key, schema, wireType, reader, values[key]);
    if (value === undefined || isUnsaid(field, value)) delete values[key];
    else values[key] = value;
  }
}

function readItems(key: string, schema: Schema, wireType: number, reader: Reader, items: unknown[]): void {
  const isPacked = wireType === WIRE.lengthDelimited && schema.node === "scalar" && isVarint(schema.format);
  if (!isPacked) {
    items.push(readValue(key, schema, wireType, reader, undefined));
    return;
  }
  const packed = content(reader, wireType, key);
  const inner = new Reader(packed, 0, packed.length);
  while (inner.more) items.push(readValue(key, schema, WIRE.varint, inner, undefined));
}

/** A map is a repeated message of a key (1) and a value (2). */
function readEntry(key: string, schema: Schema, entry: Uint8Array, values: Values): void {
  let name = "";
  let value: unknown;
  eachField(entry, (number, wireType, reader) => {
    if (number === 1) name = text(content(reader, wireType, key), key);
    else if (number === 2) value = readValue(key, schema, wireType, reader, value);
    else reader.skip(wireType);
  });
  // Without a prototype, so that a name may be "__proto__".
  values[key] ??= Object.create(null);
  (values[key] as Values)[name] = value ?? null;
}

/** Undefined: an empty message that stands for no value, such as a time that is not set. */
function readValue(key: string, schema: Schema, wireType: number, reader: Reader, earlier: unknown): unknown {
  if (schema.node === "scalar") {
    if (isVarint(schema.format)) return readVarint(schema.format, key, wireType, reader);
    if (schema.format === "double") {
      if (wireType !== WIRE.fixed64) throw wrongWireType(wireType, key);
      return reader.double();
    }
    return SCALARS[schema.format](content(reader, wireType, key), key);
  }
  const bytes = content(reader, wireType, key);
  if (schema.node === "object") {
    const values = (earlier ?? {}) as Values;
    readMessage(slotsOf(schema), bytes, values);
    return values;
  }
  // Only as the value of a map: a list is wrapped in a message of its own (ExtraValue).
  const items: unknown[] = [];
  if (schema.node === "map") throw new DecodeError(`${key}: maps of maps have no protobuf form`);
  eachField(bytes, (number, inner, each) => {
    if (number === 1) readItems(key, schema.items, inner, each, items);
    else each.skip(inner);
  });
  return items;
}

type VarintFormat = "bool" | "int32" | "int64";

function isVarint(format: ScalarFormat): format is VarintFormat {
  return format === "bool" || format === "int32" || format === "int64";
}

function readVarint(format: VarintFormat, key: string, wireType: number, reader: Reader): number | boolean {
  if (wireType !== WIRE.varint) throw wrongWireType(wireType, key);
  const value = reader.varint();
  if (format === "bool") return value !== 0;
  return format === "int32" ? value | 0 : value;
}

type DelimitedFormat = Exclude<ScalarFormat, VarintFormat | "double">;

const SCALARS: Record<DelimitedFormat, (bytes: Uint8Array, key: string) => unknown> = {
  string: text,
  bytes: base64,
  quantity: (bytes, key) => text(fieldOf(bytes, 1), key) || "0",
  any: (bytes, key) => parseJson(fieldOf(bytes, 1), key),
  time: bytes => readTime(bytes, false),
  microTime: bytes => readTime(bytes, true),
  intOrString: readIntOrString,
};

/** The content of the only field of a message that wraps one. */
function fieldOf(bytes: Uint8Array, wanted: number): Uint8Array {
  let found = bytes.subarray(0, 0);
  eachField(bytes, (number, wireType, reader) => {
    if (number === wanted) found = content(reader, wireType, `${number}`);
    else reader.skip(wireType);
  });
  return found;
}

/** Unix seconds (1) and nanoseconds (2); meta/v1 Time has whole seconds, MicroTime six digits. */
function readTime(bytes: Uint8Array, withMicros: boolean): string | undefined {
  if (bytes.length === 0) return undefined;
  const numbers = [0, 0, 0];
  eachField(bytes, (number, wireType, reader) => {
    if ((number === 1 || number === 2) && wireType === WIRE.varint) numbers[number] = reader.varint();
    else reader.skip(wireType);
  });
  const [, seconds = 0, nanos = 0] = numbers;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) {
    throw new DecodeError("Time.MarshalJSON: year outside of range [0,9999]");
  }
  const ms = seconds * 1_000;
  if (!withMicros) return formatTime(ms);
  const micros = Math.trunc(nanos / 1_000) % 1_000_000;
  return formatMicroTime(ms).replace(/\d{6}Z$/, `${String(Math.abs(micros)).padStart(6, "0")}Z`);
}

/** What RFC 3339 can write: 0000-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** Which of the two (1: 0 is the number), the number (2), the string (3). */
function readIntOrString(bytes: Uint8Array, key: string): number | string {
  let isString = false;
  let number = 0;
  let string = "";
  eachField(bytes, (field, wireType, reader) => {
    if (field === 1) isString = readVarint("int64", key, wireType, reader) === 1;
    else if (field === 2) number = readVarint("int32", key, wireType, reader) as number;
    else if (field === 3) string = text(content(reader, wireType, key), key);
    else reader.skip(wireType);
  });
  return isString ? string : number;
}

function parseJson(bytes: Uint8Array, key: string): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(text(bytes, key));
  } catch (error) {
    throw error instanceof DecodeError ? error : new DecodeError(`${key}: ${(error as Error).message}`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array, key: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DecodeError(`proto: field ${key} contains invalid UTF-8`);
  }
}

const BASE64_STEP = 8_190;

function base64(bytes: Uint8Array): string {
  let encoded = "";
  // A multiple of three bytes at a time needs no padding in between.
  for (let at = 0; at < bytes.length; at += BASE64_STEP) {
    encoded += btoa(String.fromCharCode(...bytes.subarray(at, at + BASE64_STEP)));
  }
  return encoded;
}

function eachField(
  bytes: Uint8Array,
  visit: (number: number, wireType: number, reader: Reader) => void,
): void {
  const reader = new Reader(bytes, 0, bytes.length);
  while (reader.more) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number <= 0) throw new DecodeError(`proto: illegal tag ${number} (wire type ${tag})`);
    visit(number, wireType, reader);
  }
}

function content(reader: Reader, wireType: number, key: string): Uint8Array {
  if (wireType !== WIRE.lengthDelimited) throw wrongWireType(wireType, key);
  return reader.content();
}

function wrongWireType(wireType: number, key: string): DecodeError {
  return new DecodeError(`proto: wrong wireType = ${wireType} for field ${key}`);
}
