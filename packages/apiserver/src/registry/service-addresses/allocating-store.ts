/**
 * A store that takes note of what is written of Services, ServiceCIDRs and IPAddresses, before whoever wrote it hears of
 * it, and that keeps an IPAddress for each ClusterIP:
 *
 *   a Service is written    -> first the IPAddresses that it lacks; then the Service; then those that it no longer has go
 *   a Service is removed    -> then its IPAddresses go
 *   an IPAddress is removed, or loses its labels, while a Service has the address -> it is made again
 *
 * What a crash leaves between these steps is put right when the store is opened the next time (`repair`).
 */
import {
  type IPAddress,
  isReason,
  jsonEqual,
  kinds,
  type NewObject,
  type Service,
  type ServiceCIDR,
} from "@podwire/api";
import { ConflictError, type Entry, type Store } from "@podwire/store";
import { createObject } from "../create.ts";
import { deleteObject } from "../delete.ts";
import { kindPrefix } from "../keys.ts";
import type { Surroundings } from "../surroundings.ts";
import { type ClusterIps, canonicalAddresses } from "./cluster-ips.ts";
import { familyOf } from "./families.ts";
import type { NodePorts } from "./node-ports.ts";
import type { ServiceRanges } from "./ranges.ts";
import { nodePortsOf } from "./service-ports.ts";

const SERVICES = kindPrefix(kinds.services);
const SERVICE_CIDRS = kindPrefix(kinds.serviceCIDRs);
const IP_ADDRESSES = kindPrefix(kinds.ipAddresses);

const FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family";
const MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by";
const MANAGED_BY = "ipallocator.k8s.io";
const FIELD_MANAGER = "kube-apiserver";

const nameOf = (key: string) => key.slice(IP_ADDRESSES.length);

function isManaged(value: string): boolean {
  return (JSON.parse(value) as IPAddress).metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}

function labelsOf(address: string): Record<string, string> {
  return { [FAMILY_LABEL]: familyOf(address), [MANAGED_BY_LABEL]: MANAGED_BY };
}

export interface Pools {
  readonly ranges: ServiceRanges;
  readonly ips: ClusterIps;
  readonly ports: NodePorts;
  /** Whether ClusterIPs are given, and have their IPAddresses. */
  readonly givesAddresses: boolean;
}

export class AllocatingStore implements Store {
  readonly #store: Store;
  readonly #surroundings: Surroundings;
  readonly #pools: Pools;

  constructor(store: Store, surroundings: Surroundings, pools: Pools) {
    this.#store = store;
    this.#surroundings = surroundings;
    this.#pools = pools;
  }

  /** Takes note of what is stored, and puts the IPAddresses right. Before anything is written through it. */
  async load(): Promise<void> {
    const read = async (prefix: string) => (await this.#store.range({ prefix })).entries;
    const serviceCidrs = await read(SERVICE_CIDRS);
    const addresses = await read(IP_ADDRESSES);
    const services = await read(SERVICES);
    for (const entry of [...serviceCidrs, ...addresses, ...services]) this.#note(entry);
    if (this.#pools.givesAddresses) await this.#repair(addresses, services);
  }

  async #repair(addresses: readonly Entry[], services: readonly Entry[]): Promise<void> {
    const held = this.#pools.ips.services;
    const orphans = addresses.filter(({ key, value }) => !held.has(nameOf(key)) && isManaged(value));
    await Promise.all(orphans.map(({ key }) => this.#removeAddress(nameOf(key))));
    for (const { key, value } of services) {
      if (held.storedBy(key).every(address => this.#pools.ips.objects.has(address))) continue;
      const service = JSON.parse(value) as Service;
      await Promise.all(this.#lacking(service).map(each => this.#createAddress(each, service)));
    }
  }

  #note({ key, value }: Entry): string[] {
    const { ips, ports, ranges } = this.#pools;
    if (key.startsWith(SERVICES)) {
      const { spec } = JSON.parse(value) as Service;
      ports.services.store(key, nodePortsOf(spec));
      return ips.services.store(key, canonicalAddresses(spec.clusterIPs));
    }
    if (key.startsWith(SERVICE_CIDRS)) ranges.note(key, JSON.parse(value) as ServiceCIDR);
    else if (key.startsWith(IP_ADDRESSES)) ips.objects.add(nameOf(key));
    return [];
  }

  async put(key: string, value: string, expected: number): Promise<Entry> {
    if (key.startsWith(SERVICES)) return this.#putService(key, value, expected);
    if (key.startsWith(IP_ADDRESSES) && expected === 0) return this.#putAddress(key, value);
    const entry = await this.#store.put(key, value, expected);
    this.#note(entry);
    if (key.startsWith(IP_ADDRESSES)) await this.#restore(nameOf(key), entry);
    return entry;
  }

  async #putService(key: string, value: string, expected: number): Promise<Entry> {
    const service = JSON.parse(value) as Service;
    const lacking = this.#pools.givesAddresses ? this.#lacking(service) : [];
    if (lacking.length > 0) await this.#checkCurrent(key, expected);
    // In this order, and in one commit.
    const made = lacking.map(address => this.#createAddress(address, service));
    // Taken note of at once: writes are, in the order of their revisions.
    const put = this.#store.put(key, value, expected).then(entry => ({ entry, released: this.#note(entry) }));
    const [written, ...rest] = await Promise.allSettled([put, ...made]);
    if (written.status === "rejected") {
      await this.#removeAddresses(lacking);
      throw written.reason;
    }
    for (const [at, { status }] of rest.entries())
      if (status === "rejected") await this.#createAddress(lacking[at]!, service);
    await this.#removeAddresses(written.value.released);
    return written.value.entry;
  }

  /** A write that is bound to fail makes no IPAddresses. */
  async #checkCurrent(key: string, expected: number): Promise<void> {
    const current = await this.#store.get(key);
    if ((current?.revision ?? 0) !== expected) throw new ConflictError(key, current);
  }

  /** Its name is taken while the write goes on, and is not to be had while a Service is about to get it. */
  async #putAddress(key: string, value: string): Promise<Entry> {
    const { objects, services } = this.#pools.ips;
    const name = nameOf(key);
    if (objects.has(name)) return this.#store.put(key, value, 0);
    if (services.has(name) && services.storedHolder(name) === undefined)
      throw new ConflictError(key, undefined);
    objects.add(name);
    try {
      return await this.#store.put(key, value, 0);
    } catch (error) {
      if (!(error instanceof ConflictError)) objects.delete(name);
      throw error;
    }
  }

  async delete(key: string, expected: number): ReturnType<Store["delete"]> {
    const { ips, ports, ranges } = this.#pools;
    const deletion = await this.#store.delete(key, expected);
    if (key.startsWith(SERVICES)) {
      ports.services.store(key, []);
      await this.#removeAddresses(ips.services.store(key, []));
    } else if (key.startsWith(SERVICE_CIDRS)) ranges.note(key, undefined);
    else if (key.startsWith(IP_ADDRESSES)) {
      const name = nameOf(key);
      ips.objects.delete(name);
      await this.#restore(name, undefined);
    }
    return deletion;
  }

  /** Somebody changed or removed the IPAddress of a Service that has the address. */
  async #restore(name: string, entry: Entry | undefined): Promise<void> {
    const { services } = this.#pools.ips;
    const holder = services.storedHolder(name);
    if (holder === undefined || !this.#pools.givesAddresses) return;
    if (entry !== undefined) {
      const { labels = {} } = (JSON.parse(entry.value) as IPAddress).metadata;
      if (jsonEqual({ ...labels, ...labelsOf(name) }, labels)) return;
      await this.#removeAddress(name);
    }
    const service = await this.#store.get(holder);
    if (service === undefined || services.storedHolder(name) !== holder) return;
    await this.#createAddress(name, JSON.parse(service.value) as Service);
  }

  #lacking({ spec }: Service): string[] {
    return canonicalAddresses(spec.clusterIPs).filter(address => !this.#pools.ips.objects.has(address));
  }

  async #createAddress(address: string, { metadata }: Service): Promise<void> {
    const { namespace, name } = metadata;
    const object: NewObject<IPAddress> = {
      metadata: {
        name: address,
        labels: labelsOf(address),
      },
      spec: { parentRef: { resource: "services", namespace, name } },
    };
    const { objects } = this.#pools.ips;
    objects.add(address);
    try {
      const options = { fieldManager: FIELD_MANAGER };
      await createObject(this.#store, this.#surroundings, kinds.ipAddresses, object, options);
    } catch (error) {
      if (isReason(error, "AlreadyExists")) return;
      objects.delete(address);
      throw error;
    }
  }

  async #removeAddresses(addresses: readonly string[]): Promise<void> {
    if (!this.#pools.givesAddresses) return;
    for (const address of addresses) await this.#removeAddress(address);
  }

  /** One with finalizers of others stays until they are done, and its address is not given meanwhile. */
  async #removeAddress(name: string): Promise<void> {
    try {
      const { outcome } = await deleteObject(
        this.#store,
        this.#surroundings,
        kinds.ipAddresses,
        { name },
        {},
      );
      if (outcome === "marked") return;
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
    this.#pools.ips.objects.delete(name);
  }

  get history(): string {
    return this.#store.history;
  }
  get revision(): number {
    return this.#store.revision;
  }
  get compactedRevision(): number {
    return this.#store.compactedRevision;
  }
  get(key: string, atRevision?: number): Promise<Entry | undefined> {
    return this.#store.get(key, atRevision);
  }
  range(options: Parameters<Store["range"]>[0]): ReturnType<Store["range"]> {
    return this.#store.range(options);
  }
  watch(prefixes: readonly string[], afterRevision: number): ReturnType<Store["watch"]> {
    return this.#store.watch(prefixes, afterRevision);
  }
  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }
  close(): Promise<void> {
    return this.#store.close();
  }
}
