/**
 * JSON patch (RFC 6902) with JSON pointers (RFC 6901): a list of operations, all of which must succeed. Where the
 * library of upstream's server is milder than the RFC, so is this, because clients have come to rely on it: `replace`
 * makes a member that was not there, an index may count from the end, a value left out is null. The messages are
 * that library's (evanphx/json-patch v4). `rfc6902` of npm differs in all of that, and bounds nothing.
 */
import { jsonEqual } from "../values/equal.ts";

/** An operation cannot be applied; the message says which and why. */
export class JsonPatchError extends Error {
  override readonly name = "JsonPatchError";
}

export interface JsonPatchOperation {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** As upstream: more operations than this are refused. */
export const JSON_PATCH_MAX_OPERATIONS = 10_000;

/** As upstream: what all `copy` of a patch add, in bytes of JSON, so that copies of copies cannot explode. */
const COPIED_MAX_BYTES = 3 * 1024 * 1024;

/** Returns the patched value; the arguments stay as they are. */
export function jsonPatch(target: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const patched: Patched = { document: structuredClone(target), copiedBytes: 0 };
  for (const operation of operations) apply(patched, operation);
  return patched.document;
}

interface Patched {
  document: unknown;
  copiedBytes: number;
}

function apply(patched: Patched, operation: JsonPatchOperation): void {
  const { op } = operation;
  switch (op) {
    case "add":
      add(patched, pathOf(operation, op), structuredClone(operation.value ?? null));
      break;
    case "remove":
      removeAt(patched, pathOf(operation, op));
      break;
    case "replace":
      replace(patched, pathOf(operation, op), structuredClone(operation.value ?? null));
      break;
    case "move":
      move(patched, fromOf(operation, op), pathOf(operation, op));
      break;
    case "copy":
      copy(patched, fromOf(operation, op), pathOf(operation, op));
      break;
    case "test":
      test(patched, pathOf(operation, op), operation.value ?? null);
      break;
    default:
      throw new JsonPatchError(`Unexpected kind: ${typeof op === "string" ? op : "unknown"}`);
  }
}

function pathOf({ path }: JsonPatchOperation, op: string): string {
  if (typeof path === "string") return path;
  throw missing(`${op} operation failed to decode path`);
}

function fromOf({ from }: JsonPatchOperation, op: string): string {
  if (typeof from === "string") return from;
  throw missing(`${op} operation failed to decode from: operation, missing from field`);
}

const missing = (what: string) => new JsonPatchError(`${what}: missing value`);

function add({ document }: Patched, path: string, value: unknown): void {
  const place = find(document, path);
  if (place === undefined) throw missing(`add operation does not apply: doc is missing path: "${path}"`);
  within(`error in add for path: '${path}'`, () => insert(place, value));
}

function removeAt({ document }: Patched, path: string): void {
  const place = find(document, path);
  if (place === undefined) throw missing(`remove operation does not apply: doc is missing path: "${path}"`);
  within(`error in remove for path: '${path}'`, () => remove(place));
}

function replace(patched: Patched, path: string, value: unknown): void {
  if (path === "") {
    patched.document = value;
    return;
  }
  const place = find(patched.document, path);
  if (place === undefined) throw missing(`replace operation does not apply: doc is missing path: ${path}`);
  try {
    read(place);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw missing(`replace operation does not apply: doc is missing key: ${path}`);
  }
  write(place, value);
}

function move({ document }: Patched, from: string, path: string): void {
  const source = find(document, from);
  if (source === undefined) throw missing(`move operation does not apply: doc is missing from path: ${from}`);
  const value = within(`error in move for path: '${source.key}'`, () => {
    const moved = read(source);
    remove(source);
    return moved;
  });
  // Found after the removal, which may have shifted the items of a list on the way.
  const place = find(document, path);
  if (place === undefined) {
    throw missing(`move operation does not apply: doc is missing destination path: ${path}`);
  }
  within(`error in move for path: '${path}'`, () => insert(place, value));
}

function copy(patched: Patched, from: string, path: string): void {
  const source = find(patched.document, from);
  if (source === undefined) throw missing(`copy operation does not apply: doc is missing from path: ${from}`);
  const value = within(`error in copy for from: '${from}'`, () => read(source)) ?? null;
  const place = find(patched.document, path);
  if (place === undefined) {
    throw missing(`copy operation does not apply: doc is missing destination path: ${path}`);
  }
  patched.copiedBytes += JSON.stringify(value).length;
  if (patched.copiedBytes > COPIED_MAX_BYTES) {
    throw new JsonPatchError(
      `Unable to complete the copy, the accumulated size increase of copy is ${patched.copiedBytes}, exceeding the limit ${COPIED_MAX_BYTES}`,
    );
  }
  within("error while adding value during copy", () => insert(place, structuredClone(value)));
}

function test({ document }: Patched, path: string, value: unknown): void {
  const failed = () => new JsonPatchError(`testing value ${path} failed: test failed`);
  if (path === "") {
    if (jsonEqual(document, value)) return;
    throw failed();
  }
  const place = find(document, path);
  if (place === undefined) throw missing(`test operation does not apply: is missing path: ${path}`);
  const found = within(`error in test for path: '${path}'`, () => read(place));
  if (!jsonEqual(found ?? null, value)) throw failed();
}

/** A member of an object or an item of a list, there or not. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** Undefined when what should hold it is not there. */
function find(document: unknown, path: string): Place | undefined {
  const tokens = path.split("/").slice(1).map(unescapeToken);
  const key = tokens.pop();
  if (key === undefined) return undefined;
  let holder = holderOf(document);
  for (const token of tokens) {
    if (holder === undefined) return undefined;
    try {
      holder = holderOf(read({ holder, key: token }));
    } catch (error) {
      if (!(error instanceof JsonPatchError)) throw error;
      return undefined;
    }
  }
  return holder && { holder, key };
}

function unescapeToken(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

function holderOf(value: unknown): Place["holder"] | undefined {
  return typeof value === "object" && value !== null ? (value as Place["holder"]) : undefined;
}

/** Undefined for a member that is not there. */
function read({ holder, key }: Place): unknown {
  if (!Array.isArray(holder)) return Object.hasOwn(holder, key) ? holder[key] : undefined;
  return holder[indexOf(key, holder.length, holder.length)];
}

function write({ holder, key }: Place, value: unknown): void {
  if (Array.isArray(holder)) {
    holder[indexOf(key, holder.length, holder.length)] = value;
    return;
  }
  // Defined, not assigned: a member may be called "__proto__".
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function insert(place: Place, value: unknown): void {
  const { holder, key } = place;
  if (!Array.isArray(holder)) write(place, value);
  else if (key === "-") holder.push(value);
  else
    holder.splice(
      within(notIndex(key), () => indexOf(key, holder.length + 1, holder.length + 1)),
      0,
      value,
    );
}

const notIndex = (key: string) => (isIndex(key) ? "" : `value was not a proper array index: '${key}'`);

function remove({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(indexOf(key, holder.length, holder.length), 1);
  else if (Object.hasOwn(holder, key)) delete holder[key];
  else throw missing(`Unable to remove nonexistent key: ${key}`);
}

const isIndex = (key: string) => /^[+-]?\d+$/.test(key);

/** Below `bound`; a negative one counts from `end`. */
function indexOf(key: string, bound: number, end: number): number {
  if (!isIndex(key)) throw new JsonPatchError(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  const index = Number(key);
  if (index < bound && index >= -end) return index < 0 ? index + end : index;
  throw new JsonPatchError(`Unable to access invalid index: ${index}: invalid index referenced`);
}

/** Errors of `work` begin with where it failed. */
function within<Result>(where: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof JsonPatchError) || where === "") throw error;
    throw new JsonPatchError(`${where}: ${error.message}`);
  }
}
