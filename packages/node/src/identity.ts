/** What a node says of itself when it registers: addresses, its end of the overlay, what it can carry. */
import { createHash } from "node:crypto";
import { cpus, release, totalmem } from "node:os";
import { withRtnetlink } from "@podwire/linux";
import type { Vtep } from "@podwire/protocol";
import { isIpv6 } from "./host-device.ts";
import { ENCAPSULATION_BYTES, MAX_POD_MTU, MIN_POD_MTU } from "./limits.ts";

/**
 * The inner Ethernet address of a node: locally administered, unicast, and the same after every restart, so that
 * peers and plain kernel VXLAN devices need no learning.
 */
export function vtepMac(nodeName: string): Uint8Array {
  const mac = new Uint8Array(6);
  mac.set(createHash("sha256").update(nodeName).digest().subarray(0, 5), 1);
  mac[0] = 0x02;
  return mac;
}

/** MTU of the underlay device. Throws when there is no such device. */
export function underlayMtu(device: string): number {
  const link = withRtnetlink(undefined, network => network.findLink(device));
  if (!link) throw new Error(`--device ${device}: this network namespace has no such device (see: ip link)`);
  return link.mtu;
}

/** MTU of the pods: what the underlay carries less the encapsulation of the family that peers are reached over. */
export function podMtu(node: string, addresses: readonly string[], vtep: Vtep): number {
  const overhead = isIpv6(addresses[0]!) ? ENCAPSULATION_BYTES.ipv6 : ENCAPSULATION_BYTES.ipv4;
  const mtu = Math.min(vtep.underlayMtu - overhead, MAX_POD_MTU);
  if (mtu < MIN_POD_MTU) {
    throw new Error(
      `Node ${node}: an underlay MTU of ${vtep.underlayMtu} leaves ${mtu} for pods, and IPv6 needs ${MIN_POD_MTU}: ` +
        `raise it to ${MIN_POD_MTU + overhead} or more`,
    );
  }
  return mtu;
}

/** status.nodeInfo. */
export function nodeInfo(version: string): object {
  return {
    machineID: "",
    systemUUID: "",
    bootID: "",
    kernelVersion: release(),
    osImage: "Linux",
    containerRuntimeVersion: `podwire://${version}`,
    kubeletVersion: `v1.33.0-podwire.${version}`,
    kubeProxyVersion: "",
    operatingSystem: "linux",
    architecture: process.arch === "x64" ? "amd64" : process.arch,
  };
}

/** status.capacity. */
export function capacity(pods: number): object {
  return { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: String(pods) };
}
