/**
 * How many Pods each Node has, Pods that have not ended. A Pod being bound counts from the decision on, whatever
 * older news of it still arrives.
 */
import type { Pod } from "@podwire/api";

export class Placements {
  readonly #nodeOf = new Map<string, string>();
  readonly #count = new Map<string, number>();
  readonly #binding = new Set<string>();

  podsOn(node: string): number {
    return this.#count.get(node) ?? 0;
  }

  isBinding(key: string): boolean {
    return this.#binding.has(key);
  }

  /** A Pod as the API has it now; undefined when it is gone. Returns whether room became free. */
  observe(key: string, pod: Pod | undefined): boolean {
    const node = pod !== undefined && !hasEnded(pod) ? pod.spec.nodeName : undefined;
    if (node !== undefined) {
      this.#binding.delete(key);
      this.#place(key, node);
      return false;
    }
    if (pod !== undefined && this.#binding.has(key)) return false;
    this.#binding.delete(key);
    return this.#release(key);
  }

  beginBinding(key: string, node: string): void {
    this.#binding.add(key);
    this.#place(key, node);
  }

  bindingFailed(key: string): void {
    if (this.#binding.delete(key)) this.#release(key);
  }

  #place(key: string, node: string): void {
    if (this.#nodeOf.get(key) === node) return;
    this.#release(key);
    this.#nodeOf.set(key, node);
    this.#count.set(node, this.podsOn(node) + 1);
  }

  #release(key: string): boolean {
    const node = this.#nodeOf.get(key);
    if (node === undefined) return false;
    this.#nodeOf.delete(key);
    const left = this.podsOn(node) - 1;
    if (left > 0) this.#count.set(node, left);
    else this.#count.delete(node);
    return true;
  }
}

export function hasEnded({ status }: Pod): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}
