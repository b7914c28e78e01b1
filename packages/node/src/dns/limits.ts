/** Every bound of the node's DNS server, its reason, and what happens there. */

/** Seconds for which clients may keep an answer about the cluster, as kubeadm has CoreDNS give. */
export const CLUSTER_TTL_SECONDS = 30;

/** The same for the version of the schema, which does not change, as CoreDNS. */
export const VERSION_TTL_SECONDS = 28_800;

/** Services whose records are kept ready, a few kilobytes each. Beyond, all are made again as they are asked for. */
export const MAX_READY_SERVICES = 2_048;

/** Aliases followed for one answer, as CoreDNS. Beyond, the answer ends there. */
export const MAX_ALIASES = 10;

/** What we take over UDP, and the most that we send: no fragment on any usual path (DNS flag day 2020). */
export const UDP_BYTES = 1232;

/** Of the answer to ANY, as RFC 8482 §4.2 has it in its example. */
export const ANY_TTL_SECONDS = 3_600;

/** Memory of the kernel for queries that wait, in bytes: some thousand. Beyond, it drops, and clients ask again. */
export const UDP_RECEIVE_BUFFER_BYTES = 1 << 20;

/** TCP clients at once, all of them and of one address. More are closed as they come. */
export const MAX_TCP_CONNECTIONS = 512;
export const MAX_TCP_CONNECTIONS_PER_CLIENT = 64;

/** Queries of one connection that wait for their answers. Beyond, no more is read until some have theirs. */
export const MAX_TCP_PIPELINED = 64;

/** Answers that a client has not taken, in bytes. Beyond, no more of its queries are read. */
export const MAX_TCP_UNSENT_BYTES = 128 * 1024;

/** A connection on which nothing comes and nothing is due is closed after this, as CoreDNS. */
export const TCP_IDLE_MS = 10_000;

/** Addresses that were found to be of the cluster or not. Beyond, all are looked at anew. */
export const MAX_REMEMBERED_CLIENTS = 4_096;

/** An address or port that cannot be had is tried again after this. */
export const LISTEN_RETRY_MS = 2_000;
