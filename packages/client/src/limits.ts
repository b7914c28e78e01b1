/** Bounds and times of the clients. */
export const LIMITS = {
  /** Objects asked for at once; a longer list comes in pages. */
  pageItems: 500,
  /** A reply larger than this is cut off with an error: no page of objects comes near it. */
  responseBytes: 64 * 1024 * 1024,
  /** One event of a watch. */
  eventBytes: 16 * 1024 * 1024,
  /** Events of a watch held for its reader; beyond, the connection is not read. */
  queuedEvents: 1024,
  /** A server that is away is asked again after this, doubling; a restart is bridged within the last. */
  retryDelayMs: { first: 20, most: 1_000 },
  /** A read-modify-write that loses to others this often in a row fails with their Conflict. */
  mutateAttempts: 20,
} as const;
