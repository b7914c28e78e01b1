/**
 * Keeps the entry points of the node's kernel as the Services are that the control plane told of:
 *
 *   a Service changes -> its name is stale -> (its rows are in the data plane) -> `apply`: read anew, told to the kernel
 *
 * Before everything is known nothing is applied, so that what a daemon before this one has made stays until then.
 */
import type { HostPort } from "@podwire/compiler";
import type { ObjectName } from "@podwire/protocol";
import { RETRY_ENTRY_POINTS_MS } from "../limits.ts";
import type { KnownServices } from "../services.ts";
import type { EntryPoints } from "./entry-points.ts";
import { NOTHING, type Places, wantedOf, wantedOfHostPorts } from "./wanted.ts";

export interface ServiceEntryOptions extends Places {
  readonly services: Pick<KnownServices, "get" | "names" | "watch">;
  readonly points: Pick<EntryPoints, "set" | "apply">;
  readonly nodeAddresses: readonly string[];
  readonly log: (line: string) => void;
}

export class ServiceEntry {
  readonly #options: ServiceEntryOptions;
  readonly #stale = new Map<string, ObjectName>();
  #hostPorts: ReadonlyMap<string, readonly HostPort[]> = new Map();
  readonly #stopWatching: () => void;
  /** Why the kernel refused, when it last did. */
  #told = "";
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ServiceEntryOptions) {
    this.#options = options;
    const { services } = options;
    const isStale = (name: ObjectName) => this.#stale.set(`${name.namespace}/${name.name}`, name);
    this.#stopWatching = services.watch(isStale);
    for (const name of services.names()) isStale(name);
  }

  /** Of all pods of this node that have any, by "namespace/name". */
  setHostPorts(pods: ReadonlyMap<string, readonly HostPort[]>): void {
    const { points, nodeAddresses } = this.#options;
    for (const [name, ports] of this.#hostPorts) {
      if (pods.get(name) !== ports) points.set(`pod ${name}`, NOTHING);
    }
    for (const [name, ports] of pods) {
      if (this.#hostPorts.get(name) !== ports)
        points.set(`pod ${name}`, wantedOfHostPorts(ports, nodeAddresses));
    }
    this.#hostPorts = pods;
  }

  /** Tries again later when the kernel refuses. */
  apply(): void {
    const { services, points, nodeAddresses, log } = this.#options;
    for (const [key, name] of this.#stale) {
      const service = services.get(name);
      points.set(`service ${key}`, service ? wantedOf(service, nodeAddresses, this.#options) : NOTHING);
    }
    this.#stale.clear();
    clearTimeout(this.#retry);
    try {
      points.apply();
      this.#told = "";
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#told) log(`node ports and external addresses: ${message}; trying again`);
      this.#told = message;
      this.#retry = setTimeout(() => this.apply(), RETRY_ENTRY_POINTS_MS).unref();
    }
  }

  /** What the kernel has stays for the next daemon. */
  stop(): void {
    this.#stopWatching();
    clearTimeout(this.#retry);
  }
}
