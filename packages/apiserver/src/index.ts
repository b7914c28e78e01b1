/** The API server: the registry of objects over a store, and its HTTP front. The node streams are under `sync`. */
export { EventBounds, type EventBoundsOptions } from "./events/event-bounds.ts";
export { type Access, type Attempt, certificateAccess, type User } from "./http/access.ts";
export type { ServerCredentials } from "./http/front.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./http/server.ts";
export type { Target } from "./http/target.ts";
export * from "./node-streams.ts";
export { openRegistry } from "./registry/open.ts";
export * from "./registry/registry.ts";
export {
  DEFAULT_SERVICE_CIDR,
  ensureDefaultServiceCidr,
} from "./registry/service-addresses/default-service-cidr.ts";
export type { Surroundings } from "./registry/surroundings.ts";
