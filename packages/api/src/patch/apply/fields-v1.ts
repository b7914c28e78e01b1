/**
 * A set of fields as the API shows it (`fieldsV1`; structured-merge-diff, fieldpath/serialize.go). A field that is
 * a member and has members within says so with ".":
 *
 *   {"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}}}
 */
import { type FieldNode, type FieldSet, MEMBER, NO_FIELDS, node, sortedElements } from "./field-set.ts";
import { type PathElement, parsePathElement } from "./path-element.ts";

export type FieldsV1 = { readonly [element: string]: FieldsV1 };

const NOTHING: FieldsV1 = {};

/** Canonical: the same set gives the same text. */
export function printFields(set: FieldSet): FieldsV1 {
  const entries = sortedElements(set).map(element => [element, printNode(set.get(element)!)] as const);
  return Object.fromEntries(entries);
}

function printNode({ isMember, fields }: FieldNode): FieldsV1 {
  if (fields.size === 0) return NOTHING;
  return isMember ? { ".": NOTHING, ...printFields(fields) } : printFields(fields);
}

/** Deeper sets are refused, so that none can exhaust the stack. No kind is half as deep. */
const MAX_DEPTH = 100;

/** Throws a SyntaxError on what is no set of fields. */
export function parseFields(fields: unknown): FieldSet {
  return fields === undefined || fields === null ? NO_FIELDS : parseNode(fields, 0).fields;
}

function parseNode(value: unknown, depth: number): FieldNode {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("a set of fields is made of objects");
  }
  if (depth > MAX_DEPTH) throw new SyntaxError("a set of fields is nested too deeply");
  let isMember = false;
  const fields = new Map<PathElement, FieldNode>();
  for (const [key, inner] of Object.entries(value)) {
    if (key === ".") {
      isMember = true;
      continue;
    }
    const element = parsePathElement(key);
    if (element !== undefined) fields.set(element, parseNode(inner, depth + 1));
  }
  // An empty object is a member, whatever it would have held.
  return fields.size === 0 ? MEMBER : node(isMember, fields);
}
