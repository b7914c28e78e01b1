/**
 * A set of the fields of an object, as a tree (structured-merge-diff, fieldpath/set.go). A field in the set says
 * nothing of the fields within it: `spec` may be a member without `spec.replicas`, and the other way round.
 *
 * Sets never change; they share what they have in common.
 */
import { comparePathElements, describePathElement, type PathElement } from "./path-element.ts";

export interface FieldNode {
  readonly isMember: boolean;
  readonly fields: FieldSet;
}

/** Holds no node that is neither a member nor has one within. */
export type FieldSet = ReadonlyMap<PathElement, FieldNode>;

export const NO_FIELDS: FieldSet = new Map();
export const MEMBER: FieldNode = { isMember: true, fields: NO_FIELDS };

export function node(isMember: boolean, fields: FieldSet): FieldNode {
  return isMember && fields.size === 0 ? MEMBER : { isMember, fields };
}

/** A set of fields given as paths of members: `[["metadata", "name"], ["spec"]]`. */
export function fieldSet(paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((set, path) => union(set, fieldAt(path.map(name => `f:${name}`))), NO_FIELDS);
}

export function fieldAt([first, ...rest]: readonly PathElement[]): FieldSet {
  if (first === undefined) return NO_FIELDS;
  return new Map([[first, rest.length === 0 ? MEMBER : node(false, fieldAt(rest))]]);
}

export function hasField(set: FieldSet, path: readonly PathElement[]): boolean {
  let fields = set;
  for (const element of path.slice(0, -1)) fields = fields.get(element)?.fields ?? NO_FIELDS;
  return fields.get(path.at(-1) ?? "")?.isMember ?? false;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return b;
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [element, right] of b) {
    const left = a.get(element);
    if (left === undefined || left === right) result.set(element, right);
    else result.set(element, node(left.isMember || right.isMember, union(left.fields, right.fields)));
  }
  return result;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, left] of a) {
    const right = b.get(element);
    if (right === undefined) continue;
    put(result, element, left.isMember && right.isMember, intersection(left.fields, right.fields));
  }
  return result;
}

/** Without the members of `b`; fields within those stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, left] of a) {
    const right = b.get(element);
    if (right === undefined) result.set(element, left);
    else put(result, element, left.isMember && !right.isMember, difference(left.fields, right.fields));
  }
  return result;
}

/** Without the members of `b` and all that is within those. */
export function withoutTrees(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, left] of a) {
    const right = b.get(element);
    if (right === undefined) result.set(element, left);
    else if (!right.isMember) put(result, element, left.isMember, withoutTrees(left.fields, right.fields));
  }
  return result;
}

function put(
  set: Map<PathElement, FieldNode>,
  element: PathElement,
  isMember: boolean,
  fields: FieldSet,
): void {
  if (isMember || fields.size > 0) set.set(element, node(isMember, fields));
}

/** Every member as messages print it, an object's members before those within: `.spec.replicas`. */
export function describeFields(set: FieldSet, prefix = ""): string[] {
  const elements = sortedElements(set);
  const members = elements.filter(element => set.get(element)!.isMember);
  return [
    ...members.map(element => prefix + describePathElement(element)),
    ...elements.flatMap(element =>
      describeFields(set.get(element)!.fields, prefix + describePathElement(element)),
    ),
  ];
}

export function sortedElements(set: FieldSet): PathElement[] {
  const elements = [...set.keys()];
  return elements.length < 2 ? elements : elements.sort(comparePathElements);
}
