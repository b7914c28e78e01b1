/**
 * A step into an object, as fieldsV1 writes it (structured-merge-diff, fieldpath/serialize-pe.go):
 *
 *   f:spec                          the member of an object
 *   k:{"name":"web"}                the item of a list with that key; its fields in the order of their names
 *   v:"example.com/finalizer"       the item of a set
 *   i:3                             the item at a place
 *
 * The text is canonical: two elements are the same when their texts are.
 */
export type PathElement = string;

/** In the order of the names. */
export type ItemKey = readonly (readonly [name: string, value: unknown])[];

export function memberElement(name: string): PathElement {
  return `f:${name}`;
}

export function keyElement(key: ItemKey): PathElement {
  const sorted = key.length < 2 ? key : [...key].sort(([a], [b]) => compareText(a, b));
  return `k:{${sorted.map(([name, value]) => `${scalarText(name)}:${scalarText(value)}`).join(",")}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${scalarText(value)}`;
}

/** JSON as Go's encoder writes it: what HTML would take for its own is escaped. */
function scalarText(value: unknown): string {
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeCharacter) : text;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * The element that a text of a client means, in canonical form; undefined: of a type that is not known, which
 * upstream leaves out. Throws a SyntaxError.
 */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new SyntaxError("key must be 2 characters long:");
  if (text[1] !== ":") throw new SyntaxError(`missing colon: ${text}`);
  switch (text[0]) {
    case "f":
      return text;
    case "k": {
      const key: unknown = JSON.parse(text.slice(2));
      if (typeof key !== "object" || key === null || Array.isArray(key)) {
        throw new SyntaxError(`expected an object: ${text}`);
      }
      return keyElement(Object.entries(key));
    }
    case "v":
      return valueElement(JSON.parse(text.slice(2)));
    case "i":
      if (!/^-?\d+$/.test(text.slice(2))) throw new SyntaxError(`invalid index: ${text}`);
      return `i:${Number(text.slice(2))}`;
    default:
      return undefined;
  }
}

const TYPE_ORDER = "fkvi";

/** Members, then keys, then values, then places; each by what they say. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const type = a[0]!;
  if (type !== b[0]) return TYPE_ORDER.indexOf(type) - TYPE_ORDER.indexOf(b[0]!);
  if (type === "f") return compareText(a, b);
  const left: unknown = JSON.parse(a.slice(2));
  const right: unknown = JSON.parse(b.slice(2));
  return type === "k" ? compareKeys(left as object, right as object) : compareValues(left, right);
}

function compareKeys(a: object, b: object): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [leftName, leftValue] = left[at]!;
    const [rightName, rightValue] = right[at]!;
    const order = compareText(leftName, rightName) || compareValues(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const SCALAR_ORDER = ["number", "string", "boolean"];

function compareValues(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return SCALAR_ORDER.indexOf(typeof a) - SCALAR_ORDER.indexOf(typeof b);
  if (typeof a === "string") return compareText(a, b as string);
  return Number(a) - Number(b);
}

/** By UTF-8 bytes, as Go compares, which is by code point. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    const isSurrogate = (unit: number) => unit >= 0xd800 && unit < 0xe000;
    // A surrogate is half of a code point above all others.
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

/** `.spec`, `[name="web"]`, `[="a"]`: how messages print it. */
export function describePathElement(element: PathElement): string {
  const rest = element.slice(2);
  if (element[0] === "f") return `.${rest}`;
  if (element[0] === "i") return `[${rest}]`;
  if (element[0] === "v") return `[=${describeScalar(JSON.parse(rest))}]`;
  const fields = Object.entries(JSON.parse(rest) as object);
  return `[${fields.map(([name, value]) => `${name}=${describeScalar(value)}`).join(",")}]`;
}

function describeScalar(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
