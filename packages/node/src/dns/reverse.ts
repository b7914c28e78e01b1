/**
 * Names of addresses: of a Service when it is its own, otherwise of every endpoint that has it. Made when the first
 * reverse name is asked for, since few clients ask for any, and kept up to date from then on.
 *
 *   address -> the Services that have it, or an endpoint with it -> the records of each -> its name, or the endpoint's
 */
import type { EndpointSlice, ObjectName, Service } from "@podwire/protocol";
import { formatAddress, parseAddress } from "@podwire/wire/address";
import type { ServiceRecords } from "./records.ts";

/** `label` of the endpoint; "" for the Service itself. */
export interface ReverseHost {
  readonly service: ObjectName;
  readonly label: string;
}

interface Source {
  get(service: ObjectName): Service | undefined;
  slicesOf(service: ObjectName): EndpointSlice[];
  names(): Iterable<ObjectName>;
}

const NONE: readonly never[] = [];

export class ReverseIndex {
  readonly #source: Source;
  readonly #recordsOf: (service: ObjectName) => ServiceRecords | undefined;
  /** By address. Nearly all have one: a list each would take more memory than all the rest. */
  readonly #services = new Map<string, ObjectName | readonly ObjectName[]>();
  /** Addresses of each Service. */
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(source: Source, recordsOf: (service: ObjectName) => ServiceRecords | undefined) {
    this.#source = source;
    this.#recordsOf = recordsOf;
    for (const service of source.names()) this.changed(service);
  }

  changed(service: ObjectName): void {
    const key = keyOf(service);
    for (const address of this.#addresses.get(key) ?? NONE) this.#forget(address, key);
    this.#addresses.delete(key);
    const addresses = this.#addressesOf(service);
    if (addresses.length === 0) return;
    this.#addresses.set(key, addresses);
    for (const address of addresses) {
      const others = this.#servicesOf(address);
      this.#services.set(address, others.length === 0 ? service : [...others, service]);
    }
  }

  hostsOf(address: Uint8Array): readonly ReverseHost[] {
    const wanted = address.join();
    const hosts = this.#servicesOf(formatAddress(address)).flatMap(service => {
      const records = this.#recordsOf(service);
      const entries = [...(records?.entries ?? NONE), ...(records?.endpoints ?? NONE)];
      const labels = new Set(
        entries.filter(entry => entry.address.join() === wanted).map(({ label }) => label),
      );
      return [...labels].map(label => ({ service, label }));
    });
    const own = hosts.find(({ label }) => label === "");
    return own ? [own] : hosts;
  }

  #servicesOf(address: string): readonly ObjectName[] {
    const services = this.#services.get(address) ?? NONE;
    return "name" in services ? [services] : services;
  }

  #forget(address: string, key: string): void {
    const left = this.#servicesOf(address).filter(service => keyOf(service) !== key);
    if (left.length === 0) this.#services.delete(address);
    else this.#services.set(address, left.length === 1 ? left[0]! : left);
  }

  #addressesOf(service: ObjectName): readonly string[] {
    const known = this.#source.get(service);
    if (known === undefined || known.externalName !== "") return NONE;
    const ready = this.#source
      .slicesOf(service)
      .flatMap(({ endpoints }) => endpoints.filter(each => each.ready));
    const texts = [...known.clusterIps, ...ready.flatMap(({ addresses }) => addresses)];
    return [...new Set(texts.map(canonical))];
  }
}

/** IPv4 has one way to be written. */
function canonical(text: string): string {
  const bytes = text.includes(":") ? parseAddress(text) : undefined;
  return bytes ? formatAddress(bytes) : text;
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
