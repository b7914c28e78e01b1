/** Sends a history to a server, and tells what came back without what no two servers share. */
import { mergePatch } from "@podwire/api";
import type { History, Write } from "./history.ts";

export interface Reply {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is what the test is about
  readonly body: any;
}

export interface Server {
  call(method: string, path: string, body: string, headers: Record<string, string>): Promise<Reply>;
}

/** Makes of a reply what two servers should share. */
export type Compare = (reply: Reply, namespace: string) => Reply;

export async function replay(
  server: Server,
  namespace: string,
  history: History,
  compare: Compare = comparable,
): Promise<Reply[]> {
  const collection = history.collection.replace("NAMESPACE", namespace);
  const replies: Reply[] = [];
  /** What was last seen of each object. */
  const last = new Map<string, unknown>();
  for (const write of history.writes) {
    const name = write.suffix.split("/")[1] ?? "";
    const reply = await send(server, collection, write, last.get(name), namespace);
    if (reply.code < 300) last.set(reply.body.metadata.name ?? name, reply.body);
    // As JSON, which knows no undefined.
    replies.push(JSON.parse(JSON.stringify(compare(reply, namespace))) as Reply);
  }
  return replies;
}

async function send(
  server: Server,
  collection: string,
  { method, suffix, query, type, agent, body }: Write,
  last: unknown,
  namespace: string,
): Promise<Reply> {
  const path = `${collection}${suffix}${query && `?${query}`}`;
  const text = method === "PUT" ? JSON.stringify(mergePatch(last ?? {}, JSON.parse(body))) : body;
  const headers = { "content-type": type, "user-agent": agent };
  return server.call(method, path, text.replaceAll("NAMESPACE", namespace), headers);
}

export function comparable({ code, body }: Reply, namespace: string): Reply {
  const text = JSON.stringify(body).replaceAll(namespace, "NAMESPACE");
  const plain = JSON.parse(text) as Reply["body"];
  if (plain.kind === "Status") return comparableStatus(code, plain);
  return { code, body: comparableObject(plain) };
}

/** Without what each server assigns on its own. */
export function comparableObject(object: Reply["body"]): unknown {
  const { metadata } = object;
  for (const key of ["uid", "resourceVersion", "creationTimestamp", "selfLink"]) delete metadata[key];
  for (const entry of metadata.managedFields ?? []) if (entry.time) entry.time = "TIME";
  metadata.managedFields?.sort((a: object, b: object) => (ownerText(a) < ownerText(b) ? -1 : 1));
  return sorted(object);
}

/**
 * Upstream calls some faults of a patch its own (500), says nothing of why a JSON patch failed, prints the whole
 * patched object in an order of its own, and lists conflicts and problems in any order.
 */
function comparableStatus(code: number, { message, reason, details }: Reply["body"]): Reply {
  const isFault = code === 500 && reason === undefined;
  const withoutValue = (text: string) =>
    text
      .replace(/Invalid value: "(\\.|[^"\\])*"/g, "Invalid value")
      .replace("error decoding from json: ", "")
      .replace(
        /(cannot convert|cannot restore|unrecognized type:|illegal base64|json: cannot unmarshal) .*/s,
        "WRONG TYPE",
      );
  const words = withoutValue(message)
    .replace(/^(the server rejected our request due to an error).*/s, "$1")
    .replace(/^(failed to convert new object).*/s, "$1");
  // What makes an object of a kind invalid is for the tests of that kind.
  const [invalid] = /^[A-Z][A-Za-z.]+ "[^"]+" is invalid/.exec(message) ?? [];
  if (invalid !== undefined) return { code, body: { message: invalid, reason } };
  const causes = details?.causes
    ?.map((cause: { message: string }) => ({ ...cause, message: withoutValue(cause.message) }))
    .sort((a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return {
    code: isFault ? 400 : code,
    body: { message: words.split("\n").sort().join("\n"), reason: isFault ? "BadRequest" : reason, causes },
  };
}

interface Cause {
  readonly reason: string;
  readonly field: string;
}

/** Problems may come in any order; upstream says some of them twice, and ours sometimes two things of one field. */
export function comparableProblems({ reason, message, details }: Reply["body"]): object {
  if (reason !== "Invalid") return { reason, message };
  const causes = details.causes as Cause[];
  const told = causes.filter(
    ({ reason: why, field }) =>
      why !== "FieldValueNotSupported" ||
      !causes.some(each => field.startsWith(each.field) && each.reason !== why),
  );
  return { reason, causes: [...new Set(told.map(each => JSON.stringify(each)))].sort() };
}

/** Which of two entries of the same second comes first depends on the clock. */
function ownerText(entry: object): string {
  const { operation, manager, apiVersion, subresource } = entry as Record<string, string>;
  return JSON.stringify([operation, manager, apiVersion, subresource]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
