/**
 * The node's own way into the pod network: `pw0`, a TUN device in the node's network namespace.
 *
 *   an agent of this node -> route to the cluster CIDRs -> pw0 -> data plane -> pod
 *   an agent of this node -> route to the service CIDRs -> pw0 -> data plane -> backend of the Service, also when that
 *                            is this host or outside: it comes back from the masquerade address
 *   pod -> data plane -> pw0 -> this host, or forwarded and masqueraded to the outside
 *
 * The device is persistent: host routes and connections live through a restart of the daemon.
 */
import {
  openTun,
  type Rtnetlink,
  replaceMasquerade,
  type Tun,
  withRtnetlink,
  writeSysctl,
} from "@podwire/linux";
import { TUN_QUEUE_PACKETS } from "./limits.ts";

export const HOST_DEVICE = "pw0";

export interface HostDeviceOptions {
  /** The node's own addresses in its pod CIDRs, at most one a family. */
  addresses: readonly string[];
  podCidrs: readonly string[];
  clusterCidrs: readonly string[];
  serviceCidrs: readonly string[];
  mtu: number;
}

/** Makes `pw0`, or attaches to the one that a daemon before this one has left. */
export function openHostDevice(): Tun {
  const tun = openTun({ name: HOST_DEVICE, persistent: true, queueLength: TUN_QUEUE_PACKETS });
  quietIpv6(undefined, HOST_DEVICE);
  return tun;
}

/** Addresses, routes and the masquerade of `pw0`, made or brought up to date. */
export function configureHostDevice(options: HostDeviceOptions): void {
  const { addresses, mtu } = options;
  withRtnetlink(undefined, network => {
    network.setLink("lo", { up: true });
    network.setLink(HOST_DEVICE, { mtu, up: true });
    for (const address of addresses) ensureAddress(network, HOST_DEVICE, address);
    for (const destination of [...options.clusterCidrs, ...options.serviceCidrs]) {
      const source = addresses.find(address => isIpv6(address) === isIpv6(destination));
      // Without an address of that family the node has no pods of it either.
      if (source) network.replaceRoute({ destination, device: HOST_DEVICE, source });
    }
  });
  forwardPackets(addresses);
  replaceMasquerade(undefined, {
    podCIDRs: options.podCidrs,
    clusterCIDRs: options.clusterCidrs,
    hostDevice: HOST_DEVICE,
  });
}

/** Pods' packets to the outside are forwarded by this host's kernel. */
function forwardPackets(addresses: readonly string[]): void {
  if (addresses.some(address => !isIpv6(address))) writeSysctl(undefined, "net.ipv4.ip_forward", 1);
  if (addresses.some(isIpv6)) writeSysctl(undefined, "net.ipv6.conf.all.forwarding", 1);
}

/** No link-local address and no router solicitations: nobody on a TUN would answer, and each would be a drop. */
export function quietIpv6(namespace: number | undefined, device: string): void {
  try {
    writeSysctl(namespace, `net/ipv6/conf/${device}/addr_gen_mode`, 1);
    writeSysctl(namespace, `net/ipv6/conf/${device}/accept_ra`, 0);
  } catch {
    // A kernel without IPv6 has no such setting, and then no such packets.
  }
}

export function ensureAddress(network: Rtnetlink, device: string, address: string): void {
  const wanted = `${address}/${isIpv6(address) ? 128 : 32}`;
  const has = network.listAddresses(device).some(entry => entry.address === wanted);
  if (!has) network.addAddress(device, wanted);
}

export function isIpv6(addressOrCidr: string): boolean {
  return addressOrCidr.includes(":");
}
