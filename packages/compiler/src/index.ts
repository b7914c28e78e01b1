/**
 * A snapshot of what a node knows of the network -> the data plane's tables: `compile(snapshot)`. And Services, which are
 * too many for snapshots: `Services`, told of each change.
 */
export { compile, endpointOf } from "./compile.ts";
export type { Endpoint, Place } from "./endpoints.ts";
export type { HostPort } from "./host-ports.ts";
export type { ServicePort, ServiceSource, SlicePort, SliceSource } from "./service-rows.ts";
export { type CompiledServices, type ServiceReader, Services } from "./services.ts";
export type {
  Compiled,
  LocalNode,
  LocalPod,
  NetworkSnapshot,
  Omission,
  PeerNode,
} from "./snapshot.ts";
