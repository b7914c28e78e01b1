/**
 * Why a packet was dropped: one table of numbers, names and explanations. CLI, metrics, flow records and tests
 * print these names and no others.
 *
 * The number is what the data plane returns and counts under; the name is the key in kebab-case. Numbers are
 * not stored anywhere beyond the life of a process, so rows may be inserted where they belong.
 */
const explanations = {
  none: "Not dropped.",

  // Reading from a TUN device
  virtioHeaderShort: "The read was shorter than a virtio-net header.",
  virtioHeaderBad:
    "The virtio-net header contradicts the packet: checksum or segmentation fields out of bounds.",

  // Parsing, inner packet
  packetEmpty: "No byte of an IP packet.",
  ipVersionUnknown: "The version is neither 4 nor 6.",
  ipv4HeaderBad: "IPv4 header truncated, or its lengths are impossible.",
  ipv4ChecksumBad: "The IPv4 header checksum does not verify.",
  ipv6HeaderBad: "IPv6 header truncated, or its payload length is impossible.",
  ipv6ExtensionBad: "An IPv6 extension header is truncated, misplaced, or there are too many of them.",
  fragmentBad:
    "A fragment that is empty, ends beyond 65,535 bytes, is of odd size, or hides the transport header.",
  transportShort: "The transport header is truncated.",
  tcpHeaderBad: "The TCP data offset is below 20 bytes or beyond the packet.",
  tcpFlagsBad: "A combination of TCP flags that no endpoint sends, such as SYN with FIN.",
  udpLengthBad: "The UDP length is below 8 or beyond the packet.",
  sctpChunkBad: "An SCTP packet without a complete chunk.",
  sourceAddressBad: "The source is a multicast, broadcast, loopback or unspecified address.",
  destinationAddressBad: "The destination is a loopback or unspecified address.",

  // What a pod's kernel sends of its own accord, and the pod network does not carry
  multicastListener: "MLD or IGMP: the pod network carries no multicast.",
  neighbourDiscovery: "IPv6 neighbour or router discovery: a TUN device has no neighbours.",
  multicastDns: "mDNS or LLMNR: the pod network carries no multicast.",
  multicast: "Destination is a multicast group: the pod network carries no multicast.",
  broadcast: "Destination is the limited broadcast address: the pod network carries no broadcast.",
  linkLocal: "Source or destination is link-local, which ends at the pod's own device.",

  // Anti-spoofing
  sourceNotPods: "The source is not an address of the pod that sent the packet.",
  sourceNotHosts: "The host sent from an address inside the cluster CIDRs that is not its own.",

  // Overlay, outer side
  vxlanShort: "The datagram ends before the inner packet.",
  vxlanFlagsBad: "The VXLAN header lacks its I flag, or sets reserved bits.",
  vniWrong: "The VXLAN network identifier is not this cluster's.",
  remoteChecksumBad:
    "Remote checksum offload from a node that did not announce it, or with fields that do not fit.",
  innerMacWrong: "The inner Ethernet destination is not this node's.",
  etherTypeUnknown: "The inner frame is neither IPv4 nor IPv6.",
  ecnCongestion: "The underlay marked congestion on a packet whose flow does not understand ECN (RFC 6040).",

  // Binding
  outerSourceUnknown: "The outer source address is no node of this cluster.",
  innerSourceNotPeers: "The inner source is not an address of the node that sent the datagram.",
  innerDestinationElsewhere: "The inner destination is not on this node: forwarding it could loop.",

  // Connection tracking
  fragmentWithoutFirst: "A later fragment whose first one has not been seen (or too long ago).",
  flowWaits: "A flow of before the daemon's restart, whose pod is not back yet.",
  icmpErrorBad:
    "An ICMP error that quotes too little, or a packet that never went to where the error comes from.",
  icmpErrorNoFlow: "An ICMP error about a packet that no known flow has sent.",
  icmpReplyUnsolicited: "An ICMP echo or timestamp reply that nobody asked for.",
  icmpTypeUnsupported: "An ICMP type that is neither echo, timestamp nor an error.",

  // Services
  serviceWithoutBackends: "The Service has no endpoint that takes new flows.",
  serviceWithoutLocalBackends:
    "The Service's traffic policy is Local, and its endpoints are on other nodes: dropped in silence, as kube-proxy does.",
  serviceSourceDenied: "The Service's loadBalancerSourceRanges do not have the client's address.",
  servicePortUnknown: "The address is a Service's, and it has no such port.",
  sctpFragment:
    "A fragment of SCTP to a Service with another target port: the whole packet's checksum would be wrong.",
  serviceUnknown: "The destination is in a service CIDR, and no Service has it.",
  translationPortsExhausted: "No source port is free for one more translated flow to this backend.",

  // Route
  noSuchPod: "The destination is in this node's pod CIDRs, and no pod has it.",
  noRoute: "The destination is in the cluster CIDRs, and no node has it.",
  hostLoop: "The host sent through pw0 what only the host itself could deliver.",
  timeToLiveExpired: "TTL or hop limit ran out here.",
  tooBig: "Larger than the path's MTU, and must not be fragmented.",

  // Handing out
  portGone: "The destination's TUN device was removed meanwhile.",
  tunWriteRefused: "The kernel refused the packet on the destination's TUN device.",
  underlayTooBig: "The kernel found the encapsulated packet larger than the underlay's path MTU.",
  underlayFull: "The underlay's socket or device had no room.",
  underlaySendFailed: "The underlay could not be reached: no route, or the device is down.",
} as const;

export type DropName = keyof typeof explanations;

const keys = Object.keys(explanations) as DropName[];

/** The numbers, by name: `Drop.noRoute`. 0 is "not dropped". */
export const Drop = Object.freeze(Object.fromEntries(keys.map((key, number) => [key, number]))) as {
  readonly [reason in DropName]: number;
};

export const DROP_REASONS = keys.length;

const kebab = keys.map(key => key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`));

/** The kebab-case name of a reason, as every surface prints it: `no-route`. */
export function dropName(reason: number): string {
  return kebab[reason] ?? `unknown-${reason}`;
}

/** One line for a human. */
export function dropExplanation(reason: number): string {
  const key = keys[reason];
  return key === undefined ? "Unknown reason." : explanations[key];
}
