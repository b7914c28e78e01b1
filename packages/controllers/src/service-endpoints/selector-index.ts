/**
 * Services by one pair of their selector, over an informer: the Services that select a Pod are among those under the
 * Pod's labels. A Service stands under that of its pairs which fewest others had when it came, so that a label which
 * all of them ask for (`tier=backend`) collects nobody.
 */
import type { KubernetesObject, Labels, Service } from "@podwire/api";
import type { Informer } from "@podwire/client";
import { link, pairOf, selects, unlink } from "./label-index.ts";

export class SelectorIndex {
  readonly #services: Informer<Service>;
  readonly #keys = new Map<string, Set<string>>();
  /** Where each Service stands. */
  readonly #places = new Map<string, string>();

  /** To be made before others listen to the informer: they find the index up to date. */
  constructor(services: Informer<Service>) {
    this.#services = services;
    services.onChange(({ key, after }) => {
      const place = this.#places.get(key);
      if (place !== undefined) unlink(this.#keys, place, key);
      this.#places.delete(key);
      if (after !== undefined) this.#place(key, after);
    });
  }

  /** Keys of the Services that select an object of these labels. */
  *selecting({ metadata: { namespace = "", labels } }: KubernetesObject): Generator<string> {
    for (const [name, value] of Object.entries(labels ?? {})) {
      for (const key of this.#keys.get(pairOf(namespace, name, value)) ?? []) {
        if (selects(this.#services.byKey(key)!.spec.selector!, labels)) yield key;
      }
    }
  }

  #place(key: string, { metadata: { namespace = "" }, spec }: Service): void {
    const pairs = Object.entries(spec.selector ?? {}).map(([name, value]) => pairOf(namespace, name, value));
    const size = (pair: string) => this.#keys.get(pair)?.size ?? 0;
    const place = pairs.reduce<string | undefined>(
      (best, pair) => (best === undefined || size(pair) < size(best) ? pair : best),
      undefined,
    );
    if (place === undefined) return;
    link(this.#keys, place, key);
    this.#places.set(key, place);
  }
}

/** An empty selector is none, as in what upstream stores. */
export function selectorOf({ spec: { selector } }: Service): Labels | undefined {
  return selector !== undefined && Object.keys(selector).length > 0 ? selector : undefined;
}
