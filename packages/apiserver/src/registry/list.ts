/** Lists: one consistent revision, whole or in pages, filtered by selectors. */
import { expired, type Kind, type KubernetesObject } from "@podwire/api";
import { CompactedError, type Store } from "@podwire/store";
import { SELECTION_PAGE } from "../limits.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { kindPrefix } from "./keys.ts";
import type { ListOptions, ListResult, Stored } from "./registry.ts";
import { selectionOf } from "./selection.ts";
import { storedOf } from "./stored-object.ts";

const TOO_OLD_CONTINUE =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

export async function listObjects<T extends KubernetesObject>(
  store: Store,
  kind: Kind<T>,
  options: ListOptions,
): Promise<ListResult<T>> {
  const prefix = kindPrefix(kind, options.namespace);
  const from = options.continueToken ? decodeContinue(options.continueToken) : undefined;
  const start = {
    prefix,
    after: from ? prefix + from.after : "",
    atRevision: from ? from.revision : options.atRevision,
  };
  try {
    const selected = selectionOf(kind, options);
    return await (selected
      ? filtered(store, kind, start, options, selected)
      : plain(store, kind, start, options));
  } catch (error) {
    if (from === undefined || !(error instanceof CompactedError)) throw error;
    throw expired(TOO_OLD_CONTINUE, encodeContinue({ ...from, revision: undefined }));
  }
}

interface Start {
  readonly prefix: string;
  readonly after: string;
  readonly atRevision: number | undefined;
}

async function plain<T extends KubernetesObject>(
  store: Store,
  kind: Kind<T>,
  start: Start,
  { limit }: ListOptions,
): Promise<ListResult<T>> {
  const { entries, revision, more, remaining } = await store.range(rangeOf(start, start.after, limit));
  const items = entries.map(entry => storedOf(kind, entry));
  return {
    items,
    revision,
    remaining: more ? remaining : undefined,
    continueToken: tokenAfter(start, items, revision, more),
  };
}

/** Reads on until enough objects match. How many more there are is not known then. */
async function filtered<T extends KubernetesObject>(
  store: Store,
  kind: Kind<T>,
  start: Start,
  { limit = Number.POSITIVE_INFINITY }: ListOptions,
  selected: (object: T) => boolean,
): Promise<ListResult<T>> {
  const items: Stored<T>[] = [];
  let { after, atRevision } = start;
  for (;;) {
    const page = await store.range(rangeOf({ ...start, atRevision }, after, SELECTION_PAGE));
    atRevision = page.revision;
    for (const [at, entry] of page.entries.entries()) {
      const stored = storedOf(kind, entry);
      if (!selected(stored.object)) continue;
      items.push(stored);
      if (items.length < limit) continue;
      const more = page.more || at < page.entries.length - 1;
      const continueToken = tokenAfter(start, items, page.revision, more);
      return { items, revision: page.revision, remaining: undefined, continueToken };
    }
    if (!page.more) return { items, revision: page.revision, remaining: undefined, continueToken: undefined };
    after = page.entries.at(-1)!.key;
  }
}

function rangeOf({ prefix, atRevision }: Start, after: string, limit: number | undefined) {
  return {
    prefix,
    after,
    ...(limit !== undefined && { limit }),
    ...(atRevision !== undefined && { atRevision }),
  };
}

function tokenAfter(
  { prefix }: Start,
  items: readonly Stored<unknown>[],
  revision: number,
  more: boolean,
): string | undefined {
  const last = items.at(-1);
  if (!more || last === undefined) return undefined;
  return encodeContinue({ revision, after: last.key.slice(prefix.length) });
}
