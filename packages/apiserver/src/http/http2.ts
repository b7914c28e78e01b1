/**
 * The HTTP/2 side of the front: sessions and streams within bounds, each stream a request and a response in the shape
 * of HTTP/1.1's.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  createServer,
  type Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import {
  type FRONT_TIMES,
  HTTP2_MAX_SESSION_MEGABYTES,
  HTTP2_MAX_STREAMS,
  HTTP2_WINDOW_BYTES,
  MAX_HEADER_BYTES,
} from "../limits.ts";

/** Node's has no `destroyed`; without it whoever waits for "drain" would wait for a client that has gone. */
class Response extends Http2ServerResponse {}
Object.defineProperty(Response.prototype, "destroyed", {
  get(this: Http2ServerResponse) {
    return this.stream.destroyed || this.stream.closed;
  },
});

type Times = { readonly [time in keyof typeof FRONT_TIMES]: number };
type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** It gets its connections by `emit("connection", tlsSocket)`. */
export function createHttp2Server(onRequest: OnRequest, times: Times): Http2Server {
  const server = createServer({
    Http2ServerRequest,
    Http2ServerResponse: Response as typeof Http2ServerResponse,
    maxSessionMemory: HTTP2_MAX_SESSION_MEGABYTES,
    settings: {
      maxConcurrentStreams: HTTP2_MAX_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
      initialWindowSize: HTTP2_WINDOW_BYTES,
      enablePush: false,
    },
  });
  server.on("session", session => closeWhenIdle(session, times));
  // The client broke the protocol or went: its session is destroyed already.
  server.on("sessionError", () => {});
  server.on("request", (request, response) => {
    boundStream(request, response.stream, times);
    // What HTTP/1.1 calls the host; RFC 9113 §8.3.1.
    request.headers.host ??= request.authority;
    onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
  return server;
}

/** A session without an open stream goes, however many other frames it carries. */
function closeWhenIdle(session: ServerHttp2Session, times: Times): void {
  let open = 0;
  let timer = setTimeout(() => session.destroy(), times.headersMs).unref();
  session.on("stream", (stream: ServerHttp2Stream) => {
    open++;
    clearTimeout(timer);
    stream.once("close", () => {
      if (--open > 0 || session.destroyed) return;
      // GOAWAY first, so that a request that crosses it is sent again elsewhere.
      timer = setTimeout(() => session.close(), times.idleMs).unref();
    });
  });
  session.once("close", () => clearTimeout(timer));
}

/** A request must arrive, and an answer be taken, in time; a watch that has nothing to say may be silent. */
function boundStream(request: Http2ServerRequest, stream: ServerHttp2Stream, times: Times): void {
  if (!stream.endAfterHeaders) {
    const late = () => stream.close(constants.NGHTTP2_CANCEL);
    const timer = setTimeout(late, times.requestMs).unref();
    const clear = () => clearTimeout(timer);
    request.once("end", clear);
    stream.once("close", clear);
  }
  stream.setTimeout(times.sendStallMs, () => {
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
  });
}
