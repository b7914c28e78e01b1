/**
 * The Pods that each Node has, Pods that have not ended. A Pod being bound is there from the decision on, whatever
 * older news of it still arrives.
 */
import type { Pod } from "@podwire/api";
import { hasEnded } from "../workloads/pod-state.ts";

const NONE: readonly Pod[] = [];

export class Placements {
  readonly #nodeOf = new Map<string, string>();
  readonly #pods = new Map<string, Map<string, Pod>>();
  readonly #binding = new Set<string>();

  placed(node: string): readonly Pod[] {
    const pods = this.#pods.get(node);
    return pods === undefined ? NONE : [...pods.values()];
  }

  isBinding(key: string): boolean {
    return this.#binding.has(key);
  }

  /** A Pod as the API has it now; undefined when it is gone. Returns what that changed for others. */
  observe(key: string, pod: Pod | undefined): "placed" | "freed" | "same" {
    const node = pod !== undefined && !hasEnded(pod) ? pod.spec.nodeName : undefined;
    if (pod !== undefined && node) {
      const isNew = this.#nodeOf.get(key) !== node || this.#binding.has(key);
      this.#binding.delete(key);
      this.#place(key, node, pod);
      return isNew ? "placed" : "same";
    }
    if (pod !== undefined && this.#binding.has(key)) return "same";
    this.#binding.delete(key);
    return this.#release(key) ? "freed" : "same";
  }

  beginBinding(key: string, node: string, pod: Pod): void {
    this.#binding.add(key);
    this.#place(key, node, pod);
  }

  bindingFailed(key: string): void {
    if (this.#binding.delete(key)) this.#release(key);
  }

  #place(key: string, node: string, pod: Pod): void {
    if (this.#nodeOf.get(key) !== node) this.#release(key);
    this.#nodeOf.set(key, node);
    this.#pods.set(node, (this.#pods.get(node) ?? new Map<string, Pod>()).set(key, pod));
  }

  #release(key: string): boolean {
    const node = this.#nodeOf.get(key);
    if (node === undefined) return false;
    this.#nodeOf.delete(key);
    const pods = this.#pods.get(node)!;
    pods.delete(key);
    if (pods.size === 0) this.#pods.delete(node);
    return true;
  }
}
