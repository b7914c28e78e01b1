/**
 * A Node as an end of the overlay. What Kubernetes has no field for stands in annotations, so a node without a
 * daemon (a plain VXLAN device of the kernel) joins by a Node object written by hand:
 *
 *   metadata.annotations: podwire.dev/foreign "true", podwire.dev/vtep-mac "02:00:00:00:00:09",
 *                         podwire.dev/underlay-mtu "1500"
 *   spec.podCIDRs, status.addresses (InternalIP)
 */
import type { Node } from "@podwire/api";
import type { Peer, Vtep } from "@podwire/protocol";
import { formatMac, parseMac } from "@podwire/wire/address";

export const NODE_ANNOTATIONS = {
  vtepMac: "podwire.dev/vtep-mac",
  udpPort: "podwire.dev/vxlan-port",
  vni: "podwire.dev/vxlan-vni",
  underlayMtu: "podwire.dev/underlay-mtu",
  remoteChecksumOffload: "podwire.dev/remote-checksum-offload",
  /** "true": no daemon; nobody keeps the Node's conditions. */
  foreign: "podwire.dev/foreign",
} as const;

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** What a Node without these annotations means (IANA's VXLAN port, RFC 7348 §8). */
const DEFAULTS = { udpPort: 4789, vni: 1, underlayMtu: 1500 } as const;

export function vtepAnnotations(vtep: Vtep): Record<string, string> {
  return {
    [NODE_ANNOTATIONS.vtepMac]: formatMac(vtep.mac),
    [NODE_ANNOTATIONS.udpPort]: String(vtep.udpPort),
    [NODE_ANNOTATIONS.vni]: String(vtep.vni),
    [NODE_ANNOTATIONS.underlayMtu]: String(vtep.underlayMtu),
    [NODE_ANNOTATIONS.remoteChecksumOffload]: String(vtep.remoteChecksumOffload),
  };
}

/** Undefined while the Node lacks its addresses, its pod CIDRs or its MAC: nothing can be sent there yet. */
export function peerOf(node: Node): Peer | undefined {
  const annotations = node.metadata.annotations ?? {};
  const mac = parseMac(annotations[NODE_ANNOTATIONS.vtepMac] ?? "");
  const addresses = internalAddresses(node);
  const podCidrs = node.spec.podCIDRs ?? [];
  if (addresses.length === 0 || podCidrs.length === 0 || mac === undefined) return undefined;
  const vtep: Vtep = {
    mac: Buffer.from(mac),
    udpPort: wholeNumber(annotations[NODE_ANNOTATIONS.udpPort], 1, 65535) ?? DEFAULTS.udpPort,
    vni: wholeNumber(annotations[NODE_ANNOTATIONS.vni], 0, 2 ** 24 - 1) ?? DEFAULTS.vni,
    underlayMtu: wholeNumber(annotations[NODE_ANNOTATIONS.underlayMtu], 576, 65535) ?? DEFAULTS.underlayMtu,
    remoteChecksumOffload: annotations[NODE_ANNOTATIONS.remoteChecksumOffload] === "true",
  };
  const zone = node.metadata.labels?.[ZONE_LABEL] ?? "";
  return { name: node.metadata.name, addresses, podCidrs, vtep, zone };
}

export function internalAddresses(node: Node): string[] {
  const addresses = node.status.addresses ?? [];
  return addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address);
}

function wholeNumber(text: string | undefined, least: number, most: number): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}
