/**
 * One Service and its slices -> its rows of the table of Services.
 *
 *   clusterIPs                   port            internalTrafficPolicy
 *   externalIPs                  port            externalTrafficPolicy
 *   load balancer's addresses    port            externalTrafficPolicy, loadBalancerSourceRanges
 *   0.0.0.0 and ::               node port       externalTrafficPolicy; all addresses of this node
 *
 * externalTrafficPolicy Local is for clients from outside: who is inside reaches all endpoints. The cluster's own
 * addresses and the load balancer's are the Service's alone; at an external one others may be, too.
 */
import {
  addressRow,
  type Backend,
  type Cidr,
  isIpv4,
  parseAddress,
  parseCidr,
  type ServiceRow,
  type Words,
} from "@podwire/tables";
import { Protocol } from "@podwire/wire";
import { formatCidr, networkOf, parseInterfaceAddress } from "@podwire/wire/cidr";
import { type Categories, categorize, type Endpoint, type Place, type ServingEndpoint } from "./endpoints.ts";
import type { Omission } from "./snapshot.ts";

export interface SlicePort {
  readonly name: string;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
  readonly port: number;
}

export interface ServicePort extends SlicePort {
  /** 0: none. */
  readonly nodePort: number;
}

/** A Service as the node stream tells of it: see proto/podwire/v1/node.proto. */
export interface ServiceSource {
  readonly clusterIps: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly affinityTimeoutSeconds: number;
  readonly internalTrafficPolicyLocal: boolean;
  readonly externalTrafficPolicyLocal: boolean;
}

export interface SliceSource {
  readonly name: string;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

/** Told of what cannot be used, and why. */
export type Omit = (omission: Omission) => void;

export interface RowContext {
  /** "namespace/name" of the Service. */
  readonly name: string;
  /** Its number in the table. */
  readonly owner: number;
  readonly place: Place;
  readonly omit: Omit;
}

type OmitField = (field: string, message: string) => void;

export const PROTOCOLS: { readonly [name: string]: number } = {
  TCP: Protocol.Tcp,
  UDP: Protocol.Udp,
  SCTP: Protocol.Sctp,
};

/** All addresses of this node. */
export const NODE_IPV4: Words = [0, 0, 0xffff, 0];
export const NODE_IPV6: Words = [0, 0, 0, 0];

export function serviceRows(
  service: ServiceSource,
  slices: readonly SliceSource[],
  { name: serviceName, owner, place, omit: report }: RowContext,
): ServiceRow[] {
  const object = `Service ${serviceName}`;
  const omit = (field: string, message: string) => report({ object, field, message });
  const clusterIps = addressesOf("clusterIPs", service.clusterIps, omit);
  const families = new Set(clusterIps.map(isIpv4));
  const ofFamilies = (words: Words) => families.has(isIpv4(words));
  const externalIps = addressesOf("externalIPs", service.externalIps, omit).filter(ofFamilies);
  const balancerIps = addressesOf("status.loadBalancer.ingress", service.loadBalancerIps, omit).filter(
    ofFamilies,
  );
  const nodeIps = [NODE_IPV4, NODE_IPV6].filter(ofFamilies);
  const sourceRanges = balancerIps.length > 0 ? rangesOf(service.loadBalancerSourceRanges, omit) : [];
  // As upstream has it, a family without ranges of its own lets everybody in.
  const rangesFor = (words: Words) => sourceRanges.filter(range => isIpv4(range.words) === isIpv4(words));
  const rows = [...clusterIps, ...balancerIps].map(words => addressRow(words, owner));
  const affinityMs = service.affinityTimeoutSeconds * 1000;
  for (const { name, protocol: protocolName, port, nodePort } of service.ports) {
    const protocol = PROTOCOLS[protocolName];
    if (protocol === undefined) {
      omit("ports", `"${protocolName}" is not TCP, UDP or SCTP`);
      continue;
    }
    const categories = perFamily(isV4 =>
      categorize(endpointsOf(slices, name, protocolName, isV4, report), place),
    );
    const common = { protocol, owner, affinityMs };
    for (const words of clusterIps) {
      rows.push({ ...common, words, port, ...internal(categories(isIpv4(words)), service) });
    }
    const outer = (words: Words) => ({ ...common, words, ...external(categories(isIpv4(words)), service) });
    for (const words of externalIps) rows.push({ ...outer(words), port });
    for (const words of balancerIps) rows.push({ ...outer(words), port, sourceRanges: rangesFor(words) });
    if (nodePort > 0) for (const words of nodeIps) rows.push({ ...outer(words), port: nodePort });
  }
  return rows;
}

function internal({ serving, cluster, local, areAny }: Categories, service: ServiceSource) {
  const accepting = service.internalTrafficPolicyLocal ? local : cluster;
  return { ...ordered(accepting, serving), servedElsewhere: service.internalTrafficPolicyLocal && areAny };
}

function external({ serving, cluster, local, areAny }: Categories, service: ServiceSource) {
  const row = ordered(cluster, serving);
  if (!service.externalTrafficPolicyLocal) return row;
  return { ...row, outside: local, outsideServedElsewhere: areAny, keepsSource: true };
}

/** Those that accept, then the others that serve. */
function ordered(accepting: readonly Backend[], serving: readonly Backend[]) {
  const chosen = new Set(accepting);
  const backends = [...accepting, ...serving.filter(backend => !chosen.has(backend))];
  return { backends, accepting: accepting.length };
}

/** Computes what `of` gives for a family at most once. */
function perFamily(of: (isIpv4: boolean) => Categories): (isIpv4: boolean) => Categories {
  const known = new Map<boolean, Categories>();
  return family => {
    const categories = known.get(family) ?? of(family);
    known.set(family, categories);
    return categories;
  };
}

/** The endpoints of one family that are ready or serve, each address and port once: as ready, if any slice says so. */
function endpointsOf(
  slices: readonly SliceSource[],
  name: string,
  protocol: string,
  isV4: boolean,
  omit: Omit,
): ServingEndpoint[] {
  const found = new Map<string, ServingEndpoint>();
  for (const slice of slices) {
    for (const target of slice.ports) {
      if (target.name !== name || target.protocol !== protocol) continue;
      for (const endpoint of slice.endpoints) {
        if (!endpoint.ready && !endpoint.serving) continue;
        const words = endpointAddress(slice.name, endpoint.addresses[0] ?? "", omit);
        if (words === undefined || isIpv4(words) !== isV4) continue;
        const key = `${words[0]} ${words[1]} ${words[2]} ${words[3]} ${target.port}`;
        const before = found.get(key);
        if (before !== undefined && (before.endpoint.ready || !endpoint.ready)) continue;
        found.set(key, { backend: { words, port: target.port }, endpoint });
      }
    }
  }
  return [...found.values()];
}

function endpointAddress(slice: string, text: string, omit: Omit): Words | undefined {
  const words = parseAddress(text);
  if (words !== undefined && !isLocal(words)) return words;
  const why = words === undefined ? "is not an IPv4 or IPv6 address" : "is no address of another host";
  omit({ object: `EndpointSlice ${slice}`, field: "endpoints", message: `"${text}" ${why}` });
  return undefined;
}

function addressesOf(field: string, texts: readonly string[], omit: OmitField): Words[] {
  const addresses: Words[] = [];
  for (const [index, text] of texts.entries()) {
    const words = parseAddress(text);
    if (words === undefined) omit(`${field}[${index}]`, `"${text}" is not an IPv4 or IPv6 address`);
    else if (isLocal(words)) omit(`${field}[${index}]`, `"${text}" is no address that others reach`);
    else addresses.push(words);
  }
  return addresses;
}

function rangesOf(texts: readonly string[], omit: OmitField): Cidr[] {
  return texts.flatMap((text, index) => {
    const network = parseInterfaceAddress(text);
    if (network === undefined) omit(`loadBalancerSourceRanges[${index}]`, `"${text}" is not a CIDR`);
    return network ? [parseCidr(formatCidr(networkOf(network)))!] : [];
  });
}

/** Unspecified, loopback, link-local or multicast. */
function isLocal(words: Words): boolean {
  const [first, , , last] = words;
  if (isIpv4(words)) {
    const octet = last >>> 24;
    return octet === 0 || octet === 127 || octet >= 224 || last >>> 16 === 0xa9fe;
  }
  const isUnspecifiedOrLoopback = first === 0 && words[1] === 0 && words[2] === 0;
  return isUnspecifiedOrLoopback || first >>> 24 === 0xff || first >>> 22 === 0x3fa;
}
