/**
 * Links, addresses, routes, rules and neighbours of one network namespace over one NETLINK_ROUTE socket:
 *
 * ```
 * withRtnetlink(namespace, network => {
 *   network.setLink("lo", { up: true });
 *   network.addAddress("eth0", "10.244.1.2/32");
 *   network.addRoute({ destination: "0.0.0.0/0", device: "eth0" });
 * });
 * ```
 *
 * Every call is synchronous and throws a LinuxError that names the object. The message layouts are in the files that
 * this class delegates to.
 */

import { NETLINK_ROUTE, NetlinkSocket } from "./netlink.ts";
import * as addresses from "./rtnetlink-address.ts";
import * as links from "./rtnetlink-link.ts";
import * as neighbours from "./rtnetlink-neighbour.ts";
import * as routes from "./rtnetlink-route.ts";
import * as rules from "./rtnetlink-rule.ts";

export class Rtnetlink {
  readonly #socket: NetlinkSocket;

  /** Acts on `namespace` (a descriptor), or on the calling thread's own when undefined. Close it. */
  constructor(namespace?: number) {
    this.#socket = new NetlinkSocket(NETLINK_ROUTE, namespace);
  }

  listLinks(): links.Link[] {
    return links.listLinks(this.#socket);
  }

  /** undefined when there is no such device. */
  findLink(name: string): links.Link | undefined {
    return links.findLink(this.#socket, name);
  }

  setLink(name: string, change: links.LinkChange): void {
    links.setLink(this.#socket, name, change);
  }

  deleteLink(name: string): void {
    links.deleteLink(this.#socket, name);
  }

  createVeth(options: links.VethOptions): void {
    links.createVeth(this.#socket, options);
  }

  createBridge(name: string): void {
    links.createBridge(this.#socket, name);
  }

  createVxlan(options: links.VxlanOptions): void {
    links.createVxlan(this.#socket, options);
  }

  /** `address` is `10.1.2.3/24` or `fd00::1/64`; usable at once (no duplicate address detection). */
  addAddress(device: string, address: string, options: addresses.AddressOptions = {}): void {
    addresses.addAddress(this.#socket, device, address, options);
  }

  deleteAddress(device: string, address: string): void {
    addresses.deleteAddress(this.#socket, device, address);
  }

  /** Addresses of a device, or of all, as `ADDRESS/PREFIX`. */
  listAddresses(device?: string): addresses.LinkAddress[] {
    return addresses.listAddresses(this.#socket, device);
  }

  /** Throws EEXIST when there is one. */
  addRoute(route: routes.Route): void {
    routes.changeRoute(this.#socket, "add", route);
  }

  replaceRoute(route: routes.Route): void {
    routes.changeRoute(this.#socket, "replace", route);
  }

  deleteRoute(route: routes.Route): void {
    routes.changeRoute(this.#socket, "delete", route);
  }

  /** Destinations that a routing table has routes to. */
  listDestinations(table: number): string[] {
    return routes.listDestinations(this.#socket, table);
  }

  addRule(rule: rules.Rule): void {
    rules.addRule(this.#socket, rule);
  }

  deleteRule(rule: rules.Rule): void {
    rules.deleteRule(this.#socket, rule);
  }

  listRules(family: 4 | 6): rules.Rule[] {
    return rules.listRules(this.#socket, family);
  }

  /** A permanent ARP or NDP entry. */
  replaceNeighbour(device: string, address: string, mac: string): void {
    neighbours.replaceNeighbour(this.#socket, device, address, mac);
  }

  /** A static forwarding entry of a VXLAN device: frames to `mac` go to the VTEP at `address`. */
  replaceForwarding(device: string, mac: string, address: string): void {
    neighbours.replaceForwarding(this.#socket, device, mac, address);
  }

  close(): void {
    this.#socket.close();
  }
}

/** Opens one socket for everything that `task` does. */
export function withRtnetlink<T>(namespace: number | undefined, task: (network: Rtnetlink) => T): T {
  const network = new Rtnetlink(namespace);
  try {
    return task(network);
  } finally {
    network.close();
  }
}
