/**
 * What a manager applied before and no longer does goes, unless another owns it, or its new configuration has it
 * (structured-merge-diff, merge/update.go: prune).
 */
import type { ObjectSchema } from "../../schema/schema.ts";
import { difference, type FieldSet, intersection, NO_FIELDS, union } from "./field-set.ts";
import { fieldsOf } from "./fields-of.ts";
import type { JsonObject } from "./members.ts";
import type { Owners } from "./owners.ts";
import { withNamedFields, withoutFields } from "./remove.ts";

/** `owners` has what is applied now, `last` is what was applied before. */
export function prune(schema: ObjectSchema, merged: JsonObject, owners: Owners, last: FieldSet): JsonObject {
  if (last.size === 0) return merged;
  const named = (fields: FieldSet) => withNamedFields(schema, fields);
  const all = named(fieldsOf(schema, merged));
  const owned = [...owners.values()].reduce((set, { fields }) => union(set, fields), NO_FIELDS);
  const keptOf = (object: JsonObject) => named(fieldsOf(schema, object));

  const bare = withoutFields(schema, merged, named(last));
  const kept = union(keptOf(bare), named(owned));
  const ownedBack = withoutFields(schema, merged, difference(all, kept));
  // What nobody owns was not the manager's to remove either.
  return withoutFields(schema, merged, intersection(difference(all, keptOf(ownedBack)), named(last)));
}
