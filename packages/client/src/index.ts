/** Clients of the API server that load no gRPC: typed REST and informers. The node stream is ./node-sync. */
export type * from "./api.ts";
export { type Change, Informer, type InformerOptions, keyOf } from "./informer/informer.ts";
export { ApiClient } from "./rest/api-client.ts";
export type { ExecOptions, ExecSession } from "./rest/exec.ts";
export type { ApiServer, ClientTls } from "./rest/http.ts";
export type { LogOptions } from "./rest/logs.ts";
