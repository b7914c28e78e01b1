/** The node daemon: what `podwire node` runs. */
export { NodeDaemon, type NodeOptions } from "./daemon.ts";
