/**
 * The door through which clients come:
 *
 *     socket -> TLS (1.2 or later, client certificate asked for) -> ALPN -> HTTP/2
 *                                                                        -> HTTP/1.1, which upgrades as well
 *
 * It may listen on several sockets, also on one that was opened elsewhere (in another network namespace). Node's own
 * `http2.createSecureServer` speaks both protocols too, but keeps none of the time limits of its HTTP/1.1 side unless
 * it listens itself, and it listens on one socket only.
 */
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { FRONT_TIMES, MAX_CONNECTIONS, MAX_HEADER_BYTES } from "../limits.ts";
import { createHttp2Server } from "./http2.ts";
import { refuseMalformed, refusePlainHttp } from "./upgrade.ts";

/** PEM. */
export interface ServerCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Whose client certificates count. */
  readonly clientAuthority: string;
}

export interface FrontHandlers {
  /** Requests of HTTP/2 have the shape of HTTP/1.1's. */
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export type FrontTimes = { readonly [time in keyof typeof FRONT_TIMES]: number };

export class Front {
  readonly #listeners = new Set<Server>();
  readonly #connections = new Set<Socket>();
  readonly #tls;
  readonly #http1;
  readonly #times: FrontTimes;

  constructor(credentials: ServerCredentials, handlers: FrontHandlers, times: FrontTimes = FRONT_TIMES) {
    this.#times = times;
    this.#http1 = http1Server(handlers, times);
    const http2 = createHttp2Server(handlers.request, times);
    this.#tls = createTlsServer({
      cert: credentials.certificate,
      key: credentials.key,
      ca: credentials.clientAuthority,
      requestCert: true,
      // Who comes without a good certificate is told so by a Status.
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: times.handshakeMs,
    });
    this.#tls.on("secureConnection", (socket: TLSSocket) => {
      const server = socket.alpnProtocol === "h2" ? http2 : this.#http1;
      server.emit("connection", socket);
    });
    // A client that breaks off, takes too long, or speaks something else.
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /** Resolves to the port. Rejects with the system's error. */
  async listen(options: ListenOptions | { fd: number }): Promise<number> {
    const listener = createServer({ noDelay: true }, socket => this.#accept(socket));
    listener.maxConnections = MAX_CONNECTIONS;
    this.#listeners.add(listener);
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(options, resolve);
    });
    return (listener.address() as AddressInfo).port;
  }

  /** Ends all connections, whatever they carry. */
  async close(): Promise<void> {
    const closed = [...this.#listeners].map(
      each => new Promise<void>(resolve => each.close(() => resolve())),
    );
    for (const socket of this.#connections) socket.destroy();
    this.#http1.close();
    await Promise.all(closed);
  }

  /** The first bytes say whether it is TLS. */
  #accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.once("close", () => this.#connections.delete(socket));
    // Whoever reads or writes the socket finds out by itself.
    socket.on("error", () => {});
    socket.setTimeout(this.#times.handshakeMs, () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.setTimeout(0).removeAllListeners("timeout");
      if (looksLikeHttp(first)) return refusePlainHttp(socket);
      socket.unshift(first);
      this.#tls.emit("connection", socket);
    });
  }
}

/** A request line begins with a letter, a TLS record (RFC 8446 §5.1) with its type, 22. */
function looksLikeHttp(first: Buffer): boolean {
  return /^[A-Z]$/.test(String.fromCharCode(first[0]!));
}

/** It gets its connections from the TLS server and never listens itself. */
function http1Server({ request: onRequest, upgrade }: FrontHandlers, times: FrontTimes) {
  const server = createHttp1Server({
    headersTimeout: times.headersMs,
    requestTimeout: times.requestMs,
    keepAliveTimeout: times.idleMs,
    connectionsCheckingInterval: times.checkMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const busy = new WeakSet<Duplex>();
  server.on("request", (request, response) => {
    const { socket } = request;
    busy.add(socket);
    response.once("close", () => busy.delete(socket));
    onRequest(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    (socket as Socket).setTimeout(0);
    upgrade(request, socket, head);
  });
  server.on("clientError", refuseMalformed);
  // A watch may be silent for long. What may not last: an idle connection, and a client that takes nothing.
  server.timeout = times.sendStallMs;
  server.on("timeout", socket => {
    if (!busy.has(socket) || socket.writableLength > 0) socket.destroy();
  });
  // Only a server that listens looks after its time limits.
  server.emit("listening");
  return server;
}
