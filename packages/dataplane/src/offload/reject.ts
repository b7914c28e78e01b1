/**
 * Why a packet from a TUN device cannot be sent: `Splitter.send` returns `-OffloadReject`, and the pipeline counts
 * the drop under the name below. `NoRoom` alone is no fault of the packet: flush the outbox and send it again.
 */

export const OffloadReject = {
  None: 0,
  NoRoom: 1,
  /** A `gso_type` that was not asked for, or that does not match the IP version or the protocol. */
  GsoType: 2,
  /** A super-packet without `NEEDS_CSUM`: nobody could have computed its segments' checksums. */
  GsoChecksum: 3,
  /** A `gso_size` of 0 or 65535. */
  GsoSize: 4,
  /** A super-packet whose payload is not larger than `gso_size`. */
  GsoPayload: 5,
  /** `csum_start` is not where the transport header is, or beyond the packet. */
  ChecksumStart: 6,
  /** `csum_offset` is not the protocol's, or beyond the packet. */
  ChecksumOffset: 7,
  /** The TCP data offset is below 5 or points beyond the packet. */
  TransportHeader: 8,
  /** The IP header is not that of one whole packet of this length: bad version or length, or a fragment. */
  IpHeader: 9,
  HeadersTooLong: 10,
  TooManySegments: 11,
  /** A segment with its headers is larger than the path takes: answer "fragmentation needed". */
  TooBig: 12,
} as const;

export type OffloadReject = (typeof OffloadReject)[keyof typeof OffloadReject];

/** The names of drop counters, indexed by `OffloadReject`. */
export const OFFLOAD_REJECT_NAMES: readonly string[] = [
  "none",
  "outbox full",
  "bad gso type",
  "gso without checksum",
  "bad gso size",
  "gso payload too small",
  "bad checksum start",
  "bad checksum offset",
  "bad transport header",
  "bad ip header",
  "headers too long",
  "too many segments",
  "too big for path",
];
