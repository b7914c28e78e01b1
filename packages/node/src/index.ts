/** The node daemon: what `podwire node` runs. */
export { NodeDaemon, type NodeOptions } from "./daemon.ts";
export type { ForwardingOptions } from "./dns/forward/servers.ts";
export type { Connection, NodeState } from "./inspection.ts";
