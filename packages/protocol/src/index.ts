/**
 * The contract between the control plane and the node daemons (proto/podwire/v1/node.proto): messages as
 * TypeScript types with `encode` and `decode`, and the service's methods. Loads neither gRPC nor a protobuf
 * library, so whoever only looks at messages pays nothing for it.
 */

export { MalformedMessage } from "@podwire/wire/protobuf";
export { concatenateBatch } from "./batch.ts";
export { MessageType, type OneOf } from "./codec.ts";
export * from "./gen/node.ts";
export { LIMITS } from "./limits.ts";
