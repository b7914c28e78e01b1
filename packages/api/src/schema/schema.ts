/**
 * The words in which a kind's fields are written down, once: from a schema come the TypeScript type, decoding
 * (JSON and protobuf, unknown fields), defaults, required fields and enums, merge keys, OpenAPI and `explain`.
 *
 *   const portFields = {
 *     containerPort: field(3, required(int32), "Port on which the container listens."),
 *     protocol: field(4, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
 *   };
 *   export interface ContainerPort extends Infer<typeof portFields> {}
 *   export const containerPort = object<ContainerPort>("ContainerPort", portFields);
 *
 * A field says its number in the protobuf message (k8s.io/api, generated.proto) and, in a sentence, what it is for.
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
  /** Of a quantity: the least power of ten; what is smaller is rounded up. */
  readonly leastExponent?: number;
}

export interface ListSchema<T = unknown> extends Typed<T> {
  readonly node: "list";
  readonly items: Schema;
  /**
   * The fields that name an item, when two writers may own different items (x-kubernetes-list-map-keys); none: to
   * server-side apply the list is one value.
   */
  readonly key?: readonly string[];
  /** Items are a set of scalars (x-kubernetes-list-type: set). */
  readonly set?: true;
  /**
   * How a strategic merge patch treats the list: merged by this field, merged as a set of scalars (true), or
   * replaced (absent).
   */
  readonly mergeKey?: string | true;
}

export interface MapSchema<T = unknown> extends Typed<T> {
  readonly node: "map";
  readonly values: Schema;
  /** To server-side apply the map is one value (x-kubernetes-map-type: atomic). */
  readonly atomic?: true;
}

export interface ObjectSchema<T = unknown> extends Typed<T> {
  readonly node: "object";
  /** The Go name of the type, as upstream's messages print it. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** To server-side apply the object is one value (x-kubernetes-map-type: atomic). */
  readonly atomic?: true;
  /** What the type is, in a sentence. */
  readonly doc?: string;
}

export type Schema<T = unknown> = ScalarSchema<T> | ListSchema<T> | MapSchema<T> | ObjectSchema<T>;

/**
 * `optional` may be absent; `required` must be there and not be empty; `assigned` is there in every stored
 * object, because the server fills it in.
 */
export type Presence = "optional" | "required" | "assigned";

/** A schema and whether the field must be there. */
export interface Shape<T = unknown, P extends Presence = Presence> {
  readonly schema: Schema<T>;
  readonly presence: P;
  /** What is said beside "Required value" when it is not there. */
  readonly requiredDetail?: string;
  /** Stands in when the field is absent, or an empty string, and the object that holds it is not. */
  readonly fallback?: T;
  /**
   * Upstream cannot tell 0, false or "" from absent: the fallback stands in for it, and a protobuf message, which
   * holds it in any case, does not say it. Strings are so unless they say otherwise.
   */
  readonly zeroIsAbsent?: boolean;
  /** A strategic merge patch drops the members that it does not name (patchStrategy: retainKeys). */
  readonly retainKeys?: true;
}

export interface FieldSchema<T = unknown, P extends Presence = Presence> extends Shape<T, P> {
  /** In the protobuf message; 0: not in it (apiVersion and kind travel beside it). */
  readonly number: number;
  /** The number of the message that holds this field in protobuf, where JSON has it inline. */
  readonly within?: number;
  readonly doc: string;
}

export type Fields = Readonly<Record<string, FieldSchema>>;

type Value<F> = F extends FieldSchema<infer T, Presence> ? T : never;
type Present<F extends Fields> = {
  [K in keyof F]: F[K] extends FieldSchema<unknown, "required" | "assigned"> ? K : never;
}[keyof F];

/** The TypeScript type of an object with these fields. */
export type Infer<F extends Fields> = { [K in Present<F>]: Value<F[K]> } & {
  [K in Exclude<keyof F, Present<F>>]?: Value<F[K]> | undefined;
};

const scalar = <T>(format: ScalarFormat): ScalarSchema<T> => ({ node: "scalar", format });

export const string = scalar<string>("string");
export const bool = scalar<boolean>("bool");
export const int32 = scalar<number>("int32");
export const int64 = scalar<number>("int64");
export const double = scalar<number>("double");
/** `100m`, `2Gi`; decoded into its canonical form. */
export const quantity = scalar<string>("quantity");
/** How much of a resource, in thousandths at the finest. */
export const resourceAmount: ScalarSchema<string> = { ...quantity, leastExponent: -3 };
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
  /** Names an item to server-side apply; a strategic merge patch merges by the first unless `mergeKey` says other. */
  readonly key?: string | readonly string[];
  readonly set?: true;
  readonly mergeKey?: string | true | "none";
}

export function list<T>(items: Schema<T>, options: ListOptions = {}): ListSchema<T[]> {
  const key = typeof options.key === "string" ? [options.key] : options.key;
  const { set, mergeKey = key?.[0] } = options;
  return {
    node: "list",
    items,
    ...(key && { key }),
    ...(set && { set }),
    ...(mergeKey && mergeKey !== "none" && { mergeKey }),
  };
}

interface MapOptions {
  readonly atomic?: true;
}

export function map<T>(values: Schema<T>, options: MapOptions = {}): MapSchema<Record<string, T>> {
  return { node: "map", values, ...options };
}

interface ObjectOptions {
  readonly atomic?: true;
  readonly doc?: string;
}

export function object<T>(name: string, fields: Fields, options: ObjectOptions = {}): ObjectSchema<T> {
  return { node: "object", name, fields: new Map(Object.entries(fields)), ...options };
}

export function required<T>(schema: Schema<T>, detail?: string): Shape<T, "required"> {
  return { schema, presence: "required", ...(detail !== undefined && { requiredDetail: detail }) };
}

export function assigned<T>(schema: Schema<T>): Shape<T, "assigned"> {
  return { schema, presence: "assigned" };
}

/** A fallback that is an object gets its own fields' fallbacks. */
export function defaulted<T>(schema: Schema<T>, fallback: Partial<NoInfer<T>>): Shape<T, "optional"> {
  return { schema, presence: "optional", fallback: fallback as T };
}

/** Always there in a stored object: the fallback, when nobody says other, such as a count of 0. */
export function filled<T>(schema: Schema<T>, fallback: NoInfer<T>): Shape<T, "assigned"> {
  return { schema, presence: "assigned", fallback };
}

/** For numbers that upstream keeps without a pointer, so that it cannot tell 0 from absent. */
export function defaultedFromZero(schema: Schema<number>, fallback: number): Shape<number, "optional"> {
  return { schema, presence: "optional", fallback, zeroIsAbsent: true };
}

/** For numbers and flags that upstream keeps without a pointer, and that have no default. */
export function absentAtZero<T extends number | boolean>(schema: Schema<T>): Shape<T, "optional"> {
  return { schema, presence: "optional", zeroIsAbsent: true };
}

/** A string that upstream keeps with a pointer, because the empty one has a meaning of its own. */
export function emptySaysSo(schema: Schema<string>): Shape<string, "optional"> {
  return { schema, presence: "optional", zeroIsAbsent: false };
}

/** For unions: naming one member of it drops the others (patchStrategy: retainKeys). */
export function retainingKeys<T, P extends Presence>(shape: Shape<T, P>): Shape<T, P>;
export function retainingKeys<T>(schema: Schema<T>): Shape<T, "optional">;
export function retainingKeys(shape: Schema | Shape): Shape {
  return { ...shaped(shape), retainKeys: true };
}

/** A field: its number in protobuf, its schema, and what it is for. A schema alone is optional. */
export function field<T, P extends Presence>(
  number: number,
  shape: Shape<T, P>,
  doc: string,
): FieldSchema<T, P>;
export function field<T>(number: number, schema: Schema<T>, doc: string): FieldSchema<T, "optional">;
export function field(number: number, shape: Schema | Shape, doc: string): FieldSchema {
  return { ...shaped(shape), number, doc };
}

function shaped(shape: Schema | Shape): Shape {
  return "node" in shape ? { schema: shape, presence: "optional" } : shape;
}

/** Fields that JSON has inline and protobuf in a message of their own. */
export function embedded<F extends Fields>(number: number, fields: F): F {
  const inner = Object.entries(fields).map(([key, each]) => [key, { ...each, within: number }]);
  return Object.fromEntries(inner) as F;
}
