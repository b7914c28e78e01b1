/** What the zone is made of: the Services that the node knows, and the names of namespaces, also of those without one. */
import type { ObjectName } from "@podwire/protocol";
import type { KnownServices } from "../services.ts";
import type { ZoneSource } from "./zone.ts";

export class ClusterNames implements ZoneSource {
  readonly get: ZoneSource["get"];
  readonly slicesOf: ZoneSource["slicesOf"];
  readonly names: ZoneSource["names"];
  readonly #services: KnownServices;
  readonly #listeners = new Set<(service: ObjectName) => void>();
  readonly #namespaces = new Set<string>();
  #isComplete = false;

  constructor(services: KnownServices) {
    this.get = service => services.get(service);
    this.slicesOf = service => services.slicesOf(service);
    this.names = () => services.names();
    this.#services = services;
  }

  /** A namespace that comes or goes is a change of a Service without a name. */
  watch(listener: (service: ObjectName) => void): () => void {
    const stop = this.#services.watch(listener);
    this.#listeners.add(listener);
    return () => {
      stop();
      this.#listeners.delete(listener);
    };
  }

  add(namespace: string): void {
    this.#namespaces.add(namespace);
    this.#changed(namespace);
  }

  delete(namespace: string): void {
    this.#namespaces.delete(namespace);
    this.#changed(namespace);
  }

  #changed(namespace: string): void {
    for (const listener of this.#listeners) listener({ namespace, name: "" });
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
