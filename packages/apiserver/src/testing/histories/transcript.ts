/**
 * Histories and what a real API server answered, kept small: of every reply only what differs from the one before.
 */
import { jsonEqual, mergePatch } from "@podwire/api";
import type { History } from "./history.ts";
import type { Reply } from "./replay.ts";

export interface Transcript {
  readonly history: History;
  /** Of each write: a code, and a merge patch (RFC 7396) from the body of the reply before. */
  readonly replies: readonly Reply[];
}

export function toTranscript(history: History, replies: readonly Reply[]): Transcript {
  let before: unknown = {};
  const changes = replies.map(({ code, body }) => {
    const change = difference(before, body);
    before = body;
    return { code, body: change };
  });
  return { history, replies: changes };
}

export function repliesOf({ replies }: Transcript): Reply[] {
  let before: unknown = {};
  return replies.map(({ code, body }) => {
    before = mergePatch(before, body);
    return { code, body: before };
  });
}

function difference(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...keys].filter(key => !jsonEqual(before[key], after[key]));
  return Object.fromEntries(
    changed.map(key => [key, key in after ? difference(before[key], after[key]) : null]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
