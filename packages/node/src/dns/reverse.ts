/**
 * Names of addresses: of a Service when it is its own, otherwise of every endpoint that has it. Made when the first
 * reverse name is asked for, since few clients ask for any, and kept up to date from then on.
 */
import type { ObjectName } from "@podwire/protocol";
import type { ServiceRecords } from "./records.ts";

/** `label` of the endpoint; "" for the Service itself. */
export interface ReverseHost {
  readonly service: ObjectName;
  readonly label: string;
}

const NONE: readonly ReverseHost[] = [];

export class ReverseIndex {
  readonly #recordsOf: (service: ObjectName) => ServiceRecords | undefined;
  /** By address, then Service: Services that have it, or endpoints with it. */
  readonly #services = new Map<string, Map<string, ObjectName>>();
  /** Addresses of each Service. */
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(
    source: { names(): Iterable<ObjectName> },
    recordsOf: (service: ObjectName) => ServiceRecords | undefined,
  ) {
    this.#recordsOf = recordsOf;
    for (const service of source.names()) this.changed(service);
  }

  changed(service: ObjectName): void {
    const key = `${service.namespace}/${service.name}`;
    for (const address of this.#addresses.get(key) ?? []) {
      const services = this.#services.get(address)!;
      services.delete(key);
      if (services.size === 0) this.#services.delete(address);
    }
    this.#addresses.delete(key);
    const records = this.#recordsOf(service);
    const all = [...(records?.entries ?? []), ...(records?.endpoints ?? [])];
    const addresses = [...new Set(all.map(({ address }) => address.join()))];
    if (addresses.length === 0) return;
    this.#addresses.set(key, addresses);
    for (const address of addresses) {
      const services = this.#services.get(address) ?? new Map();
      this.#services.set(address, services.set(key, service));
    }
  }

  hostsOf(address: Uint8Array): readonly ReverseHost[] {
    const wanted = address.join();
    const services = [...(this.#services.get(wanted)?.values() ?? [])];
    if (services.length === 0) return NONE;
    const hosts = services.flatMap(service => {
      const records = this.#recordsOf(service);
      const entries = [...(records?.entries ?? []), ...(records?.endpoints ?? [])];
      const labels = new Set(
        entries.filter(entry => entry.address.join() === wanted).map(({ label }) => label),
      );
      return [...labels].map(label => ({ service, label }));
    });
    const own = hosts.find(({ label }) => label === "");
    return own ? [own] : hosts;
  }
}
