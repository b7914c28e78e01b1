/** Clients of the API server that load no gRPC: typed REST and informers. The node stream is ./node-sync. */
export {};
