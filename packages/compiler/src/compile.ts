/**
 * A snapshot -> the data plane's tables. Pure: the same snapshot gives the same tables.
 *
 *   1. this node      its addresses go to the host, its pod CIDRs are vacant until a pod takes an address
 *   2. peers          their addresses and pod CIDRs go to their row
 *   3. pods           their addresses go to their port
 *   4. cluster CIDRs  what is left of them is unassigned
 *   5. service CIDRs  what the table of Services does not translate goes nowhere
 *
 * An object that cannot be used (a malformed address, a claim on what is another's) is left out and reported,
 * and everything else is compiled: one bad object must not stop the network of the others. The order above
 * decides who keeps what two claim; among equals it is the order of the snapshot.
 */
import {
  type AddressRow,
  buildTables,
  HOST_TARGET,
  isIpv4,
  limits,
  type PeerRow,
  parseAddress,
  type RouteRow,
  TargetKind,
  target,
  type Words,
} from "@podwire/tables";
import { Claims } from "./claims.ts";
import type { Compiled, LocalPod, NetworkSnapshot, PeerNode } from "./snapshot.ts";

/** The smallest underlay MTU that still carries a minimal IPv6 packet over an IPv6 underlay: 1280 + 70. */
const SMALLEST_UNDERLAY_MTU = 1350;

interface Draft {
  readonly claims: Claims;
  readonly addresses: AddressRow[];
  readonly routes: RouteRow[];
  readonly peers: PeerRow[];
  readonly endpoints: { index: number; address: string }[];
}

export function compile(snapshot: NetworkSnapshot): Compiled {
  const draft: Draft = { claims: new Claims(), addresses: [], routes: [], peers: [], endpoints: [] };
  const own = addLocalNode(draft, snapshot);
  for (const peer of snapshot.peers) addPeer(draft, snapshot, peer);
  for (const pod of snapshot.pods) addPod(draft, snapshot, pod);
  addClusterCidrs(draft, snapshot);
  addServiceCidrs(draft, snapshot);
  const tables = buildTables({
    revision: snapshot.revision,
    vni: snapshot.vni,
    underlayMtu: snapshot.node.underlayMtu,
    mac: snapshot.node.mac,
    ...own,
    addresses: draft.addresses,
    routes: draft.routes,
    peers: draft.peers,
  });
  return { tables, endpoints: draft.endpoints, omissions: draft.claims.omissions };
}

interface OwnAddresses {
  hostIpv4?: Words;
  hostIpv6?: Words;
  masqueradeIpv4?: Words;
  masqueradeIpv6?: Words;
}

/** The masquerade address of a family is the first of a pod CIDR, which no pod gets (RFC 4291 §2.6.1 for IPv6). */
function addLocalNode(draft: Draft, { node }: NetworkSnapshot): OwnAddresses {
  const object = `Node ${node.name}`;
  let own: OwnAddresses = {};
  for (const [index, text] of node.podCIDRs.entries()) {
    const cidr = draft.claims.podCidr(object, `podCIDRs[${index}]`, text);
    if (cidr === undefined) continue;
    draft.routes.push({ ...cidr, target: TargetKind.vacant << 16 });
    own = isIpv4(cidr.words)
      ? { masqueradeIpv4: cidr.words, ...own }
      : { masqueradeIpv6: cidr.words, ...own };
  }
  for (const [index, text] of node.hostAddresses.entries()) {
    const words = draft.claims.address(object, `hostAddresses[${index}]`, text);
    if (words === undefined) continue;
    draft.addresses.push({ words, target: HOST_TARGET });
    own = isIpv4(words) ? { hostIpv4: words, ...own } : { hostIpv6: words, ...own };
  }
  for (const [index, text] of node.addresses.entries()) {
    const words = draft.claims.address(object, `addresses[${index}]`, text);
    if (words) draft.addresses.push({ words, target: HOST_TARGET });
  }
  return own;
}

function addPeer(draft: Draft, snapshot: NetworkSnapshot, peer: PeerNode): void {
  const object = `Node ${peer.name}`;
  const fault = peerFault(draft, snapshot, peer);
  if (fault !== undefined) {
    draft.claims.omit(object, fault.field, fault.message);
    return;
  }
  const address = endpointOf(snapshot.node.addresses, peer.addresses)!;
  draft.endpoints.push({ index: peer.index, address });
  const row = target(TargetKind.peer, peer.index);
  draft.peers.push({
    index: peer.index,
    mac: peer.mac,
    underlayMtu: peer.underlayMtu,
    remoteChecksumOffload: peer.remoteChecksumOffload,
    outerIpv6: address.includes(":"),
  });
  for (const [index, text] of peer.addresses.entries()) {
    const words = draft.claims.address(object, `addresses[${index}]`, text);
    if (words) draft.addresses.push({ words, target: row });
  }
  for (const [index, text] of peer.podCIDRs.entries()) {
    const cidr = draft.claims.podCidr(object, `podCIDRs[${index}]`, text);
    if (cidr) draft.routes.push({ ...cidr, target: row });
  }
}

function peerFault(
  draft: Draft,
  snapshot: NetworkSnapshot,
  peer: PeerNode,
): { field: string; message: string } | undefined {
  if (peer.name === snapshot.node.name) {
    return { field: "name", message: "is this node itself (names of nodes must be unique)" };
  }
  if (!Number.isInteger(peer.index) || peer.index < 0 || peer.index >= limits.peers) {
    return { field: "index", message: `${peer.index} is not within 0–${limits.peers - 1}: too many nodes` };
  }
  if (draft.peers.some(other => other.index === peer.index)) {
    return { field: "index", message: `${peer.index} is already another node's` };
  }
  if (peer.mac.length !== 6) {
    return { field: "mac", message: `has ${peer.mac.length} bytes instead of 6` };
  }
  if (!Number.isInteger(peer.underlayMtu) || peer.underlayMtu < SMALLEST_UNDERLAY_MTU) {
    return {
      field: "underlayMtu",
      message: `${peer.underlayMtu} is below ${SMALLEST_UNDERLAY_MTU}, the least that carries IPv6 in VXLAN`,
    };
  }
  if (endpointOf(snapshot.node.addresses, peer.addresses) === undefined) {
    return { field: "addresses", message: "has no address of a family that this node has one of" };
  }
  return undefined;
}

/** The peer's address to send to: of the family of this node's first address that the peer has one of. */
export function endpointOf(own: readonly string[], theirs: readonly string[]): string | undefined {
  for (const address of own) {
    const match = theirs.find(
      text => text.includes(":") === address.includes(":") && parseAddress(text) !== undefined,
    );
    if (match !== undefined) return match;
  }
  return undefined;
}

function addPod(draft: Draft, { node, pods }: NetworkSnapshot, pod: LocalPod): void {
  const object = `Pod ${pod.name}`;
  if (!Number.isInteger(pod.port) || pod.port < 1 || pod.port >= limits.ports) {
    draft.claims.omit(object, "port", `${pod.port} is not within 1–${limits.ports - 1}: too many pods`);
    return;
  }
  const first = pods.find(other => other.port === pod.port);
  if (first !== pod) {
    draft.claims.omit(object, "port", `${pod.port} is already the port of Pod ${first?.name}`);
    return;
  }
  for (const [index, text] of pod.addresses.entries()) {
    const words = draft.claims.address(object, `addresses[${index}]`, text);
    if (words === undefined) continue;
    if (draft.claims.owns(`Node ${node.name}`, words)) {
      draft.addresses.push({ words, target: target(TargetKind.pod, pod.port) });
    } else {
      const ranges = node.podCIDRs.join(", ") || "none";
      draft.claims.omit(
        object,
        `addresses[${index}]`,
        `${text} is outside of this node's pod CIDRs (${ranges})`,
      );
    }
  }
}

function addClusterCidrs(draft: Draft, snapshot: NetworkSnapshot): void {
  const known = new Set<string>();
  for (const [index, text] of snapshot.clusterCIDRs.entries()) {
    const cidr = draft.claims.cidr("Cluster", `clusterCIDRs[${index}]`, text);
    if (cidr === undefined || draft.claims.holdsPrefix(cidr)) continue;
    const key = `${cidr.words}/${cidr.bits}`;
    if (!known.has(key)) draft.routes.push({ ...cidr, target: TargetKind.unassigned << 16 });
    known.add(key);
  }
}

function addServiceCidrs(draft: Draft, snapshot: NetworkSnapshot): void {
  for (const [index, text] of snapshot.serviceCIDRs.entries()) {
    const cidr = draft.claims.podCidr("Cluster", `serviceCIDRs[${index}]`, text);
    if (cidr) draft.routes.push({ ...cidr, target: TargetKind.service << 16 });
  }
}
