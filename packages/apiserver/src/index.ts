/** The API server: the registry of objects over a store, and its HTTP front. The node streams are under `sync`. */
export * from "./node-streams.ts";
export { openRegistry } from "./registry/open.ts";
export * from "./registry/registry.ts";
export type { Surroundings } from "./registry/surroundings.ts";
