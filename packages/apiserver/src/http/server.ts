/**
 * The HTTP front: every request goes through access, then to its handler; every failure becomes a Status. Plain
 * HTTP/1.1; `makeServer` is the one place that would make it HTTPS and HTTP/2.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { badRequest } from "@podwire/api";
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS, MAX_CONNECTIONS, REQUEST_TIMEOUT_MS } from "../limits.ts";
import type { NodeStreams } from "../node-streams.ts";
import type { Registry } from "../registry/registry.ts";
import { toApiError } from "../registry/store-errors.ts";
import { type Access, adminAccess } from "./access.ts";
import type { Services } from "./exchange.ts";
import { sendError } from "./respond.ts";
import { routeObject, routeOther } from "./router.ts";
import { isUpgradable } from "./streams/table.ts";
import { parseTarget } from "./target.ts";
import { refuseMalformed, refuseUpgrade } from "./upgrade.ts";

export interface ApiServerOptions {
  readonly registry: Registry;
  readonly nodeStreams: NodeStreams;
  /** Who may do what; everyone everything when absent. */
  readonly access?: Access;
  /** For what nobody asked about: failures that are the server's own. */
  readonly log?: (message: string) => void;
  readonly nowMs?: () => number;
}

export interface ApiServer {
  /** Resolves to the port, which the system chooses for 0. Rejects with what is wrong and the way out. */
  listen(port: number, host: string): Promise<number>;
  /** Ends all connections, watches included. */
  close(): Promise<void>;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const services: Services = {
    registry: options.registry,
    nodeStreams: options.nodeStreams,
    nowMs: options.nowMs ?? Date.now,
    log: options.log ?? (() => {}),
  };
  const access = options.access ?? adminAccess;
  const server = makeServer();
  const upgraded = new Set<Duplex>();
  server.on("request", (request, response) => void answer(services, access, request, response));
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    void upgrade(services, access, request, socket, head);
  });
  server.on("clientError", refuseMalformed);
  return { listen: (port, host) => listen(server, port, host), close: () => close(server, upgraded) };
}

function makeServer(): Server {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    noDelay: true,
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function parseUrl(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? "/", "http://server");
  } catch {
    throw badRequest(`the request's address ${JSON.stringify(request.url)} is malformed`);
  }
}

async function answer(
  services: Services,
  access: Access,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const user = await access.authenticate(request);
    const { pathname, searchParams: query } = parseUrl(request);
    const target = parseTarget(pathname);
    await access.authorize(user, request.method ?? "GET", target);
    const exchange = { services, request, response, query };
    if (target === undefined) routeOther(exchange, pathname);
    else await routeObject({ ...exchange, target });
  } catch (error) {
    const apiError = toApiError(error);
    if (apiError.reason === "InternalError") {
      services.log(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
    }
    sendError(response, apiError);
  }
}

async function upgrade(
  services: Services,
  access: Access,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  // The client may go at any time; whoever writes then finds out.
  socket.on("error", () => {});
  try {
    const { pathname, searchParams: query } = parseUrl(request);
    const target = parseTarget(pathname);
    if (target?.name === undefined || !isUpgradable(target.kind, target.subresource)) {
      await answer(services, access, request, responseOn(socket, request));
      return;
    }
    const user = await access.authenticate(request);
    await access.authorize(user, request.method ?? "GET", target);
    const named = { ...target, name: target.name };
    // Loaded with the first stream: most servers of a test never see one.
    const { UPGRADES } = await import("./streams/serve-upgrade.ts");
    await UPGRADES[named.subresource!]!({ services, request, query, target: named }, socket, head);
  } catch (error) {
    refuseUpgrade(socket, toApiError(error));
  }
}

/** For a client that offers another protocol where there is none: it is answered in this one (RFC 9110 §7.8). */
function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => socket.end());
  return response;
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = `port ${port} of ${host} is in use by another program: choose another port, or 0 for any`;
      reject(error.code === "EADDRINUSE" ? new Error(inUse, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve));
  server.closeAllConnections();
  for (const socket of upgraded) socket.destroy();
  await closed;
}
