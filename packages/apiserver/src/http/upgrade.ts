/** Answers on a socket that is not, or no longer, in HTTP's hands: a Status, written out. */
import { type IncomingMessage, ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ApiError, badRequest, requestTimeout } from "@podwire/api";

export function refuseUpgrade(socket: Duplex, error: ApiError): void {
  if (!socket.writable) return;
  const body = JSON.stringify(error.status);
  const lines = [
    `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? "Error"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** What reached the server is no HTTP, or came too slowly. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET") return;
  refuseUpgrade(socket, statusOf(error));
}

/** As upstream answers it, for people who typed http:// into something. */
export function refusePlainHttp(socket: Duplex): void {
  socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

function statusOf({ code, message }: NodeJS.ErrnoException): ApiError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return requestTimeout("the request took too long to arrive");
  if (code === "HPE_HEADER_OVERFLOW") {
    return new ApiError(431, "RequestHeaderFieldsTooLarge", "the request's headers are too large");
  }
  return badRequest(`the request is not HTTP/1.1: ${message}`);
}

/** For a client that offers another protocol where there is none: it is answered in this one (RFC 9110 §7.8). */
export function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => socket.end());
  return response;
}
