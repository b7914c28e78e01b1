/**
 * An object in its forms: the text in the store, the parsed object, the bytes for clients. Each is made when first
 * asked for and then shared by all who ask.
 *
 * The store's text has no resourceVersion, which is known only after the commit. It begins, always alike, with
 * apiVersion, kind and metadata, so that the resourceVersion is put in by position and not by parsing.
 *
 *   {"apiVersion":"v1","kind":"Pod","metadata":{ "resourceVersion":"42", "name":"web",…},…}
 *                                               `------ put in ------'
 */
import { apiVersionOf, type Kind, type KubernetesObject } from "@podwire/api";
import type { Change, Entry } from "@podwire/store";
import type { Stored } from "./registry.ts";

/** The text to keep: without resourceVersion, in the order that the splice needs. */
export function storedText(object: KubernetesObject): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _, ...kept } = metadata;
  return JSON.stringify({ apiVersion, kind, metadata: kept, ...rest });
}

function opening(kind: Kind): string {
  return `{"apiVersion":"${apiVersionOf(kind)}","kind":"${kind.kind}","metadata":{`;
}

class StoredObject implements Stored {
  readonly key: string;
  readonly revision: number;
  readonly #kind: Kind;
  readonly #text: string;
  #object: KubernetesObject | undefined;
  #json: Buffer | undefined;

  constructor(kind: Kind, entry: Entry, revision: number, object?: KubernetesObject) {
    this.key = entry.key;
    this.revision = revision;
    this.#kind = kind;
    this.#text = entry.value;
    this.#object = object;
  }

  get object(): KubernetesObject {
    this.#object ??= JSON.parse(this.#spliced()) as KubernetesObject;
    return this.#object;
  }

  get json(): Buffer {
    this.#json ??= Buffer.from(this.#spliced());
    return this.#json;
  }

  #spliced(): string {
    const head = opening(this.#kind);
    return `${head}"resourceVersion":"${this.revision}",${this.#text.slice(head.length)}`;
  }
}

const byEntry = new WeakMap<Entry, StoredObject>();
const byDeletion = new WeakMap<Change, StoredObject>();

/** The object of an entry; `object` when its parsed form is at hand. */
export function storedOf<T extends KubernetesObject>(kind: Kind<T>, entry: Entry, object?: T): Stored<T> {
  let stored = byEntry.get(entry);
  if (stored === undefined) {
    stored = new StoredObject(kind, entry, entry.revision, object);
    byEntry.set(entry, stored);
  }
  return stored as unknown as Stored<T>;
}

/** What a deletion, or a change that takes an object out of a selection, shows: the last state, at its revision. */
export function lastStateOf(kind: Kind, change: Change, last: Entry): Stored {
  let stored = byDeletion.get(change);
  if (stored === undefined) {
    stored = new StoredObject(kind, last, change.revision);
    byDeletion.set(change, stored);
  }
  return stored;
}
