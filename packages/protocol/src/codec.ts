/**
 * Messages from tables of fields: `encode` computes the size, then writes once; `decode` reads each field by
 * its number. The tables and the types are generated from the proto file (src/gen/node.ts).
 *
 * Why not @grpc/proto-loader: it costs every process 35 ms and 7 MB at start. The tests use protobufjs, on
 * which it stands, as the oracle instead.
 *
 * Shapes: what is absent has its zero value ("", 0, false, [], {}, a message of zero values), so nothing is
 * undefined; a `oneof` is a union: `{ case: "peer", value: Peer } | … | { case: undefined }`.
 */
import { MalformedMessage, Reader, WIRE } from "@podwire/wire/protobuf";
import { varintSize, Writer } from "./writer.ts";

export type OneOf<Cases> =
  | { [Name in keyof Cases]: { case: Name; value: Cases[Name] } }[keyof Cases]
  | { case: undefined; value?: undefined };

export type Scalar = "string" | "bytes" | "bool" | "integer";
type Content = Scalar | (() => MessageType<unknown>);

export interface Field {
  readonly number: number;
  readonly name: string;
  readonly content: Content;
  readonly repeats?: "list" | "map";
  /** The `oneof` that this field is a case of. */
  readonly oneof?: string;
}

type Fields = Record<string, unknown>;

/** A message, declared by its fields in ascending order of their numbers. */
export class MessageType<Message> {
  readonly name: string;
  readonly #fields: readonly Field[];
  readonly #byNumber: (Field | undefined)[] = [];

  constructor(name: string, fields: readonly Field[]) {
    this.name = name;
    this.#fields = fields;
    for (const field of fields) this.#byNumber[field.number] = field;
  }

  encode(message: Message): Buffer {
    const writer = new Writer(this.size(message));
    this.write(message, writer);
    return writer.bytes;
  }

  /** Throws MalformedMessage. `bytes` fields of the result are views of the given bytes. */
  decode(bytes: Uint8Array): Message {
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    try {
      return this.read(buffer, 0, buffer.length);
    } catch (error) {
      if (error instanceof MalformedMessage) error.message = `${this.name}: ${error.message}`;
      throw error;
    }
  }

  size(message: Message): number {
    let size = 0;
    this.#each(message, (field, value) => {
      const content = contentSize(field, value);
      size += varintSize(field.number * 8) + content;
      if (isDelimited(field)) size += varintSize(content);
    });
    return size;
  }

  write(message: Message, writer: Writer): void {
    this.#each(message, (field, value) => {
      writer.varint(field.number * 8 + (isDelimited(field) ? WIRE.lengthDelimited : WIRE.varint));
      writeContent(field, value, writer);
    });
  }

  /** Calls back once for every value that goes on the wire: what is not the zero value of its field. */
  #each(message: Message, visit: (field: Field, value: unknown) => void): void {
    const values = message as Fields;
    for (const field of this.#fields) {
      if (field.oneof !== undefined) {
        const chosen = values[field.oneof] as { case?: string; value?: unknown };
        if (chosen.case === field.name) visit(field, chosen.value);
        continue;
      }
      const value = values[field.name];
      if (field.repeats === "list") for (const item of value as unknown[]) visit(field, item);
      else if (field.repeats === "map")
        for (const entry of Object.entries(value as Fields)) visit(field, entry);
      else if (!isZero(field, value)) visit(field, value);
    }
  }

  read(bytes: Buffer, at: number, end: number): Message {
    const message = this.empty();
    const reader = new Reader(bytes, at, end);
    while (reader.more) {
      const tag = reader.varint();
      const field = this.#byNumber[Math.floor(tag / 8)];
      const wireType = tag % 8;
      const expected = field !== undefined && isDelimited(field) ? WIRE.lengthDelimited : WIRE.varint;
      if (field === undefined || wireType !== expected) reader.skip(wireType);
      else store(message, field, readContent(field, reader, bytes));
    }
    return message as Message;
  }

  empty(): Fields {
    const message: Fields = {};
    for (const field of this.#fields) {
      if (field.oneof !== undefined) message[field.oneof] = { case: undefined };
      else if (field.repeats === "list") message[field.name] = [];
      else if (field.repeats === "map") message[field.name] = {};
      else message[field.name] = zeroOf(field.content);
    }
    return message;
  }
}

function store(message: Fields, field: Field, value: unknown): void {
  if (field.oneof !== undefined) message[field.oneof] = { case: field.name, value };
  else if (field.repeats === "list") (message[field.name] as unknown[]).push(value);
  else if (field.repeats === "map") {
    const [key, item] = value as [string, string];
    // Not an assignment: the key "__proto__" is data like any other.
    Object.defineProperty(message[field.name], key, { value: item, ...PLAIN });
  } else message[field.name] = value;
}

const PLAIN = { enumerable: true, writable: true, configurable: true } as const;
const EMPTY = Buffer.alloc(0);

function zeroOf(content: Content): unknown {
  if (content === "string") return "";
  if (content === "bytes") return EMPTY;
  if (content === "bool") return false;
  return content === "integer" ? 0 : content().empty();
}

function isZero(field: Field, value: unknown): boolean {
  if (field.content === "bytes") return (value as Uint8Array).length === 0;
  return typeof field.content === "function" ? field.content().size(value) === 0 : !value;
}

function isDelimited(field: Field): boolean {
  return field.content !== "bool" && field.content !== "integer";
}

function contentSize(field: Field, value: unknown): number {
  if (field.repeats === "map") return MapEntry.size(mapEntry(value));
  if (field.content === "string") return Buffer.byteLength(value as string);
  if (field.content === "bytes") return (value as Uint8Array).length;
  if (field.content === "bool") return 1;
  if (field.content === "integer") return varintSize(value as number);
  return field.content().size(value);
}

function writeContent(field: Field, value: unknown, writer: Writer): void {
  if (field.repeats === "map") writeMessage(MapEntry, mapEntry(value), writer);
  else if (field.content === "string") writer.text(value as string, Buffer.byteLength(value as string));
  else if (field.content === "bytes") writer.blob(value as Uint8Array);
  else if (field.content === "bool") writer.varint(value ? 1 : 0);
  else if (field.content === "integer") writer.varint(value as number);
  else writeMessage(field.content(), value, writer);
}

function writeMessage<Message>(type: MessageType<Message>, message: Message, writer: Writer): void {
  writer.varint(type.size(message));
  type.write(message, writer);
}

function readContent(field: Field, reader: Reader, bytes: Buffer): unknown {
  if (field.content === "integer") return reader.varint();
  if (field.content === "bool") return reader.varint() !== 0;
  const { at, end } = reader.delimited();
  if (field.repeats === "map") {
    const { key, value } = MapEntry.read(bytes, at, end);
    return [key, value];
  }
  if (field.content === "string") return bytes.toString("utf8", at, end);
  if (field.content === "bytes") return bytes.subarray(at, end);
  return field.content().read(bytes, at, end);
}

/** `map<string, string>` is a repeated message of a key and a value. */
interface MapEntry {
  key: string;
  value: string;
}
const MapEntry = new MessageType<MapEntry>("MapEntry", [
  { number: 1, name: "key", content: "string" },
  { number: 2, name: "value", content: "string" },
]);

function mapEntry(entry: unknown): MapEntry {
  const [key, value] = entry as [string, string];
  return { key, value };
}
