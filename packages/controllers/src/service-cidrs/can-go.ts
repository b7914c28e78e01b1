/**
 * Whether a ServiceCIDR may go: each of its ranges lies in one of another ServiceCIDR, or it is the only one that holds
 * the address of no Service (upstream: canDeleteCIDR).
 */
import type { IPAddress, ServiceCIDR } from "@podwire/api";
import { parseAddress } from "@podwire/wire/address";
import { type Cidr, contains, containsHost, parseCidr } from "@podwire/wire/cidr";

const MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by";
const MANAGED_BY = "ipallocator.k8s.io";

/** `all`: the ServiceCIDRs, itself included. */
export function canGo(
  serviceCidr: ServiceCIDR,
  all: readonly ServiceCIDR[],
  addresses: readonly IPAddress[],
): boolean {
  const own = rangesOf(serviceCidr);
  const others = all.filter(({ metadata }) => metadata.name !== serviceCidr.metadata.name).flatMap(rangesOf);
  if (own.every(range => others.some(other => isWithin(range, other)))) return true;
  return !addresses.some(({ metadata }) => {
    if (metadata.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY) return false;
    const address = parseAddress(metadata.name);
    const isIn = (range: Cidr) => address !== undefined && containsHost(range, address);
    return own.some(isIn) && !others.some(isIn);
  });
}

function rangesOf({ spec }: ServiceCIDR): Cidr[] {
  return (spec.cidrs ?? []).flatMap(text => parseCidr(text) ?? []);
}

function isWithin(range: Cidr, other: Cidr): boolean {
  return other.prefixLength <= range.prefixLength && contains(other, range.bytes);
}
