/** What of a Service is accepted and has no effect, or is to be written otherwise: pkg/api/service, GetWarningsForService. */
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { addressBits, formatCidr, networkOf, parseInterfaceAddress } from "@podwire/wire/cidr";
import type { Service, ServiceSpec } from "../../core/service.ts";
import { isHeadless } from "./by-type.ts";

const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const { clusterIPs = [], externalIPs = [], loadBalancerIP, loadBalancerSourceRanges = [] } = spec;
  const isDeprecated = metadata.annotations?.[TOPOLOGY_HINTS] !== undefined;
  return [
    ...(isDeprecated
      ? [`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`]
      : []),
    ...clusterIPs.flatMap((text, at) => addressWarnings(`spec.clusterIPs[${at}]`, text)),
    ...(spec.type === "ClusterIP" && isHeadless(spec) ? headlessWarnings(spec) : []),
    ...externalIPs.flatMap((text, at) => addressWarnings(`spec.externalIPs[${at}]`, text)),
    ...(loadBalancerIP ? addressWarnings("spec.loadBalancerIP", loadBalancerIP) : []),
    ...loadBalancerSourceRanges.flatMap((text, at) =>
      rangeWarnings(`spec.loadBalancerSourceRanges[${at}]`, text),
    ),
    ...typeWarnings(spec),
  ];
}

function headlessWarnings({ loadBalancerIP, externalIPs = [], sessionAffinity }: ServiceSpec): string[] {
  const ignored = (field: string) => `spec.${field} is ignored for headless services`;
  return [
    ...(loadBalancerIP ? [ignored("loadBalancerIP")] : []),
    ...(externalIPs.length > 0 ? [ignored("externalIPs")] : []),
    ...(sessionAffinity === "None" ? [] : [ignored("SessionAffinity")]),
  ];
}

function typeWarnings({ type, externalIPs = [], externalName }: ServiceSpec): string[] {
  if (type !== "ExternalName")
    return externalName ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : [];
  return externalIPs.length > 0 ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : [];
}

function addressWarnings(field: string, text: string): string[] {
  const address = parseAddress(text);
  if (address?.length !== 16 || formatAddress(address) === text) return [];
  const canonical = JSON.stringify(formatAddress(address));
  return [
    `${field}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}

function rangeWarnings(field: string, text: string): string[] {
  const range = parseInterfaceAddress(text);
  if (range === undefined) return [];
  const network = networkOf(range);
  if (network.bytes.some((byte, at) => byte !== range.bytes[at])) {
    const single = formatCidr({ ...range, prefixLength: addressBits(range.family) });
    const meant = `${JSON.stringify(formatCidr(network))} or ${JSON.stringify(single)}`;
    return [
      `${field}: CIDR value ${JSON.stringify(text)} is ambiguous in this context (should be ${meant}?)`,
    ];
  }
  if (range.family === 4 || formatCidr(range) === text) return [];
  const canonical = JSON.stringify(formatCidr(range));
  return [
    `${field}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}
