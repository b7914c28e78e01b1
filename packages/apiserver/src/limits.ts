/** The bounds of the API server, each with its reason and what happens there. */

/** A request's body, in bytes: upstream's bound. Beyond: 413. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;

/** All headers of a request, in bytes. Beyond: 431, or over HTTP/2 the stream is refused. */
export const MAX_HEADER_BYTES = 64 * 1024;

/** How deep a body nests. Beyond: 400; what walks through it later needs no bound of its own. */
export const BODY_MAX_DEPTH = 200;

/** How long a client may take, in milliseconds. Beyond, its connection is closed, or over HTTP/2 its stream reset. */
export const FRONT_TIMES = {
  /** For the first byte, and then for the TLS handshake. */
  handshakeMs: 10_000,
  /** For its headers; over HTTP/2 for its first request. */
  headersMs: 10_000,
  /** For its whole request. */
  requestMs: 60_000,
  /** To take nothing of an answer that waits for it: what is not taken stays in memory. */
  sendStallMs: 60_000,
  /** Between requests: longer than clients keep an idle connection, so that they close first. */
  idleMs: 120_000,
  /** How often the first three are looked at over HTTP/1.1: what they may be late by. */
  checkMs: 5_000,
} as const;

/** Connections at once on each address: a thousand watchers and room beyond. More are closed as they come. */
export const MAX_CONNECTIONS = 10_000;

/** Requests of one HTTP/2 connection at once, as upstream. Beyond: the stream is refused, the client sends it again. */
export const HTTP2_MAX_STREAMS = 250;

/** What one stream of HTTP/2 may have under way towards the server: little enough for all streams of a connection. */
export const HTTP2_WINDOW_BYTES = 64 * 1024;

/** Memory of one HTTP/2 connection. Beyond: new streams are refused until some have ended. */
export const HTTP2_MAX_SESSION_MEGABYTES = 32;

/** A watch ends after this many seconds when its client does not say; spread, so that not all come back at once. */
export const WATCH_SECONDS_LEAST = 1_800;
export const WATCH_SECONDS_MOST = 3_600;

/** The longest that a timer can wait, in seconds: 24 days. A client that asks for a longer watch gets one of these. */
export const WATCH_SECONDS_BOUND = 2_147_483;

/** A watch that asked for bookmarks gets one this often. */
export const BOOKMARK_INTERVAL_MS = 60_000;

/** And one this long before it ends (upstream: cacher's nextBookmarkTime). */
export const BOOKMARK_BEFORE_END_MS = 2_000;

/** A read at a revision that has not come yet waits this long for it. Beyond: 504, try again. */
export const FRESHNESS_WAIT_MS = 3_000;

/** Writes that lose to another writer are tried again this often when the client left the choice to the server. */
export const CONFLICT_RETRIES = 20;

/** All warnings of one answer, and then each of them, in characters, as upstream. Beyond: cut short, and the last left out. */
export const WARNINGS_MAX_CHARACTERS = 4 * 1024;
export const WARNING_MAX_CHARACTERS = 256;

/** Attempts to find a free name for `generateName`. */
export const GENERATED_NAME_ATTEMPTS = 8;

/** The base of a generated name, in characters: with its suffix it fits a DNS label. */
export const GENERATED_NAME_BASE = 58;

/** Objects read at a time when selectors decide which of them count. */
export const SELECTION_PAGE = 500;

/** Events live this long after they were last seen, as upstream's. */
export const EVENT_TTL_MS = 60 * 60 * 1_000;

/** Events of one namespace: beyond, the ones seen longest ago go. */
export const EVENTS_MAX_PER_NAMESPACE = 1_000;

/** Events that are counted when they happen again, as upstream. Beyond, the one longest ago becomes a new Event. */
export const EVENTS_REMEMBERED = 4_096;

/** Bytes waiting in a WebSocket before reading from the container pauses. */
export const SOCKET_HIGH_WATER_BYTES = 1024 * 1024;

/** A client's WebSocket message, in bytes: upstream's bound, since some clients send all they have as one. Beyond: closed. */
export const SOCKET_MESSAGE_MAX_BYTES = 32 * 1024 * 1024;

/** Compressed and plain size of the headers that open a SPDY stream. Beyond: the connection is closed. */
export const SPDY_CONTROL_FRAME_MAX_BYTES = 16 * 1024;
export const SPDY_HEADER_BLOCK_MAX_BYTES = 64 * 1024;

/** What a SPDY stream holds that has not been read: the protocol's initial window. Beyond: the connection waits. */
export const SPDY_WINDOW_BYTES = 64 * 1024;

/** Streams open on one SPDY connection: 500 forwarded connections. Beyond: the stream is refused. */
export const SPDY_MAX_STREAMS = 1_000;

/** A peer that does not close after GOAWAY is cut off, in milliseconds. */
export const SPDY_CLOSE_GRACE_MS = 5_000;

/** A client of SPDY opens the streams that it asked for within this, as upstream's kubelet. Beyond: it is cut off. */
export const STREAM_CREATION_TIMEOUT_MS = 30_000;

/** How often a client is written to even if there is nothing to say, so that one that has gone is found. */
export const STREAM_HEARTBEAT_MS = 15_000;

/** Ports of one WebSocket: two channels each, numbered by a byte. Beyond: 400. */
export const SOCKET_MAX_PORTS = 127;

/** A list of so many bytes is compressed for a client that takes it, as upstream's are; a shorter one gains nothing. */
export const GZIP_LEAST_BYTES = 128 * 1024;

/** Bytes gathered before they are written to a client: one system call for many objects. */
export const WRITE_CHUNK_BYTES = 256 * 1024;
