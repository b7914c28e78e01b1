/** Checks of the cluster's ranges before anything is started with them. */
import {
  addressBits,
  type Cidr,
  formatCidr,
  networkOf,
  overlaps,
  parseCidr,
  parseInterfaceAddress,
} from "@podwire/wire/cidr";
import { LIMITS } from "../limits.ts";
import type { NodeRanges } from "./allocate.ts";

export interface ClusterRanges {
  clusterCidrs: readonly string[];
  nodeMaskSizes: { ipv4: number; ipv6: number };
  /** Ranges of the network under the overlay; pods could not reach what they cover. */
  underlayCidrs?: readonly string[];
}

/** Throws an Error that names the field, what is wrong and what is allowed. */
export function nodeRanges({ clusterCidrs, nodeMaskSizes, underlayCidrs = [] }: ClusterRanges): NodeRanges {
  const parsed = clusterCidrs.map((text, index) => requireCidr(`clusterCidrs[${index}]`, text));
  if (parsed.length === 0) throw new Error("clusterCidrs: pods need an IPv4 range, an IPv6 range or both");
  if (parsed.length > 2 || (parsed.length === 2 && parsed[0]!.family === parsed[1]!.family)) {
    throw new Error(
      `clusterCidrs: ${clusterCidrs.join(", ")}: at most one range of each IP family is possible`,
    );
  }
  for (const [index, cidr] of parsed.entries()) {
    checkMaskSize(cidr, cidr.family === 4 ? nodeMaskSizes.ipv4 : nodeMaskSizes.ipv6);
    for (const underlay of underlayCidrs) {
      if (!overlaps(cidr, requireCidr("underlay", underlay))) continue;
      throw new Error(
        `clusterCidrs[${index}]: ${formatCidr(cidr)} overlaps the underlay ${underlay}; give one of them another range`,
      );
    }
  }
  return { clusterCidrs: parsed, nodeMaskSizes: { 4: nodeMaskSizes.ipv4, 6: nodeMaskSizes.ipv6 } };
}

function checkMaskSize(cidr: Cidr, maskSize: number): void {
  const field = cidr.family === 4 ? "nodeMaskSizes.ipv4" : "nodeMaskSizes.ipv6";
  // A node needs its own address (the first) and at least one for a pod.
  const most = Math.min(cidr.prefixLength + LIMITS.nodeSubnetBits, addressBits(cidr.family) - 2);
  if (Number.isInteger(maskSize) && maskSize >= cidr.prefixLength && maskSize <= most) return;
  throw new Error(
    `${field}: ${maskSize} does not fit the range ${formatCidr(cidr)}; it may be ${cidr.prefixLength} to ${most}`,
  );
}

function requireCidr(field: string, text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr) return cidr;
  const loose = parseInterfaceAddress(text);
  throw new Error(
    loose
      ? `${field}: "${text}" has bits set beyond its prefix; the range it lies in is ${formatCidr(networkOf(loose))}`
      : `${field}: "${text}" is not a CIDR; write it like 10.244.0.0/16 or fd00:10:244::/56`,
  );
}
