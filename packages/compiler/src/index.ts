export { compile, endpointOf } from "./compile.ts";
export type {
  Compiled,
  LocalNode,
  LocalPod,
  NetworkSnapshot,
  Omission,
  PeerNode,
} from "./snapshot.ts";
