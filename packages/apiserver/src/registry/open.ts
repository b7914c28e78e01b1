/** Opens a registry: the namespaces that every cluster has are there when it resolves. */
import type { Store } from "@podwire/store";
import type { Registry } from "./registry.ts";
import { StoreRegistry } from "./store-registry.ts";
import type { Surroundings } from "./surroundings.ts";
import { createSystemNamespaces } from "./system-namespaces.ts";

export async function openRegistry(store: Store, surroundings?: Surroundings): Promise<Registry> {
  const registry = new StoreRegistry(store, surroundings);
  await createSystemNamespaces(registry);
  return registry;
}
