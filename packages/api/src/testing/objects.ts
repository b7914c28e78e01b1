/** Any object of a schema, as it would be in JSON: no field says what its absence says. */
import fc from "fast-check";
import type { FieldSchema, ObjectSchema, ScalarFormat, Schema } from "../schema/schema.ts";

const MAX_ITEMS = 2;

export function objectsOf(schema: ObjectSchema): fc.Arbitrary<object> {
  const fields = [...schema.fields].filter(([, { number }]) => number > 0);
  const record = fc.record(
    Object.fromEntries(
      fields.map(([key, field]) => [key, fc.option(valuesOf(field), { nil: undefined, freq: 2 })]),
    ),
  );
  // As it would arrive: what is absent has no key.
  return record.map(value => JSON.parse(JSON.stringify(value)) as object);
}

function valuesOf(field: FieldSchema): fc.Arbitrary<unknown> {
  const { schema, zeroIsAbsent, fallback } = field;
  const values = anyOf(schema);
  if (schema.node !== "scalar") return values;
  if (zeroIsAbsent) return values.filter(value => value !== 0 && value !== false && value !== "");
  return values.filter(value => value !== "" || zeroIsAbsent === false || fallback === "");
}

function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.node === "scalar") return SCALARS[schema.format];
  if (schema.node === "object") return objectsOf(schema);
  if (schema.node === "list") return fc.array(anyOf(schema.items), { minLength: 1, maxLength: MAX_ITEMS });
  const names = fc.oneof(fc.string(), fc.constant("__proto__"));
  return fc
    .array(fc.tuple(names, anyOf(schema.values)), { minLength: 1, maxLength: MAX_ITEMS })
    .map(entries => Object.fromEntries(entries));
}

const strings = fc.string({ unit: "binary", maxLength: 12 });
const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
const wholeSeconds = seconds.map(each => new Date(each * 1_000).toISOString().replace(/\.\d+Z/, "Z"));

const SCALARS: Record<ScalarFormat, fc.Arbitrary<unknown>> = {
  string: strings,
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true }),
  quantity: fc.constantFrom("0", "100m", "2Gi", "-1", "1e3"),
  intOrString: fc.oneof(fc.integer(), strings),
  time: wholeSeconds,
  microTime: fc
    .tuple(wholeSeconds, fc.integer({ min: 0, max: 999_999 }))
    .map(([time, micros]) => time.replace("Z", `.${String(micros).padStart(6, "0")}Z`)),
  bytes: fc.uint8Array({ maxLength: 9 }).map(each => Buffer.from(each).toString("base64")),
  any: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.boolean()), { maxKeys: 3 }),
};
