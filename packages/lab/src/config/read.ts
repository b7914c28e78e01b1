/**
 * YAML text -> a value that its shape has accepted, or every problem at once with its place.
 *
 * The walk goes over the YAML document, not over plain values, because only the document knows lines and
 * columns. `Reading.at` finds a field's place again for the checks that come later (`cluster.ts`).
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { ConfigError, type Problem } from "./problem.ts";
import {
  allowedBy,
  listWords,
  type MapShape,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "./shape.ts";
import { closest } from "./suggest.ts";

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Reading {
  readonly value: unknown;
  /** Where a field stands, such as `nodes[1].name`; the start of the document for one that does not. */
  at(field: string): Place;
}

interface Walk {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  readonly places: Map<string, Place>;
}

const START: Place = { line: 1, column: 1 };

/** Throws ConfigError with every problem. `file` only names the source in messages. */
export function readYaml(text: string, file: string, shape: Shape): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const walk: Walk = { document, lines, problems: [], places: new Map() };
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    walk.problems.push({ line, column: col, field: "", message: error.message.replace(/\n[\s\S]*$/, "") });
  }
  if (walk.problems.length > 0) throw new ConfigError(file, walk.problems);
  const value = read(walk, document.contents, shape, "", START);
  if (walk.problems.length > 0) throw new ConfigError(file, walk.problems);
  return { value, at: field => walk.places.get(field) ?? START };
}

function placeOf(walk: Walk, node: Node | null, fallback: Place): Place {
  if (!node?.range) return fallback;
  const { line, col } = walk.lines.linePos(node.range[0]);
  return { line, column: col };
}

function report(walk: Walk, place: Place, field: string, message: string): undefined {
  walk.problems.push({ ...place, field, message });
  return undefined;
}

function read(walk: Walk, written: Node | null, shape: Shape, field: string, fallback: Place): unknown {
  const node = isAlias(written) ? (written.resolve(walk.document) ?? null) : written;
  const place = placeOf(walk, written, fallback);
  walk.places.set(field, place);
  switch (shape.type) {
    case "object":
      return readObject(walk, node, shape, field, place);
    case "map":
      return readMap(walk, node, shape, field, place);
    case "list": {
      if (!isSeq(node)) return wrongType(walk, node, shape, field, place);
      const { length } = node.items;
      if (length < shape.minItems || length > shape.maxItems) {
        report(walk, place, field, `has ${length} items, ${allowedBy(shape)}`);
      }
      return node.items.map((item, index) =>
        read(walk, item as Node | null, shape.items, `${field}[${index}]`, place),
      );
    }
    default:
      return readScalar(walk, node, shape, field, place);
  }
}

function readScalar(walk: Walk, node: Node | null, shape: Shape, field: string, place: Place): unknown {
  const value = isScalar(node) ? node.value : undefined;
  if (shape.type === "integer") {
    if (typeof value !== "number" || !Number.isInteger(value))
      return wrongType(walk, node, shape, field, place);
    if (value >= shape.minimum && value <= shape.maximum) return value;
    return report(walk, place, field, `is ${value}, ${allowedBy(shape)}`);
  }
  if (typeof value !== "string") return wrongType(walk, node, shape, field, place);
  if (shape.type !== "string" || accepts(shape, value)) return value;
  const guess = shape.values && shape.values.length > 1 ? closest(value, shape.values) : undefined;
  const hint = guess ? ` (did you mean "${guess}"?)` : "";
  return report(walk, place, field, `is ${JSON.stringify(value)}, ${allowedBy(shape)}${hint}`);
}

export function accepts(shape: StringShape, value: string): boolean {
  if (shape.values && !shape.values.includes(value)) return false;
  if (shape.maxLength !== undefined && value.length > shape.maxLength) return false;
  if (shape.pattern !== undefined && !new RegExp(shape.pattern, "u").test(value)) return false;
  return shape.accepts?.(value) ?? true;
}

function wrongType(walk: Walk, node: Node | null, shape: Shape, field: string, place: Place): undefined {
  const value = isScalar(node) ? node.value : undefined;
  if (node === null || value === null) return report(walk, place, field, `is empty, ${allowedBy(shape)}`);
  const what = isMap(node)
    ? "a map"
    : isSeq(node)
      ? "a list"
      : `the ${typeof value} ${JSON.stringify(value)}`;
  const quote = shape.type === "string" && isScalar(node) ? `; quote it to make it a string: "${value}"` : "";
  return report(walk, place, field, `is ${what}, ${allowedBy(shape)}${quote}`);
}

function readObject(walk: Walk, node: Node | null, shape: ObjectShape, field: string, place: Place): unknown {
  if (!isMap(node)) return wrongType(walk, node, shape, field, place);
  const known = Object.keys(shape.fields);
  const value: Record<string, unknown> = {};
  for (const pair of node.items) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const keyPlace = placeOf(walk, pair.key as Node | null, place);
    const path = field === "" ? key : `${field}.${key}`;
    const described = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (!described) {
      const guess = closest(key, known);
      const hint = guess ? `did you mean "${guess}"?` : `known are ${listWords(known, "and")}`;
      report(walk, keyPlace, path, `unknown field, ${hint}`);
      continue;
    }
    value[key] = read(walk, pair.value as Node | null, described.shape, path, keyPlace);
  }
  for (const name of shape.required) {
    if (node.has(name)) continue;
    const allowed = allowedBy(shape.fields[name]!.shape);
    report(walk, place, field === "" ? name : `${field}.${name}`, `is missing, ${allowed}`);
  }
  if (shape.oneOf) readAlternatives(walk, value, shape.oneOf, field, place);
  return value;
}

function readAlternatives(
  walk: Walk,
  value: object,
  oneOf: readonly (readonly string[])[],
  field: string,
  place: Place,
): void {
  const used = oneOf.flat().filter(name => Object.hasOwn(value, name));
  const fits = oneOf.some(names => names.length === used.length && names.every(name => used.includes(name)));
  if (fits) return;
  const found = used.length === 0 ? "none of these" : listWords(used, "and");
  const allowed = oneOf.map(names => listWords(names, "and")).join(", or ");
  report(walk, place, field, `has ${found}, must have ${allowed}`);
}

function readMap(walk: Walk, node: Node | null, shape: MapShape, field: string, place: Place): unknown {
  if (!isMap(node)) return wrongType(walk, node, shape, field, place);
  const value: Record<string, unknown> = {};
  if (node.items.length > shape.maxEntries) {
    report(walk, place, field, `has ${node.items.length} entries, ${allowedBy(shape)}`);
  }
  for (const pair of node.items) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const keyPlace = placeOf(walk, pair.key as Node | null, place);
    const path = `${field}.${key}`;
    if (!accepts(shape.key, key)) report(walk, keyPlace, path, `unusable key, ${allowedBy(shape.key)}`);
    // defineProperty, because a key may be "__proto__".
    const item = read(walk, pair.value as Node | null, shape.value, path, keyPlace);
    Object.defineProperty(value, key, { value: item, enumerable: true, configurable: true, writable: true });
  }
  return value;
}
