/** Bounds and times of the controllers. */
export const LIMITS = {
  /** A cluster CIDR holds at most 2^16 node CIDRs, as upstream; more is refused at start. */
  nodeSubnetBits: 16,
  /** A node this long silent is NotReady. */
  nodeSilenceMs: 5_000,
  /** Pods a node takes when it does not say (status.allocatable or status.capacity `pods`), as upstream. */
  podsPerNode: 110,
  /**
   * How long a Pod may name a Node that does not exist before it is collected (as upstream): a Pod may be
   * created before its node registers.
   */
  missingNodeQuarantineMs: 40_000,
  /** A Pod that could not be bound for no fault of its own is tried again after this. */
  bindRetryMs: 1_000,
  /** Objects of a workload kind reconciled at once, so that their writes share commits. */
  workloadsAtOnce: 16,
  /** Pods made or deleted by one reconcile of a ReplicaSet, as upstream; the next one goes on. */
  podsAtOnce: 500,
  /** The same for DaemonSets, as upstream. */
  daemonPodsAtOnce: 250,
  /** A failing daemon Pod of a node is replaced after this, doubling, as upstream. */
  daemonReplacementMs: { first: 1_000, most: 15 * 60_000 },
  /** Endpoints of one slice, as upstream: small enough that a change of one is a small write. */
  endpointsPerSlice: 100,
  /** Addresses of one Endpoints, as upstream; the others are left out, and an annotation says so. */
  addressesOfEndpoints: 1_000,
  /**
   * After a write of the slices or the Endpoints of a Service the next one waits so long: a burst of changes becomes few
   * writes, and one change none the later. Endpoints are written whole, and nothing in the cluster waits for them.
   */
  endpointsRestMs: { slices: 20, endpoints: 100 },
  /** Addresses of a subset of Endpoints that are mirrored, as upstream: so many fit in one slice. */
  mirroredAddresses: 1_000,
  /** Ended Pods that a Job's status lists at once, as upstream; the others wait with their finalizers. */
  uncountedPods: 500,
  /** Nodes that come and go within this show in the slices of the cluster's DNS at once: every node is told of each version. */
  clusterDnsDelayMs: 50,
  /** Writes that fail for no fault of the object (conflict, store busy) are tried again after this, doubling. */
  retryDelayMs: { first: 20, most: 10_000 },
} as const;
