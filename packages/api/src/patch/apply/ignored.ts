/** Fields that a way of writing cannot change, so that they are not owned by who sends them. */
import type { Kind } from "../../kinds/kind.ts";
import { type FieldSet, fieldSet, NO_FIELDS } from "./field-set.ts";

const STATUS = fieldSet([["status"]]);
const ofSubresource = new WeakMap<object, FieldSet>();

/** `subresource` "": the object itself, whose status is written on its own where there is a `status` subresource. */
export function ignoredFields({ subresources }: Kind, subresource: string): FieldSet {
  const find = (name: string) => subresources.find(each => each.name === name);
  if (subresource === "") return find("status") === undefined ? NO_FIELDS : STATUS;
  const found = find(subresource);
  if (found?.keeps === undefined) return NO_FIELDS;
  const known = ofSubresource.get(found);
  if (known !== undefined) return known;
  const fields = fieldSet(found.keeps);
  ofSubresource.set(found, fields);
  return fields;
}
