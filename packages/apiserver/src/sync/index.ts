/** The control plane's end of the node streams. */
export { type EventOrigin, eventRecorder, type RecordEvent } from "./events.ts";
export { type Heartbeat, Heartbeats } from "./heartbeats.ts";
export { NODE_ANNOTATIONS } from "./peers.ts";
export { type NodeServer, type NodeServerOptions, serveNodes } from "./serve-nodes.ts";
