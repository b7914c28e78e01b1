/** The node's end of the node stream (@podwire/client/node-sync): what loads gRPC. */
export { Attachment } from "./attachment.ts";
export {
  type NodeRegistration,
  NodeSyncClient,
  type NodeSyncOptions,
  type NodeTls,
} from "./node-sync-client.ts";
export type { NodeSyncHandlers } from "./view.ts";
