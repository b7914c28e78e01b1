/**
 * The records of one Service, made from what the node knows of it (Kubernetes DNS specification 1.1.0 §2.3, §2.4):
 *
 *   ClusterIP       an entry a port and address of the Service; by name those of its endpoints, too, as CoreDNS
 *   headless        an entry a port and ready endpoint
 *   ExternalName    an alias
 */
import type { EndpointSlice, Service } from "@podwire/protocol";
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { isName } from "@podwire/wire/dns";

/** An address behind a Service's name, once for each port it serves. */
export interface Entry {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** 0: the slice names no port. */
  readonly port: number;
  /** Lower case, as `protocol` is: what a question is compared with. */
  readonly portName: string;
  readonly protocol: string;
  /** The label of an endpoint; "" for the Service itself. */
  readonly label: string;
}

export interface ServiceRecords {
  /** Of an ExternalName; it has no entries. */
  readonly alias: string | undefined;
  /** What the Service's own name means. */
  readonly entries: readonly Entry[];
  /** The same by family, each once: the answers to most questions. */
  readonly ipv4: readonly Uint8Array[];
  readonly ipv6: readonly Uint8Array[];
  /** Of the ready endpoints. */
  readonly endpoints: readonly Entry[];
}

/** Undefined for an ExternalName that is an address, as in CoreDNS, or no name: such a Service has no name itself. */
export function serviceRecords(
  service: Service,
  slices: readonly EndpointSlice[],
): ServiceRecords | undefined {
  const { externalName, clusterIps } = service;
  if (externalName !== "") {
    const alias = externalName.replace(/\.$/, "");
    if (parseAddress(alias) !== undefined || !isName(alias)) return undefined;
    return { alias, entries: [], ipv4: [], ipv6: [], endpoints: [] };
  }
  const endpoints = slices.flatMap(endpointEntries);
  const entries = clusterIps.length > 0 ? clusterEntries(service) : endpoints;
  return { alias: undefined, entries, ...byFamily(entries), endpoints };
}

function clusterEntries({ clusterIps, ports }: Service): Entry[] {
  const addresses = clusterIps.flatMap(text => parseAddress(text) ?? []);
  return ports.flatMap(({ name, protocol, port }) =>
    addresses.map(address => ({
      address,
      port,
      portName: name.toLowerCase(),
      protocol: protocol.toLowerCase(),
      label: "",
    })),
  );
}

function endpointEntries({ ports, endpoints }: EndpointSlice): Entry[] {
  const served = ports.length > 0 ? ports : [{ name: "", protocol: "", port: 0 }];
  return endpoints
    .filter(({ ready }) => ready)
    .flatMap(({ addresses, hostname }) =>
      addresses.flatMap(text => {
        const address = parseAddress(text);
        if (address === undefined) return [];
        const label = endpointLabel(hostname, address);
        return served.map(({ name, protocol, port }) => ({
          address,
          port,
          portName: name.toLowerCase(),
          protocol: protocol.toLowerCase(),
          label,
        }));
      }),
    );
}

/** Its hostname, or its address with dashes, as CoreDNS names it: 10-244-1-5, fd00-10-244-1--5. */
export function endpointLabel(hostname: string, address: Uint8Array): string {
  if (hostname !== "") return hostname.toLowerCase();
  const label = formatAddress(address).replace(/[.:]/g, "-");
  return label.endsWith("-") ? `${label}0` : label;
}

export function byFamily(entries: readonly Entry[]): { ipv4: Uint8Array[]; ipv6: Uint8Array[] } {
  const unique = new Map(entries.map(({ address }) => [address.join(), address]));
  const addresses = [...unique.values()];
  return {
    ipv4: addresses.filter(({ length }) => length === 4),
    ipv6: addresses.filter(({ length }) => length === 16),
  };
}
