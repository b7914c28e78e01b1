/**
 * The words in which a kind's fields are written down, once: from a schema come the TypeScript type, decoding
 * (types, unknown fields), defaults, required fields and enums, merge keys, and what clients are told of the API.
 *
 *   const portFields = {
 *     containerPort: required(int32),
 *     protocol: defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"),
 *   };
 *   export interface ContainerPort extends Infer<typeof portFields> {}
 *   export const containerPort = object<ContainerPort>("ContainerPort", portFields);
 *
 * The interface gives the type a name, so that types that hold it refer to it instead of repeating it.
 */

declare const phantom: unique symbol;

interface Typed<T> {
  readonly [phantom]?: T;
}

export type ScalarFormat =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "double"
  | "quantity"
  | "intOrString"
  | "time"
  | "microTime"
  | "bytes"
  | "any";

export interface ScalarSchema<T = unknown> extends Typed<T> {
  readonly node: "scalar";
  readonly format: ScalarFormat;
  /** The values allowed; checked by validation (422), not by decoding (400). */
  readonly values?: readonly string[];
}

export interface ListSchema<T = unknown> extends Typed<T> {
  readonly node: "list";
  readonly items: Schema;
  /** The fields that name an item, when two writers may own different items; none: the list is one value. */
  readonly key?: readonly string[];
  /** Items are a set of scalars. */
  readonly set?: true;
}

export interface MapSchema<T = unknown> extends Typed<T> {
  readonly node: "map";
  readonly values: Schema;
}

export interface ObjectSchema<T = unknown> extends Typed<T> {
  readonly node: "object";
  /** The Go name of the type, as upstream's messages print it. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
}

export type Schema<T = unknown> = ScalarSchema<T> | ListSchema<T> | MapSchema<T> | ObjectSchema<T>;

/**
 * `optional` may be absent; `required` must be there and not be empty; `assigned` is there in every stored
 * object, because the server fills it in.
 */
export type Presence = "optional" | "required" | "assigned";

export interface FieldSchema<T = unknown, P extends Presence = Presence> {
  readonly schema: Schema<T>;
  readonly presence: P;
  /** Stands in when the field is absent, or an empty string, and the object that holds it is not. */
  readonly fallback?: T;
  /** The fallback stands in for 0 as well. */
  readonly zeroIsAbsent?: true;
}

type FieldShape = Schema | FieldSchema;
export type FieldShapes = Readonly<Record<string, FieldShape>>;

type Value<F> = F extends FieldSchema<infer T, Presence> ? T : F extends Schema<infer T> ? T : never;
type Present<F extends FieldShapes> = {
  [K in keyof F]: F[K] extends FieldSchema<unknown, "required" | "assigned"> ? K : never;
}[keyof F];

/** The TypeScript type of an object with these fields. */
export type Infer<F extends FieldShapes> = { [K in Present<F>]: Value<F[K]> } & {
  [K in Exclude<keyof F, Present<F>>]?: Value<F[K]> | undefined;
};

const scalar = <T>(format: ScalarFormat): ScalarSchema<T> => ({ node: "scalar", format });

export const string = scalar<string>("string");
export const bool = scalar<boolean>("bool");
export const int32 = scalar<number>("int32");
export const int64 = scalar<number>("int64");
export const double = scalar<number>("double");
/** `100m`, `2Gi`; kept as the text that was written. */
export const quantity = scalar<string>("quantity");
export const intOrString = scalar<number | string>("intOrString");
/** RFC 3339, whole seconds, UTC. */
export const time = scalar<string>("time");
/** RFC 3339 with microseconds. */
export const microTime = scalar<string>("microTime");
/** Base64. */
export const bytes = scalar<string>("bytes");
/** JSON of any shape, kept as it is. */
export const any = scalar<unknown>("any");

export function enumOf<const V extends readonly string[]>(...values: V): ScalarSchema<V[number]> {
  return { node: "scalar", format: "string", values };
}

interface ListOptions {
  readonly key?: string | readonly string[];
  readonly set?: true;
}

export function list<T>(items: Schema<T>, options: ListOptions = {}): ListSchema<T[]> {
  const key = typeof options.key === "string" ? [options.key] : options.key;
  return { node: "list", items, ...(key && { key }), ...(options.set && { set: true }) };
}

export function map<T>(values: Schema<T>): MapSchema<Record<string, T>> {
  return { node: "map", values };
}

export function object<T>(name: string, fields: FieldShapes): ObjectSchema<T> {
  const entries = Object.entries(fields).map(([key, field]): [string, FieldSchema] => [
    key,
    "node" in field ? { schema: field, presence: "optional" } : field,
  ]);
  return { node: "object", name, fields: new Map(entries) };
}

export function required<T>(schema: Schema<T>): FieldSchema<T, "required"> {
  return { schema, presence: "required" };
}

export function assigned<T>(schema: Schema<T>): FieldSchema<T, "assigned"> {
  return { schema, presence: "assigned" };
}

export function defaulted<T>(schema: Schema<T>, fallback: NoInfer<T>): FieldSchema<T, "optional"> {
  return { schema, presence: "optional", fallback };
}

/** For numbers that upstream keeps without a pointer, so that it cannot tell 0 from absent. */
export function defaultedFromZero(schema: Schema<number>, fallback: number): FieldSchema<number, "optional"> {
  return { schema, presence: "optional", fallback, zeroIsAbsent: true };
}
