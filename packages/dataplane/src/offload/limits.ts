/** Every bound of splitting and merging, why it is what it is, and what happens there. */

/** UDP_MAX_SEGMENTS of kernels before 6.9: more datagrams in one sendmsg are EINVAL. Then a new message begins. */
export const MAX_SEGMENTS_PER_MESSAGE = 64;

/**
 * IPv4's 65,535 less 20 and 8; IPv6 would take 65,527. One bound serves both underlays.
 * A message that would be larger is followed by another.
 */
export const MAX_MESSAGE_BYTES = 65_507;

/**
 * Inner IP and transport headers of a super-packet: 60 + 60 for IPv4, 40 + 60 and some extension headers for
 * IPv6. Longer ones are rejected by name (`HeadersTooLong`); Linux sends none.
 */
export const MAX_INNER_HEADER_BYTES = 256;

/**
 * Segments of one super-packet: 64 KB at an MSS of 48, the least that Linux takes, is 1,365. Above it: rejected
 * by name (`TooManySegments`), or a one-byte `gso_size` would turn one packet into 65,000.
 */
export const MAX_SEGMENTS_PER_PACKET = 1_366;

/** Segments merged into one TCP super-packet: 64 KB at an MSS of 536 is 122. The next one begins another. */
export const MAX_MERGED_TCP_SEGMENTS = 128;

/** The kernel's UDP_GRO_CNT_MAX: receivers in the kernel were written for this many datagrams in one. */
export const MAX_MERGED_UDP_SEGMENTS = 64;

/** The total length of IPv4; the same for IPv6, whose super-packets Linux keeps to it without BIG TCP. */
export const MAX_MERGED_BYTES = 65_535;
