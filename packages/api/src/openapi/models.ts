/**
 * OpenAPI models from schemas, in the two dialects: 2.0 refers to `#/definitions/`, 3.0 to `#/components/schemas/`
 * and wraps a reference that has a description beside it. Extensions (x-kubernetes-*) are upstream's, so that
 * `kubectl apply`, `explain` and generators of clients read them.
 */
import type { FieldSchema, ListSchema, ObjectSchema, ScalarFormat, Schema } from "../schema/schema.ts";
import { META_PACKAGE } from "./names.ts";

export type Dialect = "v2" | "v3";
export type Model = Readonly<Record<string, unknown>>;
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const REFERENCE = { v2: "#/definitions/", v3: "#/components/schemas/" } as const;

const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const FIELDS_V1 = `${META_PACKAGE}.FieldsV1`;

const INLINE: Partial<Record<ScalarFormat, Model>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
};

/** Scalars that have a model of their own. */
const NAMED: Partial<Record<ScalarFormat, string>> = {
  quantity: QUANTITY,
  intOrString: INT_OR_STRING,
  time: `${META_PACKAGE}.Time`,
  microTime: `${META_PACKAGE}.MicroTime`,
  any: RAW_EXTENSION,
};

function scalarModels(dialect: Dialect): Record<string, Model> {
  const either = (other: string) =>
    dialect === "v2" ? { type: "string" } : { oneOf: [{ type: "string" }, { type: other }] };
  const time = { type: "string", format: "date-time" };
  return {
    [QUANTITY]: { description: "A number with a suffix, such as 100m, 1.5 or 2Gi.", ...either("number") },
    [INT_OR_STRING]: {
      description: "A number or a name, such as a port's.",
      format: "int-or-string",
      ...either("integer"),
    },
    [RAW_EXTENSION]: { description: "An object of any kind.", type: "object" },
    [FIELDS_V1]: { description: "A set of fields, as a tree of their names.", type: "object" },
    [`${META_PACKAGE}.Time`]: { description: "A time of RFC 3339, in whole seconds.", ...time },
    [`${META_PACKAGE}.MicroTime`]: { description: "A time of RFC 3339, with microseconds.", ...time },
    [`${META_PACKAGE}.Patch`]: {
      description: "The body of a patch, as its content type says.",
      type: "object",
    },
  };
}

export class Models {
  readonly #dialect: Dialect;
  readonly #names: ReadonlyMap<ObjectSchema, string>;
  readonly #kinds: ReadonlyMap<ObjectSchema, GroupVersionKind>;
  readonly #scalars: Record<string, Model>;
  readonly #drawn = new Map<string, Model>();

  /** `kinds` are the schemas that are kinds of their own. */
  constructor(
    dialect: Dialect,
    names: ReadonlyMap<ObjectSchema, string>,
    kinds: ReadonlyMap<ObjectSchema, GroupVersionKind>,
  ) {
    this.#dialect = dialect;
    this.#names = names;
    this.#kinds = kinds;
    this.#scalars = scalarModels(dialect);
  }

  /** All models that were referred to, by name, in the order of their names. */
  get all(): Record<string, Model> {
    return Object.fromEntries([...this.#drawn].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Refers to an object's model. */
  referToObject(schema: ObjectSchema): Model {
    const name = this.#names.get(schema);
    if (name === undefined) throw new Error(`no OpenAPI name for ${schema.name}`);
    if (!this.#drawn.has(name)) {
      // Kept before it is drawn, so that it may refer to itself.
      this.#drawn.set(name, {});
      this.#drawn.set(name, this.#object(schema));
    }
    return this.#reference(name);
  }

  referToPatch(): Model {
    return this.#referToScalar(`${META_PACKAGE}.Patch`);
  }

  #referToScalar(name: string): Model {
    this.#drawn.set(name, this.#scalars[name]!);
    return this.#reference(name);
  }

  #reference(name: string): Model {
    return { $ref: REFERENCE[this.#dialect] + name };
  }

  #object(schema: ObjectSchema): Model {
    const properties = Object.fromEntries(
      [...schema.fields].map(([key, field]) => [key, this.#property(key, field)]),
    );
    const required = [...schema.fields].filter(([key, field]) => isRequired(schema, key, field));
    const kind = this.#kinds.get(schema);
    return {
      ...(schema.doc && { description: schema.doc }),
      type: "object",
      ...(required.length > 0 && { required: required.map(([key]) => key) }),
      properties,
      ...(kind && { "x-kubernetes-group-version-kind": [kind] }),
      ...(schema.atomic && { "x-kubernetes-map-type": "atomic" }),
    };
  }

  #property(key: string, field: FieldSchema): Model {
    const { schema, doc } = field;
    const value = key === "fieldsV1" ? this.#referToScalar(FIELDS_V1) : this.#value(schema);
    const isWrapped = this.#dialect === "v3" && "$ref" in value;
    return {
      ...(doc && { description: doc }),
      ...(isWrapped ? { allOf: [value] } : value),
      ...defaultOf(field),
      ...(schema.node === "scalar" && schema.values && { enum: [...schema.values].sort() }),
      ...(schema.node === "list" && listExtensions(schema)),
      ...(schema.node === "map" && schema.atomic && { "x-kubernetes-map-type": "atomic" }),
      ...patchExtensions(field),
    };
  }

  #value(schema: Schema): Model {
    switch (schema.node) {
      case "object":
        return this.referToObject(schema);
      case "list":
        return { type: "array", items: this.#value(schema.items) };
      case "map":
        return { type: "object", additionalProperties: this.#value(schema.values) };
      case "scalar":
        return INLINE[schema.format] ?? this.#referToScalar(NAMED[schema.format]!);
    }
  }
}

/** As upstream: a kind's metadata and spec are not asked for by its model, but by validation. */
function isRequired(schema: ObjectSchema, key: string, { presence, fallback }: FieldSchema): boolean {
  const isOfKind = schema.fields.get("apiVersion")?.number === 0 && (key === "metadata" || key === "spec");
  const isFilled = presence === "assigned" && fallback !== undefined;
  return (presence === "required" && !isOfKind) || isFilled;
}

/** A default that is an empty string or object says nothing. */
function defaultOf({ schema, fallback }: FieldSchema): Model {
  return schema.node === "scalar" && fallback !== undefined && fallback !== "" ? { default: fallback } : {};
}

function listExtensions({ key, set }: ListSchema): Model {
  return {
    "x-kubernetes-list-type": key ? "map" : set ? "set" : "atomic",
    ...(key && { "x-kubernetes-list-map-keys": [...key] }),
  };
}

function patchExtensions({ schema, retainKeys }: FieldSchema): Model {
  const mergeKey = schema.node === "list" ? schema.mergeKey : undefined;
  const strategies = [...(mergeKey ? ["merge"] : []), ...(retainKeys ? ["retainKeys"] : [])];
  if (strategies.length === 0) return {};
  return {
    ...(typeof mergeKey === "string" && { "x-kubernetes-patch-merge-key": mergeKey }),
    "x-kubernetes-patch-strategy": strategies.join(","),
  };
}
