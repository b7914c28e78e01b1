/** The upgrade to SPDY/3.1, with the subprotocol negotiated in headers of its own, as upstream's `httpstream`. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { ApiError } from "@podwire/api";

const PROTOCOL_HEADER = "x-stream-protocol-version";

export function isSpdyRequest({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "spdy/3.1";
}

/** The first that the client offers and the server has; undefined when it offers none. Throws Forbidden. */
export function chooseSpdyProtocol(
  { headers }: IncomingMessage,
  supported: readonly string[],
): string | undefined {
  const offered = [headers[PROTOCOL_HEADER] ?? []]
    .flat()
    .flatMap(each => each.split(",").map(one => one.trim()));
  if (offered.length === 0) return undefined;
  const found = offered.find(each => supported.includes(each));
  if (found !== undefined) return found;
  throw new ApiError(
    403,
    "Forbidden",
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(" ")}], server accepts [${supported.join(" ")}]`,
  );
}

export function acceptSpdy(socket: Duplex, protocol: string | undefined): void {
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: SPDY/3.1"];
  if (protocol !== undefined) lines.push(`X-Stream-Protocol-Version: ${protocol}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
}
