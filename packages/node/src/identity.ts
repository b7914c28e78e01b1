/** What a node says of itself when it registers: addresses, its end of the overlay, what it can carry. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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

const OPERATING_SYSTEM = "linux";
const ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

/** Labels that the kubelet gives its node, and that manifests select nodes by. Labels of the lab's file come before. */
export const systemLabels: Readonly<Record<string, string>> = {
  "kubernetes.io/arch": ARCHITECTURE,
  "kubernetes.io/os": OPERATING_SYSTEM,
  "beta.kubernetes.io/arch": ARCHITECTURE,
  "beta.kubernetes.io/os": OPERATING_SYSTEM,
};

/** status.nodeInfo. Nodes share one machine and its kernel, and are told apart by identifiers made from their names. */
export function nodeInfo(nodeName: string, version: string): object {
  const id = createHash("sha256").update(`machine ${nodeName}`).digest("hex").slice(0, 32);
  return {
    machineID: id,
    systemUUID: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    bootID: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    kernelVersion: release(),
    osImage: osImage(),
    containerRuntimeVersion: `podwire://${version}`,
    kubeletVersion: `v1.34.0-podwire.${version}`,
    kubeProxyVersion: "",
    operatingSystem: OPERATING_SYSTEM,
    architecture: ARCHITECTURE,
  };
}

function osImage(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux"; // a machine need not have the file
  }
}

/** status.capacity. */
export function capacity(pods: number): object {
  return { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: String(pods) };
}
