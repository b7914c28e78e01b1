/** The Pods of each node, over the shared cache. */
import type { Pod } from "@podwire/api";
import type { Informer } from "@podwire/client";

export class PodsByNode {
  readonly #pods: Informer<Pod>;
  readonly #keys = new Map<string, Set<string>>();

  /** To be made before others listen to the informer: they find the index up to date. */
  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    pods.onChange(({ key, before, after }) => {
      const [from, to] = [before?.spec.nodeName, after?.spec.nodeName];
      if (from === to) return;
      if (from) this.#unlink(from, key);
      if (to) this.#keys.set(to, (this.#keys.get(to) ?? new Set()).add(key));
    });
  }

  on(node: string): Pod[] {
    const keys = this.#keys.get(node);
    return keys === undefined ? [] : [...keys].map(key => this.#pods.byKey(key)!);
  }

  #unlink(node: string, key: string): void {
    const keys = this.#keys.get(node);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(node);
  }
}
