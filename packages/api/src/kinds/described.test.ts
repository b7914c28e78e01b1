/** Whoever asks `kubectl explain` gets an answer: every kind, and every field of one, says what it is. */
import assert from "node:assert/strict";
import type { ObjectSchema, Schema } from "../schema/schema.ts";
import { allKinds } from "./table.ts";

/** Every object that the schema holds, itself included, with its path. */
function* objectsIn(schema: Schema, path: string, seen: Set<Schema>): Iterable<[string, ObjectSchema]> {
  if (schema.node === "list") yield* objectsIn(schema.items, path, seen);
  else if (schema.node === "map") yield* objectsIn(schema.values, path, seen);
  else if (schema.node === "object" && !seen.has(schema)) {
    seen.add(schema);
    yield [path, schema];
    for (const [key, field] of schema.fields) yield* objectsIn(field.schema, `${path}.${key}`, seen);
  }
}

describe("descriptions", () => {
  it("are there of every kind, and of every field", () => {
    const seen = new Set<Schema>();
    const silent: string[] = [];
    let fields = 0;
    for (const { kind, schema } of allKinds) {
      if (!schema.doc) silent.push(kind);
      for (const [path, { fields: inner }] of objectsIn(schema, kind, seen)) {
        fields += inner.size;
        for (const [key, { doc }] of inner) if (!/^[A-Z].*\.$/.test(doc)) silent.push(`${path}.${key}`);
      }
    }
    assert.deepEqual(silent, []);
    assert(fields > 900);
  });
});
