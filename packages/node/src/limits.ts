/** Every bound of the node daemon, its reason, and what happens there. */

/**
 * Ranges with more addresses than this are never used up by one node, so released offsets are forgotten
 * instead of kept for reuse (a /64 would otherwise remember every pod that ever was).
 */
export const MAX_REUSABLE_OFFSETS = 2 ** 20;

/** Packets that wait in a TUN for the daemon; at the bound the kernel drops, as on any full device queue. */
export const TUN_QUEUE_PACKETS = 1000;

/** VXLAN header, inner Ethernet, UDP and IP of the outer packet, in bytes. */
export const ENCAPSULATION_BYTES = { ipv4: 50, ipv6: 70 } as const;

/** A super-packet and its encapsulation must fit one IP packet of 65535 bytes, whatever the underlay could carry. */
export const MAX_POD_MTU = 65485;

/** The smallest underlay on which pods can still have IPv6's minimum MTU of 1280 (RFC 8200 §5). */
export const MIN_POD_MTU = 1280;

/** What the scheduler places here unless told otherwise; upstream's default as well. */
export const DEFAULT_POD_CAPACITY = 110;

/** Streams open at one time (exec, attach, logs, forwarded connections); another one is refused with a message. */
export const MAX_STREAMS = 1024;

/** A forwarded connection whose pod has closed its side, and whose client sends nothing, is closed after this. */
export const HALF_CLOSED_IDLE_MS = 60_000;

/** A health-check port that is taken is tried again after this. */
export const RETRY_HEALTH_PORT_MS = 2000;

/** Where kube-proxy tells its health, and load balancers ask for it. */
export const PROXY_HEALTH_PORT = 10_256;

/** Node ports and routes that the kernel refused, for lack of memory, are tried again after this. */
export const RETRY_ENTRY_POINTS_MS = 1000;
