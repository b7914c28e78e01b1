/**
 * WebSockets: which subprotocol is spoken, and the handshake. Everything that may fail with a Status fails before it.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { badRequest } from "@podwire/api";
import { type WebSocket, WebSocketServer } from "ws";
import { SOCKET_MESSAGE_MAX_BYTES } from "../../limits.ts";

const chosen = new WeakMap<IncomingMessage, string>();

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: SOCKET_MESSAGE_MAX_BYTES,
  perMessageDeflate: false,
});
sockets.on("headers", (headers, request) => {
  const protocol = chosen.get(request);
  if (protocol) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

export function isWebSocketRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** The first that the client offers and the server has; "" when it offers none. Throws BadRequest. */
export function chooseProtocol<P extends string>(request: IncomingMessage, supported: readonly P[]): P {
  const header = request.headers["sec-websocket-protocol"] ?? "";
  const offered = header.split(",").map(each => each.trim());
  const found = offered.map(each => supported.find(one => one === each)).find(each => each !== undefined);
  if (found !== undefined) return found;
  const list = (names: readonly string[]) => `[${names.filter(name => name !== "").join(" ")}]`;
  throw badRequest(`requested protocol(s) are not supported: ${list(offered)}; supports ${list(supported)}`);
}

/**
 * Answers the handshake. Undefined when it is malformed, which has then been answered, or when the client has gone.
 * The library would refuse the tunnel's protocol, whose name is no token (RFC 6455 §4.1): it is not shown it.
 */
export function acceptSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): WebSocket | undefined {
  delete request.headers["sec-websocket-protocol"];
  chosen.set(request, protocol);
  let accepted: WebSocket | undefined;
  // Calls back before it returns, or not at all.
  sockets.handleUpgrade(request, socket, head, client => {
    accepted = client;
  });
  // A malformed or oversized message: the library closes the socket, and whoever reads hears of that.
  accepted?.on("error", () => {});
  return accepted;
}
