/** Bounds of the node contract. */
export const LIMITS = {
  /**
   * The largest gRPC message either side takes. A Pod is at most a few MiB (the API server bounds request
   * bodies); a larger message ends the call with RESOURCE_EXHAUSTED.
   */
  messageBytes: 16 * 1024 * 1024,
  /** A ToNodeBatch is closed when it has grown to this; one message larger than this goes alone. */
  batchBytes: 256 * 1024,
} as const;
