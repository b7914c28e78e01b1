/**
 * Services and their endpoints -> the table of Services, kept up to date rather than made anew: what a change costs is
 * the Service that it is about, and the shards with its addresses.
 *
 *   Service or slice changes -> its Service is stale -> compile: its rows again -> their shards again, all others as they are
 *
 *   endpoints of a row    those of the address's family, from slices with a port of the same name and protocol
 *   accepting             the ready ones, or, when there are none, those that terminate and still serve
 *   behind them           the others that serve: their flows go on
 *
 * What two Services claim stays with the one that had it first.
 */
import {
  type Backend,
  buildServiceShard,
  formatAddress,
  isIpv4,
  limits,
  parseAddress,
  type ServiceRow,
  type ServiceShards,
  serviceShardOf,
  type Words,
} from "@podwire/tables";
import { Protocol } from "@podwire/wire";
import type { Omission } from "./snapshot.ts";

export interface ServicePort {
  readonly name: string;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
  readonly port: number;
}

export interface ServiceAddresses {
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePort[];
}

export interface Endpoint {
  /** Interchangeable: the first is used. */
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export interface Endpoints {
  /** "namespace/name". */
  readonly service: string;
  readonly ports: readonly ServicePort[];
  readonly endpoints: readonly Endpoint[];
}

interface Claim {
  readonly service: string;
  readonly row: ServiceRow;
}

const PROTOCOLS: { readonly [name: string]: number } = {
  TCP: Protocol.Tcp,
  UDP: Protocol.Udp,
  SCTP: Protocol.Sctp,
};

export class Services {
  readonly #services = new Map<string, ServiceAddresses>();
  readonly #slices = new Map<string, Endpoints>();
  /** Names of the slices of each Service, known or not. */
  readonly #slicesOf = new Map<string, Set<string>>();
  readonly #stale = new Set<string>();
  /** Of each Service, the keys that it claims. */
  readonly #claimed = new Map<string, string[]>();
  /** By shard and key, who claims it, first come first. */
  readonly #claims: Map<string, Claim[]>[] = Array.from({ length: limits.serviceShards }, () => new Map());
  readonly #shards: (SharedArrayBuffer | undefined)[] = new Array(limits.serviceShards).fill(undefined);
  #omissions: Omission[] = [];

  /** Names are "namespace/name", of Services and of slices. */
  setService(name: string, service: ServiceAddresses): void {
    this.#services.set(name, service);
    this.#stale.add(name);
  }

  deleteService(name: string): void {
    if (this.#services.delete(name)) this.#stale.add(name);
  }

  setEndpoints(slice: string, endpoints: Endpoints): void {
    this.deleteEndpoints(slice);
    this.#slices.set(slice, endpoints);
    const siblings = this.#slicesOf.get(endpoints.service) ?? new Set();
    this.#slicesOf.set(endpoints.service, siblings.add(slice));
    this.#stale.add(endpoints.service);
  }

  deleteEndpoints(slice: string): void {
    const known = this.#slices.get(slice);
    if (known === undefined) return;
    this.#slices.delete(slice);
    const siblings = this.#slicesOf.get(known.service)!;
    siblings.delete(slice);
    if (siblings.size === 0) this.#slicesOf.delete(known.service);
    this.#stale.add(known.service);
  }

  /** All shards; those that no change since the last call was about are the same buffers. */
  compile(): { readonly shards: ServiceShards; readonly omissions: readonly Omission[] } {
    const touched = new Set<number>();
    this.#omissions = [];
    for (const name of this.#stale) this.#renew(name, touched);
    this.#stale.clear();
    for (const shard of touched) {
      const rows = [...this.#claims[shard]!.values()].map(claims => claims[0]!.row);
      this.#shards[shard] = rows.length === 0 ? undefined : buildServiceShard(rows);
    }
    return { shards: [...this.#shards], omissions: this.#omissions };
  }

  #renew(name: string, touched: Set<number>): void {
    const rows = new Map(this.#rowsOf(name).map(row => [keyOf(row), row]));
    for (const key of this.#claimed.get(name) ?? []) {
      if (!rows.has(key)) this.#release(key, name, touched);
    }
    for (const [key, row] of rows) this.#claim(key, { service: name, row }, touched);
    if (rows.size > 0) this.#claimed.set(name, [...rows.keys()]);
    else this.#claimed.delete(name);
  }

  #claim(key: string, claim: Claim, touched: Set<number>): void {
    const shard = serviceShardOf(...claim.row.words);
    const claims = this.#claims[shard]!.get(key) ?? [];
    const at = claims.findIndex(({ service }) => service === claim.service);
    if (at >= 0) claims[at] = claim;
    else claims.push(claim);
    this.#claims[shard]!.set(key, claims);
    const [first] = claims;
    if (first === claim) touched.add(shard);
    else this.#omit(claim.service, key, `is already a port of Service ${first!.service}`);
  }

  #release(key: string, service: string, touched: Set<number>): void {
    const shard = serviceShardOf(...parseAddress(key.split(" ")[0]!)!);
    const left = this.#claims[shard]!.get(key)!.filter(claim => claim.service !== service);
    if (left.length > 0) this.#claims[shard]!.set(key, left);
    else this.#claims[shard]!.delete(key);
    touched.add(shard);
  }

  #rowsOf(name: string): ServiceRow[] {
    const service = this.#services.get(name);
    if (service === undefined) return [];
    const rows: ServiceRow[] = [];
    for (const [index, text] of service.addresses.entries()) {
      const words = parseAddress(text);
      if (words === undefined) {
        this.#omit(name, `clusterIPs[${index}]`, `"${text}" is not an IPv4 or IPv6 address`);
        continue;
      }
      for (const port of service.ports) {
        const protocol = PROTOCOLS[port.protocol];
        if (protocol === undefined) this.#omit(name, "ports", `"${port.protocol}" is not TCP, UDP or SCTP`);
        else rows.push({ words, protocol, port: port.port, ...this.#backends(name, words, port) });
      }
    }
    return rows;
  }

  #backends(name: string, address: Words, port: ServicePort): { backends: Backend[]; accepting: number } {
    const ready: Backend[] = [];
    const terminating: Backend[] = [];
    const seen = new Set<string>();
    for (const slice of this.#slicesOf.get(name) ?? []) {
      const { ports, endpoints } = this.#slices.get(slice)!;
      const target = ports.find(each => each.name === port.name && each.protocol === port.protocol);
      if (target === undefined) continue;
      for (const endpoint of endpoints) {
        const key = `${endpoint.address} ${target.port}`;
        if ((!endpoint.ready && !endpoint.serving) || seen.has(key)) continue;
        const words = this.#endpointAddress(slice, endpoint.address);
        if (words === undefined || isIpv4(words) !== isIpv4(address)) continue;
        seen.add(key);
        const isReady = endpoint.ready && !endpoint.terminating;
        (isReady ? ready : terminating).push({ words, port: target.port });
      }
    }
    const backends = [...ready, ...terminating];
    return { backends, accepting: ready.length || terminating.length };
  }

  #endpointAddress(slice: string, text: string): Words | undefined {
    const words = parseAddress(text);
    if (words !== undefined && !isLocal(words)) return words;
    const why = words === undefined ? "is not an IPv4 or IPv6 address" : "is no address of another host";
    this.#omissions.push({
      object: `EndpointSlice ${slice}`,
      field: "endpoints",
      message: `"${text}" ${why}`,
    });
    return undefined;
  }

  #omit(service: string, field: string, message: string): void {
    this.#omissions.push({ object: `Service ${service}`, field, message });
  }
}

function keyOf({ words, protocol, port }: ServiceRow): string {
  return `${formatAddress(words)} ${protocol}/${port}`;
}

/** Unspecified, loopback, link-local or multicast. */
function isLocal(words: Words): boolean {
  const [first, , , last] = words;
  if (isIpv4(words)) {
    const octet = last >>> 24;
    return octet === 0 || octet === 127 || octet >= 224 || last >>> 16 === 0xa9fe;
  }
  const isUnspecifiedOrLoopback = words[0] === 0 && words[1] === 0 && words[2] === 0 && last >>> 1 === 0;
  return isUnspecifiedOrLoopback || first >>> 22 === 0x3fa || first >>> 24 === 0xff;
}
