/** Every bound of the node's DNS server, its reason, and what happens there. */

/** Seconds for which clients may keep an answer about the cluster, as kubeadm has CoreDNS give. */
export const CLUSTER_TTL_SECONDS = 30;

/** Services whose records are kept ready, a few kilobytes each. Beyond, all are made again as they are asked for. */
export const MAX_READY_SERVICES = 2_048;

/** Answers kept ready, some hundred bytes each but for Services of many endpoints. Beyond, all are made again. */
export const MAX_READY_ANSWERS = 4_096;

/** Aliases followed for one answer, as CoreDNS. Beyond, the answer ends there. */
export const MAX_ALIASES = 10;

/** What we take over UDP, and the most that we send: no fragment on any usual path (DNS flag day 2020). */
export const UDP_BYTES = 1232;

/** Of the answer to ANY, as RFC 8482 §4.2 has it in its example. */
export const ANY_TTL_SECONDS = 3_600;

/** Memory of the kernel for queries that wait, in bytes: some thousand. Beyond, it drops, and clients ask again. */
export const UDP_RECEIVE_BUFFER_BYTES = 1 << 20;

/** Batches of datagrams taken in one turn of the event loop. Beyond, the next turn goes on. */
export const MAX_BATCHES_AT_ONCE = 4;

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

/** An answer of another server is kept no longer than this, as kubeadm has CoreDNS do (`cache 30`): labs change. */
export const MAX_KEPT_SECONDS = 30;

/** Answers kept, and what they cost in bytes. Beyond, the ones used longest ago go. */
export const MAX_CACHED_ANSWERS = 10_000;
export const MAX_CACHED_BYTES = 8 << 20;

/** For how long beyond its time an answer helps out when nobody can be asked (RFC 8767 §5 suggests a day or more). */
export const MAX_STALE_SECONDS = 3_600;

/** The time to live of such an answer, and when a client gets it that waits for a new one (RFC 8767 §5). */
export const STALE_TTL_SECONDS = 30;
export const STALE_ANSWER_AFTER_MS = 1_800;

/** How long a server may take, and how many are tried: less in all than the 5 s for which clients wait. */
export const ATTEMPT_TIMEOUT_MS = 2_000;
export const MAX_ATTEMPTS = 2;

/** A server that did not answer so often in a row is asked last, and tried in the background this often. */
export const FAILURES_UNTIL_DOWN = 2;
export const PROBE_INTERVAL_MS = 1_000;

/** Questions that other servers are being asked at once, as kubeadm has CoreDNS do, and of one client. Beyond: REFUSED. */
export const MAX_WAITING_QUESTIONS = 1_000;
export const MAX_WAITING_PER_CLIENT = 200;

/** Questions that go over one socket to a server, and how long it may wait for the next. Then: another socket. */
export const QUESTIONS_PER_LINE = 64;
export const LINE_IDLE_MS = 1_000;
