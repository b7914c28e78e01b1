/** Bounds and times of a node's end of the node stream. */
export const LIMITS = {
  /** The control plane calls a node NotReady after five seconds of silence: four may get lost. */
  heartbeatIntervalMs: 1_000,
  /** A control plane that restarts is found again within this. */
  reconnectDelayMs: { first: 20, most: 300 },
  /** The control plane is asked whether it lives this often; one that does not answer in time is lost, frozen as it may be. */
  keepaliveIntervalMs: 3_000,
  keepaliveTimeoutMs: 10_000,
  /** Asking why there is no connection is answered from memory; this is for a call that meets a new connection. */
  probeTimeoutMs: 1_000,
  /** Events kept while there is no connection; beyond, the oldest go: they are for people, not for state. */
  queuedEvents: 256,
} as const;
