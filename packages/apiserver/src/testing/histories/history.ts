/**
 * Random histories of writes to one object: creates, updates and patches of every type by several managers, valid
 * and invalid, to be sent to two servers that must answer alike.
 */
import type { Random } from "@podwire/wire/testing";

export interface Write {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  /** After the collection's path: "" for POST, `/web`, `/web/status`. */
  readonly suffix: string;
  readonly query: string;
  readonly type: string;
  readonly agent: string;
  /** Text as it is sent; for PUT a merge patch that the sender applies to the object that it last saw. */
  readonly body: string;
}

export interface History {
  readonly collection: string;
  readonly writes: readonly Write[];
}

const MANAGERS = ["alpha", "beta", "kubectl", "gamma"];

export interface Subject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly collection: string;
  /** Whether there is a `status` subresource, and parts of a status to write. */
  readonly statusParts: readonly ((random: Random) => object)[];
  /** Parts from which configurations and patches are put together by merging. */
  readonly parts: readonly ((random: Random) => object)[];
  /** What a valid object cannot be without. */
  readonly base: object;
  /** Strategic merge patches beyond the parts. */
  readonly directives: readonly ((random: Random) => object)[];
  readonly jsonPatches: readonly ((random: Random) => object)[];
}

export function randomHistory(subject: Subject, name: string, length: number, random: Random): History {
  const writes: Write[] = [];
  const first = random(3);
  if (first === 0) writes.push(apply(subject, name, random, true));
  else writes.push(create(subject, name, random));
  while (writes.length < length) writes.push(randomWrite(subject, name, random));
  return { collection: subject.collection, writes };
}

function randomWrite(subject: Subject, name: string, random: Random): Write {
  const hasStatus = subject.statusParts.length > 0;
  switch (random(hasStatus ? 10 : 8)) {
    case 0:
    case 1:
    case 2:
      return apply(subject, name, random, random(4) > 0);
    case 3:
      return update(subject, name, random);
    case 4:
      return patch("merge", name, random, some(subject.parts, random));
    case 5:
      return patch("strategic-merge", name, random, some(subject.parts, random));
    case 6:
      return patch("strategic-merge", name, random, one(subject.directives, random)(random));
    case 7:
      return patch("json", name, random, one(subject.jsonPatches, random)(random));
    case 8:
      return patch("merge", `${name}/status`, random, { status: some(subject.statusParts, random) });
    default:
      return applyStatus(subject, name, random);
  }
}

function header(subject: Subject, name: string): object {
  return { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name } };
}

function create(subject: Subject, name: string, random: Random): Write {
  const object = merged([header(subject, name), subject.base, some(subject.parts, random)]);
  return write("POST", "", manager(random), "application/json", random, JSON.stringify(object));
}

function update(subject: Subject, name: string, random: Random): Write {
  const change = merged([{ metadata: { resourceVersion: null } }, some(subject.parts, random)]);
  return write("PUT", `/${name}`, manager(random), "application/json", random, JSON.stringify(change));
}

function apply(subject: Subject, name: string, random: Random, isWhole: boolean): Write {
  const object = merged([header(subject, name), isWhole ? subject.base : {}, some(subject.parts, random)]);
  const force = random(2) === 0 ? "&force=true" : "";
  const query = `fieldManager=${one(MANAGERS, random)}${force}`;
  return write("PATCH", `/${name}`, query, "application/apply-patch+yaml", random, JSON.stringify(object));
}

function applyStatus(subject: Subject, name: string, random: Random): Write {
  const object = merged([header(subject, name), { status: some(subject.statusParts, random) }]);
  const force = random(2) === 0 ? "&force=true" : "";
  const query = `fieldManager=${one(MANAGERS, random)}${force}`;
  const suffix = `/${name}/status`;
  return write("PATCH", suffix, query, "application/apply-patch+yaml", random, JSON.stringify(object));
}

function patch(type: string, name: string, random: Random, body: object): Write {
  const json = `application/${type}-patch+json`;
  return write("PATCH", `/${name}`, manager(random), json, random, JSON.stringify(body));
}

function write(
  method: Write["method"],
  suffix: string,
  query: string,
  type: string,
  random: Random,
  body: string,
): Write {
  return { method, suffix, query, type, agent: `${one(MANAGERS, random)}-agent/1.0 (linux)`, body };
}

function manager(random: Random): string {
  return random(3) === 0 ? "" : `fieldManager=${one(MANAGERS, random)}`;
}

export function one<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)]!;
}

function some(parts: readonly ((random: Random) => object)[], random: Random): object {
  const count = random(4);
  return merged(Array.from({ length: count }, () => one(parts, random)(random)));
}

/** Objects are merged, everything else of a later one replaces that of an earlier one. */
export function merged(parts: readonly object[]): object {
  const result: Record<string, unknown> = {};
  for (const [key, value] of parts.flatMap(part => Object.entries(part))) {
    const before = result[key];
    result[key] = isObject(before) && isObject(value) ? merged([before, value]) : value;
  }
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
