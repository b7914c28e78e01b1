/** Bounds of the data plane: what the number is, why, and what happens at the bound. */
export const limits = {
  /** Flows that are tracked at once, 192 bytes each. At the bound the oldest idle one goes, and is counted. */
  flows: 65_536,
  /** Fragmented packets under way at once. At the bound the oldest goes: its later fragments are dropped by name. */
  fragmentedPackets: 1024,
  /** How long later fragments may follow the first (RFC 791 and RFC 8200 allow a receiver 60 s, Linux gives 30). */
  fragmentTimeoutMs: 30_000,
  /** Flows that one tick looks at for expiry: a tick then takes well under a millisecond. */
  flowsSweptPerTick: 4096,
  /** IPv6 extension headers of one packet. More are dropped as malformed. */
  ipv6ExtensionHeaders: 8,
  /** ICMP errors and TCP resets a second towards one port or peer, and in one burst. Beyond, the drop is a silent one. */
  answersPerSecond: 100,
  answerBurst: 20,
  /** Source ports that are tried for a translated flow whose own is taken. Then its first packet is dropped by name. */
  portAttempts: 64,
  /**
   * Clients that Services are bound to (sessionAffinity), 64 bytes each. At the bound the one whose last flow is longest ago
   * goes, and is counted.
   */
  affinities: 32_768,
  /** Flow records of dropped packets a second, so that a flood does not push everything else out of the ring. */
  dropRecordsPerSecond: 200,
  dropRecordBurst: 200,
  /** How long a path MTU that the kernel learned holds (RFC 1191 §6.3: ten minutes). */
  pathMtuLifetimeMs: 600_000,
  /** Datagrams of one UDP_SEGMENT message: what every kernel with UDP GSO takes. */
  segmentsPerMessage: 64,
  /** Bytes of one message: the largest UDP payload over IPv4, also used for IPv6. */
  bytesPerMessage: 65_507,
  /** Bytes of one packet: an IPv6 header and the most that its payload length can say. Longer reads are cut. */
  packetBytes: 65_575,
} as const;

/** How long a flow may be idle, by what it is. Linux's defaults, but for an established TCP flow (there 5 days). */
export const timeouts = {
  tcpSynSentMs: 120_000,
  tcpSynReceivedMs: 60_000,
  /** A day: what kube-proxy sets. A flow that was idle longer is picked up again by its next packet. */
  tcpEstablishedMs: 86_400_000,
  tcpFinMs: 120_000,
  tcpLastAckMs: 30_000,
  tcpTimeWaitMs: 120_000,
  tcpClosedMs: 10_000,
  udpMs: 30_000,
  /** Both directions have been seen. */
  udpStreamMs: 120_000,
  icmpMs: 30_000,
  sctpSetupMs: 60_000,
  /** Seven heartbeats of 30 s (RFC 9260 §8.3). */
  sctpEstablishedMs: 210_000,
  sctpShutdownMs: 10_000,
  otherMs: 600_000,
} as const;
