/** The node daemon: what `podwire node` runs. */
export { type NodeOptions, NodeDaemon } from "./daemon.ts";
