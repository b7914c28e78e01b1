/**
 * The bounds of a benchmark run. All of them guard the machine that it runs on: a run that cannot get what
 * it waits for ends with a message instead of staying.
 */

/** Fewer rounds than this have no meaningful median; asked for less, a run refuses. */
export const LEAST_ROUNDS = 3;
export const MOST_ROUNDS = 100;
export const DEFAULT_ROUNDS = 3;

/** How long one measurement takes. Longer than a minute a side tells nothing new; the run refuses it. */
export const LEAST_DURATION_SECONDS = 0.1;
export const MOST_DURATION_SECONDS = 60;
export const DEFAULT_DURATION_SECONDS = 2;

/** A network namespace is made at once, except on a machine that is out of memory. */
export const NAMESPACE_READY_MS = 10_000;

/** A generator that does not listen, or does not end, within these is killed and its round has failed. */
export const GENERATOR_READY_MS = 15_000;
export const GENERATOR_SLACK_MS = 20_000;

/** What a generator may print, result included; a histogram is summed up before it is printed. */
export const GENERATOR_OUTPUT_BYTES = 1 << 20;

/** Before the window opens: TCP has left slow start and both sides have compiled their loops. */
export const MOST_WARM_UP_SECONDS = 0.5;

/** Bytes of one send or receive of a TCP stream: what iperf3 uses. */
export const STREAM_BUFFER_BYTES = 128 * 1024;

/** Socket buffer of the UDP sink: bursts shorter than a scheduler's time slice must not count as loss. */
export const UDP_RECEIVE_BUFFER_BYTES = 8 << 20;

/** A UDP rate is good while less than this share of what was sent is missing. */
export const LOSS_LIMIT = 0.01;

/** Of the rate search, so that it ends: datagrams a second, and steps of each phase. */
export const FIRST_RATE = 8_000;
export const MOST_RATE = 4_000_000;
export const REFINING_STEPS = 5;

/** The processor that "everything pinned to one core" means. */
export const PINNED_PROCESSOR = 0;
/** Where the server is when the peers are to be on two. */
export const SECOND_PROCESSOR = 1;

/** How long the idle lab is watched for its share of a processor. */
export const IDLE_WINDOW_MS = 10_000;

/** dnsperf waits for answers that are due; CoreDNS for its caches. */
export const DNSPERF_SLACK_MS = 30_000;
export const COREDNS_READY_MS = 30_000;

/** A Pod that does not answer, or a lab that is not Ready, by then fails the size benchmark. */
export const POD_ANSWERS_MS = 30_000;
export const LAB_READY_MS = 120_000;
export const CONTROL_PLANE_READY_MS = 30_000;

/** How long a lab is left alone before it counts as idle: V8 compiles and collects for some seconds after a start. */
export const SETTLE_MS = 12_000;

/** Sixty thousand chains in one transaction of nft. */
export const NFT_MS = 180_000;

/** How long a UDP socket may go unanswered before the benchmark of Services gives up. */
export const SILENCE_MS = 20_000;
