/** Bounds of the tables: what the number is, why, and what happens at the bound. */
export const limits = {
  /** TUN devices of a node, `pw0` among them. Kubernetes advises 110 pods a node; a pod beyond is left out and reported. */
  ports: 1024,
  /** Rows for other nodes. A peer with an index beyond is left out and reported. */
  peers: 4096,
  /**
   * Parts of the table of Services, a power of two: with 10,000 Services of two ports, one change builds a part of some
   * hundred rows. More Services make longer parts.
   */
  serviceShards: 256,
  /** Records the ring keeps (128 bytes each): older ones are overwritten, a slow reader learns how many it lost. */
  flowRecords: 4096,
} as const;
