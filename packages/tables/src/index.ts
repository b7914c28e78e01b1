/**
 * The flat tables, counters and flow records that the threads of a node share: the vocabulary that compiler and data
 * plane have in common.
 *
 *     compiler's thread: buildTables(content) -> buffer -> data plane's thread: new Tables(buffer).route(…)
 *     data plane's thread: Counters, FlowRecordWriter -> any thread: new Counters(buffer).snapshot(), FlowRecordReader
 */
export {
  type Cidr,
  contains,
  formatAddress,
  isIpv4,
  parseAddress,
  parseCidr,
  type Words,
} from "./address.ts";
export type { AddressRow } from "./addresses.ts";
export { Counter, Counters, type CountersSnapshot, type LinkCounters, type ScalarName } from "./counters.ts";
export { DROP_REASONS, Drop, type DropName, dropExplanation, dropName } from "./drop.ts";
export {
  allocateFlowRecords,
  type FlowEnd,
  FlowEvent,
  type FlowEventName,
  FlowField,
  type FlowRecord,
  FlowRecordReader,
  FlowRecordWriter,
} from "./flow-records.ts";
export { limits } from "./limits.ts";
export { PeerFlag, type PeerRow, peerFlags, peerMacHigh, peerMacLow, peerUnderlayMtu } from "./peers.ts";
export type { RouteRow } from "./routes.ts";
export {
  type Allocate,
  addressRow,
  type Backend,
  type BuiltShard,
  buildServiceShard,
  buildServiceShards,
  type ServiceKey,
  type ServiceRow,
  type ServiceShards,
  ServiceTable,
  serviceShardOf,
} from "./services.ts";
export { buildTables, type TableContent, Tables } from "./tables.ts";
export {
  HOST_PORT,
  HOST_TARGET,
  TargetKind,
  type TargetKindName,
  target,
  targetIndex,
  targetKind,
  targetKindName,
} from "./target.ts";
