/**
 * The cluster's zone, answered from what the node knows at the moment of the question: names as the Kubernetes DNS
 * specification 1.1.0 lays them out, and what it leaves open as CoreDNS's kubernetes plugin has it with kubeadm's
 * configuration (`pods insecure`, TTL 30).
 *
 *     name -> labels before the cluster's domain -> which of these
 *       (none)                                 SOA, NS
 *       svc, pod, NAMESPACE.svc                exist, have no records
 *       dns-version, ns.dns                    the schema, the name server
 *       SERVICE.NAMESPACE.svc                  A, AAAA, SRV of all ports, CNAME
 *       ENDPOINT.SERVICE.NAMESPACE.svc         A, AAAA, SRV of all ports
 *       _PORT._PROTOCOL.SERVICE.NAMESPACE.svc  SRV; A and AAAA, too
 *       1-2-3-4.NAMESPACE.pod                  A, AAAA
 *       4.3.2.1.in-addr.arpa, ….ip6.arpa       PTR
 *
 * What exists without records of the type asked for is NODATA, also a name that is only part of others (RFC 8020); what
 * does not is NXDOMAIN; both come with the SOA (RFC 2308).
 */
import type { EndpointSlice, ObjectName, Service } from "@podwire/protocol";
import { parseAddress } from "@podwire/wire/address";
import { type Cidr, contains } from "@podwire/wire/cidr";
import { addressOfReverseName, isName, RCODE, type ResourceRecord, TYPE } from "@podwire/wire/dns";
import { CLUSTER_TTL_SECONDS, MAX_ALIASES, MAX_READY_ANSWERS, MAX_READY_SERVICES } from "./limits.ts";
import { byFamily, type Entry, type ServiceRecords, serviceRecords } from "./records.ts";
import { ReverseIndex } from "./reverse.ts";

/** What the zone is made of. */
export interface ZoneSource {
  get(service: ObjectName): Service | undefined;
  slicesOf(service: ObjectName): EndpointSlice[];
  names(): Iterable<ObjectName>;
  /** Calls back after each change of a Service or its slices. */
  watch(listener: (service: ObjectName) => void): () => void;
  hasNamespace(name: string): boolean;
  /** Until then what is not known may exist all the same: no answer is given at all. */
  readonly isComplete: boolean;
}

export interface ZoneOptions {
  readonly source: ZoneSource;
  /** cluster.local */
  readonly domain: string;
  /** Addresses of Pods and Services: who has none of a name there has none at all, whatever other servers say. */
  readonly reverseCidrs: readonly Cidr[];
  /** Seconds since 1970. */
  now(): number;
}

/** What the zone has to say of a name. */
export interface Found {
  readonly rcode: number;
  readonly answers: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Of the zone, when there is nothing else to say. */
  readonly authority: readonly ResourceRecord[];
  /** The answers end with an alias to this name, which is not in the zone: whoever knows more adds it. */
  readonly outside?: string;
}

const SCHEMA_VERSION = "1.1.0";
const DNS_SERVICE: ObjectName = { namespace: "kube-system", name: "kube-dns" };
const NONE: readonly never[] = [];
const SERVER_FAILURE: Found = {
  rcode: RCODE.serverFailure,
  answers: NONE,
  additional: NONE,
  authority: NONE,
};

export class Zone {
  readonly #options: ZoneOptions;
  readonly #suffix: string;
  /** Records of Services that were asked for, until something of them changes. */
  readonly #ready = new Map<string, ServiceRecords | undefined>();
  /** What was found, until anything changes: clients ask the same again and again. */
  readonly #answers = new Map<string, Found>();
  #reverse: ReverseIndex | undefined;
  #serial: number;

  constructor(options: ZoneOptions) {
    this.#options = options;
    this.#suffix = `.${options.domain}`;
    this.#serial = options.now();
    options.source.watch(service => this.#changed(service));
  }

  #changed(service: ObjectName): void {
    this.#answers.clear();
    this.#ready.delete(keyOf(service));
    this.#reverse?.changed(service);
    this.#serial = this.#options.now();
  }

  /** `name`: lower case. Undefined: it is not for this zone to answer. */
  find(name: string, type: number): Found | undefined {
    const key = `${type} ${name}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const found = this.#find(name, type);
    if (found === undefined || found.answers.length === 0) return found;
    if (this.#answers.size >= MAX_READY_ANSWERS) this.#answers.clear();
    this.#answers.set(key, found);
    return found;
  }

  #find(name: string, type: number): Found | undefined {
    const { domain, source } = this.#options;
    if (!source.isComplete) return isIn(name, domain) ? SERVER_FAILURE : undefined;
    if (name.endsWith(this.#suffix)) return this.#inDomain(name, type);
    if (name === domain) return this.#apex(name, type);
    if (name.endsWith(".arpa")) return this.#findReverse(name, type);
    return undefined;
  }

  #inDomain(name: string, type: number): Found {
    const labels = name.slice(0, -this.#suffix.length).split(".");
    const last = labels.at(-1)!;
    if (last === "svc") return this.#findService(name, labels, type, []);
    if (last === "pod") return this.#findPod(name, labels, type);
    if (labels.length === 1 && last === "dns-version") {
      const version = { name, type: TYPE.TXT, ttl: CLUSTER_TTL_SECONDS, data: { text: SCHEMA_VERSION } };
      return type === TYPE.TXT ? this.#found([version]) : this.#noData();
    }
    if (last === "dns" && labels.length === 1) return this.#noData();
    if (last === "dns" && labels.length === 2 && labels[0] === "ns") {
      return this.#addresses(name, type, this.#recordsOf(DNS_SERVICE)?.entries ?? NONE);
    }
    return this.#nameError();
  }

  #apex(name: string, type: number): Found {
    if (type === TYPE.SOA) return this.#found([this.#soa()]);
    if (type !== TYPE.NS) return this.#noData();
    const host = this.#nameOf(DNS_SERVICE);
    const servers = [{ name, type, ttl: CLUSTER_TTL_SECONDS, data: { target: host } }];
    const entries = this.#recordsOf(DNS_SERVICE)?.entries ?? NONE;
    return this.#found(servers, addressRecords(host, entries));
  }

  /** `labels`: … SERVICE NAMESPACE svc. `aliases`: the records that led here. */
  #findService(name: string, labels: readonly string[], type: number, aliases: ResourceRecord[]): Found {
    const namespace = labels.at(-2);
    const service = labels.at(-3);
    if (namespace !== undefined && !this.#options.source.hasNamespace(namespace)) return this.#nameError();
    if (namespace === undefined || service === undefined) return this.#noData();
    const records = this.#recordsOf({ namespace, name: service });
    if (records === undefined) return this.#nameError();
    if (records.alias !== undefined && labels.length > 3) return this.#nameError();
    if (records.alias !== undefined) return this.#follow(name, records.alias, type, aliases);
    if (records.entries.length === 0) return this.#nameError();
    if (labels.length === 3) {
      if (type === TYPE.A) return this.#plain(name, type, records.ipv4, aliases);
      if (type === TYPE.AAAA) return this.#plain(name, type, records.ipv6, aliases);
      return this.#entries(name, type, records.entries, { namespace, name: service }, aliases);
    }
    const entries = below(records, labels.slice(0, -3));
    if (entries === undefined) return this.#nameError();
    return this.#entries(name, type, entries, { namespace, name: service }, aliases);
  }

  #entries(
    name: string,
    type: number,
    entries: readonly Entry[],
    service: ObjectName,
    aliases: readonly ResourceRecord[],
  ): Found {
    if (type !== TYPE.SRV) return this.#addresses(name, type, entries, aliases);
    return this.#services(name, entries, service, aliases);
  }

  #addresses(
    name: string,
    type: number,
    entries: readonly Entry[],
    aliases: readonly ResourceRecord[] = NONE,
  ): Found {
    const { ipv4, ipv6 } = byFamily(entries);
    if (type === TYPE.A) return this.#plain(name, type, ipv4, aliases);
    return type === TYPE.AAAA ? this.#plain(name, type, ipv6, aliases) : this.#noData(aliases);
  }

  #plain(
    name: string,
    type: number,
    addresses: readonly Uint8Array[],
    aliases: readonly ResourceRecord[] = NONE,
  ): Found {
    if (addresses.length === 0) return this.#noData(aliases);
    const records = addresses.map(data => ({ name, type, ttl: CLUSTER_TTL_SECONDS, data }));
    return this.#found(aliases.length > 0 ? [...aliases, ...records] : records);
  }

  /** One SRV a host and port, of equal weight, with the addresses of the hosts beside them. */
  #services(
    name: string,
    entries: readonly Entry[],
    service: ObjectName,
    aliases: readonly ResourceRecord[],
  ): Found {
    const served = entries.filter(({ port }) => port > 0);
    if (served.length === 0) return this.#noData(aliases);
    const weight = Math.max(1, Math.floor(100 / served.length));
    const answers = new Map<string, ResourceRecord>();
    const additional = new Map<string, ResourceRecord>();
    for (const { address, label, port } of served) {
      const host = this.#hostOf(service, label);
      if (!isName(host)) continue;
      const data = { priority: 0, weight, port, host };
      answers.set(`${host} ${port}`, { name, type: TYPE.SRV, ttl: CLUSTER_TTL_SECONDS, data });
      additional.set(`${host} ${address.join()}`, addressRecord(host, address));
    }
    return this.#found([...aliases, ...answers.values()], [...additional.values()]);
  }

  /** An ExternalName: the alias, and behind it what it stands for, as far as the zone knows. */
  #follow(name: string, target: string, type: number, aliases: readonly ResourceRecord[]): Found {
    if (type === TYPE.SRV) return this.#noData();
    const alias = { name, type: TYPE.CNAME, ttl: CLUSTER_TTL_SECONDS, data: { target } };
    if (type === TYPE.CNAME) return this.#found([...aliases, alias]);
    if (type !== TYPE.A && type !== TYPE.AAAA) return this.#noData();
    const lower = target.toLowerCase();
    const chain = [...aliases, alias];
    const isLoop = chain.some(record => record.name === lower) || chain.length > MAX_ALIASES;
    if (isLoop) return this.#noData(aliases);
    if (lower.endsWith(this.#suffix)) {
      const labels = lower.slice(0, -this.#suffix.length).split(".");
      if (labels.at(-1) === "svc") return orNoData(this.#findService(lower, labels, type, chain), chain);
      const found = this.#inDomain(lower, type);
      return { ...orNoData(found, chain), answers: [...chain, ...found.answers] };
    }
    if (lower === this.#options.domain) return this.#noData(chain);
    return { ...this.#found(chain), outside: target };
  }

  /** Any address there is, without looking for its Pod (`pods insecure`). */
  #findPod(name: string, labels: readonly string[], type: number): Found {
    const [dashed = "", namespace] = labels.length === 3 ? labels : [undefined, labels.at(-2)];
    if (namespace !== undefined && !this.#options.source.hasNamespace(namespace)) return this.#nameError();
    if (labels.length < 3) return this.#noData();
    const isIpv4 = /^\d+(-\d+){3}$/.test(dashed);
    const address =
      labels.length === 3 ? parseAddress(dashed.replaceAll("-", isIpv4 ? "." : ":")) : undefined;
    if (address === undefined) return this.#nameError();
    const isAsked = type === (address.length === 4 ? TYPE.A : TYPE.AAAA);
    return isAsked ? this.#plain(name, type, [address]) : this.#noData();
  }

  #findReverse(name: string, type: number): Found | undefined {
    const address = addressOfReverseName(name);
    if (address === undefined) return undefined;
    const zone = name.endsWith(".in-addr.arpa") ? "in-addr.arpa" : "ip6.arpa";
    this.#reverse ??= new ReverseIndex(this.#options.source, service => this.#recordsOf(service));
    const hosts = this.#reverse.hostsOf(address);
    if (hosts.length === 0) {
      const isOurs = this.#options.reverseCidrs.some(cidr => contains(cidr, address));
      return isOurs ? this.#nameError(zone) : undefined;
    }
    if (type !== TYPE.PTR) return this.#noData(NONE, zone);
    const targets = hosts.map(({ service, label }) => this.#hostOf(service, label)).filter(isName);
    if (targets.length === 0) return this.#noData(NONE, zone);
    return this.#found(targets.map(target => ({ name, type, ttl: CLUSTER_TTL_SECONDS, data: { target } })));
  }

  #recordsOf(service: ObjectName): ServiceRecords | undefined {
    const key = keyOf(service);
    if (this.#ready.has(key)) return this.#ready.get(key);
    const { source } = this.#options;
    const known = source.get(service);
    if (known === undefined) return undefined;
    const records = serviceRecords(known, source.slicesOf(service));
    if (this.#ready.size >= MAX_READY_SERVICES) this.#ready.clear();
    this.#ready.set(key, records);
    return records;
  }

  /** Of an endpoint, or without a label of the Service. With a long domain it may be no name any more. */
  #hostOf(service: ObjectName, label: string): string {
    return label === "" ? this.#nameOf(service) : `${label}.${this.#nameOf(service)}`;
  }

  #nameOf({ namespace, name }: ObjectName): string {
    return `${name}.${namespace}.svc${this.#suffix}`;
  }

  #found(answers: readonly ResourceRecord[], additional: readonly ResourceRecord[] = NONE): Found {
    return { rcode: RCODE.noError, answers, additional, authority: NONE };
  }

  #noData(answers: readonly ResourceRecord[] = NONE, zone?: string): Found {
    return { rcode: RCODE.noError, answers, additional: NONE, authority: [this.#soa(zone)] };
  }

  #nameError(zone?: string): Found {
    return { rcode: RCODE.nameError, answers: NONE, additional: NONE, authority: [this.#soa(zone)] };
  }

  #soa(zone = this.#options.domain): ResourceRecord {
    const data = {
      server: `ns.dns.${zone}`,
      mailbox: `hostmaster.${zone}`,
      serial: this.#serial,
      refresh: 7_200,
      retry: 1_800,
      expire: 86_400,
      minimum: CLUSTER_TTL_SECONDS,
    };
    return { name: zone, type: TYPE.SOA, ttl: CLUSTER_TTL_SECONDS, data };
  }
}

/** An alias exists, whatever it leads to. */
function orNoData(found: Found, chain: readonly ResourceRecord[]): Found {
  if (found.rcode === RCODE.noError) return found;
  return { ...found, rcode: RCODE.noError, answers: chain };
}

/** What is asked for below a Service's name: an endpoint, or a port and protocol. Undefined: there is no such name. */
function below(records: ServiceRecords, labels: readonly string[]): readonly Entry[] | undefined {
  const [first, second] = labels as [string, string | undefined];
  if (labels.length > 2) return undefined;
  const isHost = second === undefined && !first.startsWith("_");
  if (!isHost && !(second ?? first).startsWith("_")) return undefined;
  const protocol = (second ?? first).slice(1);
  const entries = isHost
    ? records.endpoints.filter(({ label }) => label === first)
    : records.entries.filter(entry => entry.protocol === protocol && isPort(entry, second && first));
  if (entries.length === 0) return undefined;
  // _PROTOCOL alone is part of names of ports, and no name of its own.
  return isHost || second !== undefined ? entries : NONE;
}

function isPort({ portName }: Entry, asked: string | undefined): boolean {
  return portName !== "" && (asked === undefined || asked === `_${portName}`);
}

function addressRecords(name: string, entries: readonly Entry[]): ResourceRecord[] {
  const { ipv4, ipv6 } = byFamily(entries);
  return [...ipv4, ...ipv6].map(address => addressRecord(name, address));
}

function addressRecord(name: string, data: Uint8Array): ResourceRecord {
  return { name, type: data.length === 4 ? TYPE.A : TYPE.AAAA, ttl: CLUSTER_TTL_SECONDS, data };
}

function isIn(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`) || name.endsWith(".arpa");
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
