/**
 * Every bound of the lab, with its reason and what happens at it. Field bounds of lab.yaml are reported with
 * the line and column of the field.
 */

/** Nodes of one lab. Each is a process of some 60 MB; at the bound lab.yaml is refused. */
export const MAX_NODES = 250;

/** Labels, or taints, of one node. lab.yaml is refused. */
export const MAX_NODE_ATTRIBUTES = 64;

/** Bytes of a lab.yaml; larger files are refused unread. */
export const MAX_CONFIG_BYTES = 1 << 20;

/** Problems reported for one lab.yaml; the rest are counted. */
export const MAX_CONFIG_PROBLEMS = 50;

/** A lab's name is part of a socket's path, which the kernel holds to 107 bytes. Longer names are refused. */
export const MAX_LAB_NAME_LENGTH = 40;
export const MAX_SOCKET_PATH_BYTES = 107;

/** Host number on the underlay of the control plane, where nodes and Pods reach the API server. */
export const CONTROL_PLANE_HOST = 1;
/** And its port there. */
export const UNDERLAY_API_PORT = 6443;

/** Host numbers on the underlay: outside hosts, then nodes. More outside hosts than fit in between are refused. */
export const FIRST_OUTSIDE_HOST = 2;
export const FIRST_NODE_HOST = 11;
export const MAX_OUTSIDE_HOSTS = FIRST_NODE_HOST - FIRST_OUTSIDE_HOST;

/**
 * Load balancers of a lab without pools get this many addresses: the last of the underlay's first 65536 host numbers, or
 * what nodes leave of a smaller underlay.
 */
export const DEFAULT_POOL_ADDRESSES = 254;
export const DEFAULT_POOL_END = 65_534;

/** Pools of load balancers, and ranges of each. lab.yaml is refused. */
export const MAX_POOLS = 64;
export const MAX_POOL_RANGES = 64;

/** Smallest underlay MTUs: RFC 791 hosts accept 576 bytes, IPv6 needs 1280 (RFC 8200 §5) inside and outside. */
export const MIN_POD_MTU_IPV4 = 576;
export const MIN_MTU_IPV6 = 1280;
export const MAX_MTU = 65535;

/** Servers that are asked for a domain's names, and such domains. lab.yaml is refused. */
export const MAX_DNS_UPSTREAMS = 8;
export const MAX_STUB_DOMAINS = 64;

/** Characters of a domain: names below it must fit the 253 that a name has. lab.yaml is refused. */
export const MAX_DOMAIN_LENGTH = 120;

/** The smallest Service CIDR: the API server, the cluster's DNS and a few more. lab.yaml is refused. */
export const MIN_SERVICE_ADDRESSES = 16;

/** A cluster CIDR holds at most 2^16 node CIDRs, as upstream: the control plane takes no more. lab.yaml is refused. */
export const MAX_NODE_SUBNET_BITS = 16;

/** Outer IP, UDP, VXLAN and inner Ethernet headers (RFC 7348 §5). */
export const OVERLAY_BYTES = { IPv4: 50, IPv6: 70 } as const;

/** A process log is cut to its second half at this size, so that a lab left alone does not fill /run. */
export const MAX_LOG_BYTES = 4 << 20;

/** The last lines of a log that an error quotes, and of how many nodes that failed alike. */
export const QUOTED_LOG_LINES = 15;
export const QUOTED_LOGS = 2;

/** lab.json that could not be written, for lack of room, is written again after this. */
export const SAVE_RETRY_MS = 1_000;

/**
 * A daemon must write its ready line within this time, and so much more for every node that starts along with
 * it, else the start fails and quotes its log.
 */
export const READY_TIMEOUT_MS = 20_000;
export const READY_TIMEOUT_MS_PER_NODE = 1_000;

/** Nodes must become Ready within this time of `up`; --wait-timeout overrides. */
export const DEFAULT_WAIT_TIMEOUT_MS = 30_000;

/** A daemon that dies is started again at once; one that dies again soon waits, doubling up to the bound. */
export const FIRST_RESTART_BACKOFF_MS = 100;
export const MAX_RESTART_BACKOFF_MS = 10_000;
/** A daemon that lived this long starts over with no backoff. */
export const STABLE_AFTER_MS = 10_000;

/** Daemons get this long after SIGTERM to close what they hold; then everything of the lab gets SIGKILL. */
export const TERMINATION_GRACE_MS = 2_000;
/** What SIGKILL hit must be gone within this time; else `down` names what stays and fails. */
export const KILL_TIMEOUT_MS = 5_000;
/** How often `down` looks at /proc for processes that are not its children (they raise no event for us). */
export const PROCESS_POLL_MS = 4;
/** Rounds of finding and killing; each one can only find what was forked during the one before. */
export const MAX_SWEEP_ROUNDS = 20;

/** How long `up` and `down` wait for one another on the same lab before giving up with a message. */
export const LOCK_TIMEOUT_MS = 15_000;

/** Bytes of a user's kubeconfig; larger ones are refused unread. */
export const MAX_KUBECONFIG_BYTES = 4 << 20;

/** How long a kubeconfig's lock file may be another program's, and how often it is looked at. Then: an error. */
export const KUBECONFIG_LOCK_TIMEOUT_MS = 10_000;
export const KUBECONFIG_LOCK_POLL_MS = 20;

/** Free bytes under the run directory before a lab is made: stores and logs live there. */
export const MIN_FREE_BYTES = 64 << 20;

/** API ports are chosen from here, below the kernel's ephemeral range, so that a restart finds its port free. */
export const FIRST_API_PORT = 20_000;
export const API_PORTS = 10_000;

/** Output of a command run by `Lab.exec` or on an outside host that is kept; the rest is dropped. */
export const MAX_EXEC_OUTPUT_BYTES = 16 << 20;
