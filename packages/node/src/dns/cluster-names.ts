/** What the zone is made of: the Services that the node knows, and the names of namespaces, also of those without one. */
import type { KnownServices } from "../services.ts";
import type { ZoneSource } from "./zone.ts";

export class ClusterNames implements ZoneSource {
  readonly get: ZoneSource["get"];
  readonly slicesOf: ZoneSource["slicesOf"];
  readonly names: ZoneSource["names"];
  readonly watch: ZoneSource["watch"];
  readonly #namespaces = new Set<string>();
  #isComplete = false;

  constructor(services: KnownServices) {
    this.get = service => services.get(service);
    this.slicesOf = service => services.slicesOf(service);
    this.names = () => services.names();
    this.watch = listener => services.watch(listener);
  }

  add(namespace: string): void {
    this.#namespaces.add(namespace);
  }

  delete(namespace: string): void {
    this.#namespaces.delete(namespace);
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  /** The control plane has told of everything that there is. */
  synced(): void {
    this.#isComplete = true;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }
}
