/** Bounds and times of the announcement of load balancers' addresses: what the number is, why, and what happens there. */
export const LIMITS = {
  /** A node that announces anything says so this often. */
  beatMs: 200,
  /** One that has not been heard for this long is dead: three beats may be lost. A client outside waits for it. */
  silenceMs: 800,
  /** Who starts listens for this long before it claims what may be another's. */
  listenMs: 450,
  /** Each candidate that comes before this node has so much longer to claim what nobody has. */
  turnMs: 100,
  /** But no longer than this many together, or many dead nodes would add up. */
  turns: 8,
  /** An address that came here is announced with this many beats: frames get lost, and caches are deaf for a second. */
  announcements: 8,
  /** A node that the control plane has not heard for this long may act on what is no longer so; others come first. */
  staleMs: 5000,
  /** Claims in one frame: it fits the smallest underlay MTU. */
  claimsPerFrame: 30,
  /** Frames of one beat; claims beyond them are not told, and so may be announced by two nodes. */
  framesPerBeat: 255,
  /** Nodes heard of at once, as many as a cluster may have and more; others, which somebody made up, are not heard. */
  rivals: 1024,
  /** Frames remembered, so that those that say the same again need not be read; then all are forgotten. */
  rememberedFrames: 4096,
  /** The V8 heap of the thread. Beyond it the thread dies, and the daemon with it. */
  heapMb: 24,
  youngHeapMb: 2,
} as const;
