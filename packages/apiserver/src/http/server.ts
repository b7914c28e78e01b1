/** The API server: every request goes through access, then to its handler; every failure becomes a Status. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { badRequest } from "@podwire/api";
import type { NodeStreams } from "../node-streams.ts";
import type { Registry } from "../registry/registry.ts";
import { toApiError } from "../registry/store-errors.ts";
import { type Access, certificateAccess, type User } from "./access.ts";
import type { Services } from "./exchange.ts";
import { Front, type FrontHandlers, type FrontTimes, type ServerCredentials } from "./front.ts";
import { sendError } from "./respond.ts";
import { routeObject, routeOther } from "./router.ts";
import { isUpgradable } from "./streams/table.ts";
import { parseTarget, type Target } from "./target.ts";
import { refuseUpgrade, responseOn } from "./upgrade.ts";

export interface ApiServerOptions {
  readonly registry: Registry;
  readonly nodeStreams: NodeStreams;
  readonly credentials: ServerCredentials;
  /** Who may do what; what their certificates say when absent. */
  readonly access?: Access;
  /** How long clients may take; FRONT_TIMES, shortened by tests. */
  readonly times?: FrontTimes;
  /** For what nobody asked about: failures that are the server's own. */
  readonly log?: (message: string) => void;
  readonly nowMs?: () => number;
}

export interface ApiServer {
  /** Resolves to the port, which the system chooses for 0. Rejects with what is wrong and the way out. */
  listen(port: number, host: string): Promise<number>;
  /** Serves on a descriptor that listens already, in whichever network namespace it was opened. */
  listenOn(fd: number): Promise<void>;
  /** Ends all connections, watches included. */
  close(): Promise<void>;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const services: Services = {
    registry: options.registry,
    objects: options.registry,
    nodeStreams: options.nodeStreams,
    nowMs: options.nowMs ?? Date.now,
    log: options.log ?? (() => {}),
  };
  const access = options.access ?? certificateAccess();
  const handlers: FrontHandlers = {
    request: (request, response) => void answer(services, access, request, response),
    upgrade: (request, socket, head) => void upgrade(services, access, request, socket, head),
  };
  const front = new Front(options.credentials, handlers, options.times);
  return {
    listen: (port, host) => listen(front, port, host),
    listenOn: async fd => void (await front.listen({ fd })),
    close: () => front.close(),
  };
}

async function listen(front: Front, port: number, host: string): Promise<number> {
  try {
    return await front.listen({ port, host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    const inUse = `port ${port} of ${host} is in use by another program: choose another port, or 0 for any`;
    throw new Error(inUse, { cause: error });
  }
}

interface Asked {
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly target: Target | undefined;
  readonly user: User;
}

/** What is asked for, by someone who may. */
async function admit(access: Access, request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams: query } = parseUrl(request);
  const user = await access.authenticate(request, pathname);
  const target = parseTarget(pathname);
  const watch = query.get("watch");
  const isWatch = watch !== null && watch !== "0" && watch !== "false";
  await access.authorize(user, { method: request.method ?? "GET", pathname, isWatch, target });
  return { pathname, query, target, user };
}

function parseUrl(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? "/", "https://server");
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
    const { pathname, query, target, user } = await admit(access, request);
    const exchange = { services, request, response, query, user, access };
    if (target === undefined) await routeOther(exchange, pathname);
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
    const { query, target, user } = await admit(access, request);
    if (target?.name === undefined || !isUpgradable(target.kind, target.subresource)) {
      await answer(services, access, request, responseOn(socket, request));
      return;
    }
    const named = { ...target, name: target.name };
    // Loaded with the first stream: most servers of a test never see one.
    const { UPGRADES } = await import("./streams/serve-upgrade.ts");
    await UPGRADES[named.subresource!]!(
      { services, request, query, target: named, user, access },
      socket,
      head,
    );
  } catch (error) {
    refuseUpgrade(socket, toApiError(error));
  }
}
