/**
 * `pods|services/NAME/proxy/PATH`: the request goes to the backend as it came, but for the path, and the answer comes
 * back, both as they flow. An upgrade becomes a tunnel when the backend agrees.
 *
 *   find the backend -> connect through its node -> forward
 */
import {
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { connect as connectTls } from "node:tls";
import { ApiError, internalError, serviceUnavailable } from "@podwire/api";
import type { NamedExchange } from "../../exchange.ts";
import { sendError } from "../../respond.ts";
import { responseOn } from "../../upgrade.ts";
import { findBackend } from "./backend.ts";
import { endToEnd, requestHeaders, rewriteLocation } from "./headers.ts";
import { connectToPod } from "./pod-socket.ts";

type UpgradeExchange = Omit<NamedExchange, "response">;

export async function proxyRequest(exchange: NamedExchange): Promise<void> {
  const { request, response } = exchange;
  const { prefix, path } = splitUrl(request);
  const isReading = request.method === "GET" || request.method === "HEAD";
  if (isReading && !path.startsWith("/")) {
    // Relative links of the page at the root would else lead beside it.
    response.writeHead(301, { location: `${prefix}/${path}` }).end();
    return;
  }
  const outgoing = await open(exchange, { "x-forwarded-uri": prefix + path.replace(/\?.*/, "") });
  await new Promise<void>(resolve => {
    response.once("close", () => {
      outgoing.destroy();
      resolve();
    });
    outgoing.once("response", incoming => sendAnswer(exchange, incoming, response));
    outgoing.once("error", error => sendError(response, unreachable(error)));
    pipeline(request, outgoing, () => {
      // A client or backend that breaks off is heard of above.
    });
  });
}

export async function proxyUpgrade(exchange: UpgradeExchange, socket: Duplex, head: Buffer): Promise<void> {
  const { request } = exchange;
  const { upgrade } = request.headers;
  const outgoing = await open(exchange, { connection: "Upgrade", upgrade });
  await new Promise<void>((resolve, reject) => {
    socket.once("close", () => {
      outgoing.destroy();
      resolve();
    });
    outgoing.once("upgrade", (incoming, backend, first) => tunnel(socket, head, incoming, backend, first));
    outgoing.once("response", incoming => {
      if (incoming.statusCode! < 400) {
        outgoing.destroy();
        reject(internalError(new Error(`invalid upgrade response: status code ${incoming.statusCode}`)));
      } else sendAnswer(exchange, incoming, responseOn(socket, request));
    });
    outgoing.once("error", error => reject(unreachable(error)));
    outgoing.end();
  });
}

/** The request line, with its headers, on a connection to the backend. */
async function open(
  exchange: UpgradeExchange,
  more: Record<string, string | undefined>,
): Promise<ClientRequest> {
  const { request, services } = exchange;
  const backend = await findBackend(exchange);
  const { pod, port, address } = backend;
  const connection = await connectToPod(services.nodeStreams, pod, port, address);
  return sendRequest({
    createConnection: () => (backend.isTls ? overTls(connection) : connection),
    method: request.method,
    path: splitUrl(request).path || "/",
    headers: { ...requestHeaders(request), ...more },
    setHost: false,
  });
}

/** As upstream: who can make Pods can make their certificates, so none is asked for. */
function overTls(connection: Duplex): Duplex {
  return connectTls({ socket: connection, rejectUnauthorized: false });
}

/** `prefix` ends in `/proxy`; `path` is what follows, with its query. */
function splitUrl({ url = "" }: IncomingMessage): { prefix: string; path: string } {
  const { pathname, search } = new URL(url, "https://server");
  // The target has been found in it: /api/v1/namespaces/NAMESPACE/pods/NAME/proxy, each of them perhaps percent-encoded.
  const end = /^(?:\/[^/]*){7}/.exec(pathname)![0].length;
  return { prefix: pathname.slice(0, end), path: pathname.slice(end) + search };
}

function sendAnswer({ request }: UpgradeExchange, incoming: IncomingMessage, response: ServerResponse): void {
  const headers = endToEnd(incoming.headers);
  const { prefix } = splitUrl(request);
  if (incoming.headers.location !== undefined) {
    const hosts = [request.headers.host ?? ""];
    headers.location = rewriteLocation(incoming.headers.location, prefix, hosts);
  }
  response.writeHead(incoming.statusCode!, headers);
  response.flushHeaders();
  pipeline(incoming, response, error => {
    if (error) response.destroy();
  });
}

/** From here on neither side speaks HTTP. */
function tunnel(client: Duplex, head: Buffer, answer: IncomingMessage, backend: Duplex, first: Buffer): void {
  const lines = [`HTTP/1.1 101 ${answer.statusMessage}`];
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
  }
  client.write(`${lines.join("\r\n")}\r\n\r\n`);
  client.write(first);
  backend.write(head);
  const done = () => {
    client.destroy();
    backend.destroy();
  };
  client.once("close", done).once("error", done);
  backend.once("close", done).once("error", done);
  client.pipe(backend);
  backend.pipe(client);
}

function unreachable(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  return serviceUnavailable(`error trying to reach service: ${error.message}`);
}
