/**
 * What of a Service or of a pod's host ports the node's kernel must bring to the data plane, because the destination is
 * not in the service CIDR:
 *
 *   node port             each of the node's own addresses, the protocol, the node port
 *   externalIPs, load     the address, the protocol, the port; a route as well, so that processes of the node find a way
 *   balancer's addresses  there and, for addresses of this lab's pools, no other port goes astray
 *   ClusterIP of a range  a route: only the cluster's first ranges have routes of their own
 *   that came later
 *   host port             its hostIP, or each of the node's own addresses
 *
 * Node ports are served at the node's own addresses (as kube-proxy's nftables mode does), not at 127.0.0.1.
 */
import type { HostPort } from "@podwire/compiler";
import type { Entry } from "@podwire/linux";
import type { Service } from "@podwire/protocol";
import { Protocol } from "@podwire/wire";

export interface Wanted {
  readonly entries: readonly Entry[];
  /** Addresses that mean Services and nothing else. */
  readonly owned: readonly string[];
  /** Addresses that may be somebody's: the way there, where no other is known. */
  readonly foreign: readonly string[];
}

export const NOTHING: Wanted = { entries: [], owned: [], foreign: [] };

const PROTOCOLS: { readonly [name: string]: number } = {
  TCP: Protocol.Tcp,
  UDP: Protocol.Udp,
  SCTP: Protocol.Sctp,
};

export interface Places {
  /** Whether an address is from this lab's pools. */
  readonly isOwned: (address: string) => boolean;
  /** Whether it is in the service CIDRs, and all of these lead to the data plane already. */
  readonly isRouted: (address: string) => boolean;
}

export function wantedOf(
  service: Service,
  nodeAddresses: readonly string[],
  { isOwned, isRouted }: Places,
): Wanted {
  const families = new Set(service.clusterIps.map(isIpv6));
  const own = nodeAddresses.filter(address => families.has(isIpv6(address)));
  const addresses = [...service.externalIps, ...service.loadBalancerIps];
  const entries = service.ports.flatMap(({ protocol: name, port, nodePort }) => {
    const protocol = PROTOCOLS[name];
    if (protocol === undefined) return [];
    return [
      ...(nodePort === 0 ? [] : own.map(address => ({ address, protocol, port: nodePort }))),
      ...addresses.map(address => ({ address, protocol, port })),
    ];
  });
  const isElsewhere = (address: string) => !nodeAddresses.includes(address);
  return {
    entries,
    owned: [
      ...addresses.filter(isOwned).filter(isElsewhere),
      ...service.clusterIps.filter(address => !isRouted(address)),
    ],
    foreign: addresses.filter(address => !isOwned(address)).filter(isElsewhere),
  };
}

export function wantedOfHostPorts(ports: readonly HostPort[], nodeAddresses: readonly string[]): Wanted {
  const entries = ports.flatMap(({ hostIp, protocol: name, hostPort: port, podIps }) => {
    const protocol = PROTOCOLS[name];
    if (protocol === undefined) return [];
    const families = new Set(podIps.map(isIpv6));
    const isAny = hostIp === "" || hostIp === "0.0.0.0" || hostIp === "::";
    return nodeAddresses
      .filter(address => families.has(isIpv6(address)))
      .filter(address => (isAny ? hostIp === "" || isIpv6(hostIp) === isIpv6(address) : address === hostIp))
      .map(address => ({ address, protocol, port }));
  });
  return { ...NOTHING, entries };
}

function isIpv6(address: string): boolean {
  return address.includes(":");
}
