/** Bounds of the data plane's thread: what the number is, why, and what happens at the bound. */
export const LIMITS = {
  /** How long the loop looks again after traffic before it sleeps: about what waking an idle core costs. */
  spinMs: 0.05,
  /** Successful spins that are remembered: so many empty ones in a row, and the loop sleeps at once. */
  spinCredit: 8,
  /** Between two looks at timeouts while flows are live. Nothing ticks on an idle node. */
  tickMs: 200,
  /** Packets taken from one TUN port before it is another's turn; what is left is reported by the next wait. */
  tunBudget: 32,
  /**
   * Messages from the underlay, likewise. One, because a receive takes up to 32 messages at once: asking again would
   * mostly hear that there is nothing more, and the next wait says that, too.
   */
  underlayBudget: 1,
  /** The V8 heap of the thread. It allocates nothing per packet; beyond this the thread dies and the daemon with it. */
  heapMb: 48,
  youngHeapMb: 2,
} as const;
