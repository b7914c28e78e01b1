/** JSON patch (RFC 6902) with JSON pointers (RFC 6901): a list of operations, all of which must succeed. */
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

/** Returns the patched value; the arguments stay as they are. */
export function jsonPatch(target: unknown, operations: readonly JsonPatchOperation[]): unknown {
  if (!Array.isArray(operations)) throw new JsonPatchError("a JSON patch is a list of operations");
  if (operations.length > JSON_PATCH_MAX_OPERATIONS) {
    throw new JsonPatchError(
      `the allowed maximum operations in a JSON patch is ${JSON_PATCH_MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  // One root holds the document, so that it can be replaced whole like any other value.
  const root: Root = { document: structuredClone(target) };
  operations.forEach((operation, at) => {
    apply(root, operation, `operation ${at} (${operation?.op} ${JSON.stringify(operation?.path)})`);
  });
  return root.document;
}

interface Root {
  document: unknown;
}

function apply(root: Root, { op, path, from, value }: JsonPatchOperation, what: string): void {
  const place = locate(root, path, what);
  switch (op) {
    case "add":
      insert(place, required(value, what), what);
      return;
    case "replace":
      read(place, what);
      place.set(required(value, what));
      return;
    case "remove":
      remove(place, what);
      return;
    case "move": {
      if (path.startsWith(`${from}/`)) throw new JsonPatchError(`${what}: a value cannot move into itself`);
      const source = locate(root, from, what);
      const moved = read(source, what);
      remove(source, what);
      // The removal may have shifted the items of a list on the way.
      insert(locate(root, path, what), moved, what);
      return;
    }
    case "copy":
      insert(place, structuredClone(read(locate(root, from, what), what)), what);
      return;
    case "test":
      if (jsonEqual(read(place, what), value)) return;
      throw new JsonPatchError(`${what}: testing value ${JSON.stringify(value)} failed`);
    default:
      throw new JsonPatchError(`${what}: unknown operation`);
  }
}

function required(value: unknown, what: string): unknown {
  if (value === undefined) throw new JsonPatchError(`${what}: missing value`);
  return structuredClone(value);
}

/** A member of an object, an item of a list, or the document. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
  set(value: unknown): void;
}

function locate(root: Root, path: string | undefined, what: string): Place {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) {
    throw new JsonPatchError(`${what}: a path is empty or begins with "/"`);
  }
  const tokens = path === "" ? [] : path.slice(1).split("/").map(unescapeToken);
  let place = placeOf(root as unknown as Record<string, unknown>, "document");
  for (const token of tokens) {
    const holder = read(place, what);
    if (typeof holder !== "object" || holder === null) {
      throw new JsonPatchError(`${what}: "${place.key}" holds neither members nor items`);
    }
    place = placeOf(holder as Record<string, unknown> | unknown[], token);
  }
  return place;
}

function unescapeToken(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

function placeOf(holder: Record<string, unknown> | unknown[], key: string): Place {
  return {
    holder,
    key,
    // Defined, not assigned: a member may be called "__proto__".
    set: value =>
      Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true }),
  };
}

const INDEX = /^(0|[1-9]\d*)$/;

function read({ holder, key }: Place, what: string): unknown {
  const isThere = Array.isArray(holder)
    ? INDEX.test(key) && Number(key) < holder.length
    : Object.hasOwn(holder, key);
  if (!isThere) throw new JsonPatchError(`${what}: nothing is at "${key}"`);
  return (holder as Record<string, unknown>)[key];
}

function insert(place: Place, value: unknown, what: string): void {
  const { holder, key } = place;
  if (!Array.isArray(holder)) {
    place.set(value);
    return;
  }
  const at = key === "-" ? holder.length : INDEX.test(key) ? Number(key) : Number.NaN;
  if (!(at <= holder.length))
    throw new JsonPatchError(`${what}: "${key}" is no index of a list of ${holder.length}`);
  holder.splice(at, 0, value);
}

function remove(place: Place, what: string): void {
  const { holder, key } = place;
  read(place, what);
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}
