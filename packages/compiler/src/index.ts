/** A snapshot of what a node knows of the network -> the data plane's tables: `compile(snapshot)`. */
export { compile, endpointOf } from "./compile.ts";
export type {
  Compiled,
  LocalNode,
  LocalPod,
  NetworkSnapshot,
  Omission,
  PeerNode,
} from "./snapshot.ts";
