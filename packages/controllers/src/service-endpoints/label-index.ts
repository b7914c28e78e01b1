/**
 * Objects by namespace and label, over an informer: who is selected is found without looking at everybody.
 *
 *   "shop/app=web" -> keys of the objects in the namespace shop that carry the label
 *
 * A selector reads the smallest of the sets of its pairs and checks the rest of the labels there.
 */
import { jsonEqual, type KubernetesObject, type Labels } from "@podwire/api";
import type { Informer } from "@podwire/client";

export class LabelIndex<T extends KubernetesObject> {
  readonly #objects: Informer<T>;
  readonly #keys = new Map<string, Set<string>>();

  /** To be made before others listen to the informer: they find the index up to date. */
  constructor(objects: Informer<T>) {
    this.#objects = objects;
    objects.onChange(({ key, before, after }) => {
      if (before && after && jsonEqual(before.metadata.labels, after.metadata.labels)) return;
      for (const pair of before ? pairsOf(before) : []) unlink(this.#keys, pair, key);
      for (const pair of after ? pairsOf(after) : []) link(this.#keys, pair, key);
    });
  }

  /** In the order in which they came. A selector without pairs selects nothing. */
  selected(namespace: string, selector: Labels): T[] {
    let fewest: ReadonlySet<string> | undefined;
    for (const [name, value] of Object.entries(selector)) {
      const keys = this.#keys.get(pairOf(namespace, name, value));
      if (keys === undefined) return [];
      if (fewest === undefined || keys.size < fewest.size) fewest = keys;
    }
    const found: T[] = [];
    for (const key of fewest ?? []) {
      const object = this.#objects.byKey(key)!;
      if (selects(selector, object.metadata.labels)) found.push(object);
    }
    return found;
  }
}

export function selects(selector: Labels, labels: Labels | undefined): boolean {
  if (labels === undefined) return false;
  for (const name of Object.keys(selector)) {
    if (!Object.hasOwn(labels, name) || labels[name] !== selector[name]) return false;
  }
  return true;
}

/** Names of namespaces have no slash, names of labels no equals sign. */
export function pairOf(namespace: string, name: string, value: string): string {
  return `${namespace}/${name}=${value}`;
}

function pairsOf({ metadata: { namespace = "", labels = {} } }: KubernetesObject): string[] {
  return Object.entries(labels).map(([name, value]) => pairOf(namespace, name, value));
}

export function link(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  if (keys === undefined) index.set(at, new Set([key]));
  else keys.add(key);
}

export function unlink(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(at);
}
