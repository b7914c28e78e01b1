/**
 * Health-check ports (spec.healthCheckNodePort): load balancers outside ask each node over HTTP whether it has endpoints
 * of a Service of externalTrafficPolicy Local. Answers are those of kube-proxy (pkg/proxy/healthcheck):
 *
 *   200 or, without endpoints here, 503; JSON; the header X-Load-Balancing-Endpoint-Weight has their number
 *
 * A server for each such Service, at the node's own addresses. A port that is taken is told by an Event, once, and tried
 * again.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { ObjectName } from "@podwire/protocol";
import { RETRY_HEALTH_PORT_MS } from "../limits.ts";
import type { KnownServices } from "../services.ts";
import { readyEndpointsOn } from "./endpoints.ts";

export interface ServiceHealthOptions {
  readonly node: string;
  /** The node's own addresses. */
  readonly addresses: readonly string[];
  readonly services: Pick<KnownServices, "get" | "slicesOf" | "names" | "watch">;
  /** Tells a Warning about a Service. */
  readonly warn: (service: ObjectName, reason: string, message: string) => void;
}

interface Checked {
  readonly name: ObjectName;
  readonly port: number;
  endpoints: number;
  servers: readonly Server[];
  retry: NodeJS.Timeout | undefined;
  isTold: boolean;
}

export class ServiceHealth {
  readonly #options: ServiceHealthOptions;
  readonly #stale = new Map<string, ObjectName>();
  readonly #checked = new Map<string, Checked>();
  readonly #stopWatching: () => void;

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
    const isStale = (name: ObjectName) => this.#stale.set(`${name.namespace}/${name.name}`, name);
    this.#stopWatching = options.services.watch(isStale);
    for (const name of options.services.names()) isStale(name);
  }

  /** When the data plane knows the Services as they are now. Ports that others give up come before those that take them. */
  apply(): void {
    const opened: Checked[] = [];
    for (const [key, name] of this.#stale) {
      const { services, node } = this.#options;
      const port = services.get(name)?.healthCheckNodePort ?? 0;
      const known = this.#checked.get(key);
      if (known && known.port !== port) this.#forget(key, known);
      if (port === 0) continue;
      const checked = this.#checked.get(key) ?? newlyChecked(name, port);
      checked.endpoints = readyEndpointsOn(node, services.slicesOf(name));
      if (!this.#checked.has(key)) opened.push(checked);
      this.#checked.set(key, checked);
    }
    this.#stale.clear();
    for (const checked of opened) void this.#open(checked);
  }

  stop(): void {
    this.#stopWatching();
    for (const [key, checked] of this.#checked) this.#forget(key, checked);
  }

  async #open(checked: Checked): Promise<void> {
    const { addresses, node, warn } = this.#options;
    const { name, port } = checked;
    const servers = addresses.map(() => createServer((_, response) => answer(response, checked)));
    checked.servers = servers;
    try {
      await Promise.all(servers.map((server, index) => listen(server, addresses[index]!, port)));
    } catch (error) {
      for (const server of servers) close(server);
      // Forgotten while it was opened.
      if (checked.servers !== servers) return;
      checked.servers = [];
      const service = `${name.namespace}/${name.name}`;
      const message = `node ${node} failed to start healthcheck "${service}" on port ${port}: ${(error as Error).message}`;
      if (!checked.isTold) warn(name, "FailedToStartServiceHealthcheck", message);
      checked.isTold = true;
      checked.retry = setTimeout(() => void this.#open(checked), RETRY_HEALTH_PORT_MS).unref();
    }
  }

  #forget(key: string, checked: Checked): void {
    this.#checked.delete(key);
    clearTimeout(checked.retry);
    for (const server of checked.servers) close(server);
    checked.servers = [];
  }
}

function newlyChecked(name: ObjectName, port: number): Checked {
  return { name, port, endpoints: 0, servers: [], retry: undefined, isTold: false };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off("error", reject);
      // Nothing that a listening socket may meet is worth the daemon's end.
      server.on("error", () => {});
      resolve();
    });
  });
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function answer(response: ServerResponse, { name: service, endpoints }: Checked): void {
  const { namespace, name } = service;
  response.writeHead(endpoints > 0 ? 200 : 503, {
    "Content-Type": "application/json",
    "X-Content-Type-Options": "nosniff",
    "X-Load-Balancing-Endpoint-Weight": String(endpoints),
  });
  // The daemon that answers is the one whose data plane runs: without it nothing answers.
  const body = { service: { namespace, name }, localEndpoints: endpoints, serviceProxyHealthy: true };
  response.end(JSON.stringify(body, null, "\t"));
}
