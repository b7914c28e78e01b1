/** Bounds and times of the control plane's end of the node streams. */
export const LIMITS = {
  /**
   * A node that takes nothing from its stream for this long is cut, so that it registers again and resumes.
   * Until then nothing piles up: a stream reads the watch log only as fast as its node takes it.
   */
  drainTimeoutMs: 10_000,
  /** Answers waiting for a node (acknowledgements, requests to open streams); beyond, its stream is cut. */
  queuedAnswers: 4096,
  /** Status writes of one node under way at once; beyond, its stream is not read until some are stored. */
  writesUnderWay: 256,
  /** A position that moved without a message for the node is told by a bookmark this often. */
  bookmarkIntervalMs: 5_000,
  /** A node that was asked to open a stream connects back within this, or the client gets an error. */
  attachTimeoutMs: 5_000,
  /** How long a control plane that stops waits for its nodes to take the news. */
  shutdownGraceMs: 200,
  /** A node's connection is asked whether it lives this often; one that does not answer in time is cut. */
  keepaliveIntervalMs: 5_000,
  keepaliveTimeoutMs: 10_000,
  /** Input of a stream goes to the node in frames of at most this; a larger piece is cut. */
  frameBytes: 256 * 1024,
  /** Streams asked for and not yet connected, over all nodes; beyond, a request is refused as too many. */
  pendingAttachments: 1024,
  /** The Lease of a node that is heard is renewed this often, as kubelets do (a quarter of its duration). */
  leaseRenewalMs: 10_000,
} as const;
