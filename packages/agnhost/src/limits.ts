/** Bounds of the test programs: each with what happens there. */
export const LIMITS = {
  /** Form and multipart bodies: 413 beyond. */
  bodyBytes: 32 * 1024 * 1024,
  /** Output that /shell returns: as Go's CombinedOutput but cut, and the command killed. */
  shellOutputBytes: 16 * 1024 * 1024,
  /** Repetitions in one /dial: refused with 400 beyond. */
  dialTries: 10_000,
  /** As upstream: a request of /dial, an answer over UDP. */
  dialTimeoutMs: 5_000,
  dialBodyBytes: 16 * 1024 * 1024,
  dialRedirects: 10,
  /** serve-hostname goes on so long after SIGTERM, as upstream. */
  serveHostnameLingerMs: 60_000,
  /** Targets that `probe` asks at once, unless told otherwise: the others wait. */
  probeConcurrency: 8,
  probeTimeoutMs: 2_000,
  /** `probe-serve` looks so often for a UDP port that is free at all its addresses: it fails then. */
  probePortAttempts: 8,
  /** A line of `probe` or `probe-serve`: the connection is closed beyond. */
  probeLineBytes: 4096,
} as const;
