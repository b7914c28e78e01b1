/**
 * Services towards the outside: what else a node does for them once its data plane knows them, in this order:
 *
 *   its kernel brings their packets to the data plane     entry
 *   load balancers hear whether there are endpoints here  health
 *   their addresses are announced on the underlay         announcement
 */
import type { HostPort } from "@podwire/compiler";
import type { ObjectName } from "@podwire/protocol";
import { type AddressRange, isInRanges, parseRange } from "@podwire/wire/address-range";
import { Announcements } from "./announcement/announcements.ts";
import { EntryPoints } from "./entry/entry-points.ts";
import { ServiceEntry } from "./entry/service-entry.ts";
import { serveProxyHealth } from "./health/proxy-health.ts";
import { ServiceHealth } from "./health/service-health.ts";
import { HOST_DEVICE } from "./host-device.ts";
import type { KnownServices } from "./services.ts";

export interface OutsideServicesOptions {
  readonly node: string;
  /** The node's own addresses on the underlay, and its device there. */
  readonly addresses: readonly string[];
  readonly device: string;
  readonly vni: number;
  readonly services: KnownServices;
  readonly peers: () => readonly string[];
  /** Load balancers' addresses, which nodes announce. */
  readonly ranges: readonly AddressRange[];
  readonly warn: (service: ObjectName, reason: string, message: string) => void;
  readonly log: (line: string) => void;
}

export class OutsideServices {
  readonly #options: OutsideServicesOptions;
  readonly #announcements: Announcements;
  #inner: { entry: ServiceEntry; health: ServiceHealth; proxyHealth: { close(): void } } | undefined;

  constructor(options: OutsideServicesOptions) {
    this.#options = options;
    const isAnnounced = (address: string) => isInRanges(options.ranges, address);
    this.#announcements = new Announcements({ ...options, isAnnounced });
  }

  /** Load balancers' addresses that this node answers for. */
  get announced(): readonly string[] {
    return this.#announcements.claimed;
  }

  /** The data plane's device is there, with these addresses and with routes to these CIDRs. */
  configured(deviceAddresses: readonly string[], serviceCidrs: readonly string[]): void {
    const { node, addresses, services, ranges, warn, log } = this.#options;
    const serviceRanges = serviceCidrs.flatMap(text => parseRange(text) ?? []);
    const entry = new ServiceEntry({
      services,
      points: new EntryPoints({ device: HOST_DEVICE, deviceAddresses }),
      nodeAddresses: addresses,
      isOwned: address => isInRanges(ranges, address),
      isRouted: address => isInRanges(serviceRanges, address),
      log,
    });
    const health = new ServiceHealth({ node, addresses, services, warn });
    this.#inner = { entry, health, proxyHealth: serveProxyHealth(log) };
  }

  /** The data plane knows Services and host ports as they are now. */
  apply(hostPorts: ReadonlyMap<string, readonly HostPort[]>): void {
    if (this.#inner === undefined) return;
    const { entry, health } = this.#inner;
    entry.setHostPorts(hostPorts);
    entry.apply();
    health.apply();
    this.#announcements.apply();
  }

  /** Whether the control plane is there. */
  connected(isConnected: boolean): void {
    this.#announcements.connected(isConnected);
  }

  async stop(): Promise<void> {
    this.#inner?.entry.stop();
    this.#inner?.health.stop();
    this.#inner?.proxyHealth.close();
    await this.#announcements.stop();
  }
}
