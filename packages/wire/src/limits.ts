/** Every bound of this package, why it is what it is, and what happens there. */

/**
 * Extension headers walked in one IPv6 packet. Real packets carry one or two; RFC 8504 §5.3 lets a node
 * stop at a bound of its own. Beyond it: `Fit.TooManyExtensions`.
 */
export const MAX_IPV6_EXTENSION_HEADERS = 8;

/**
 * Bytes from the start of the IPv6 header to the transport header: 11 bits of 8-byte units in a walk's
 * result (see ipv6-extensions.ts). Beyond it: `Fit.TooManyExtensions`.
 */
export const MAX_IPV6_TRANSPORT_OFFSET = 2047 * 8;
