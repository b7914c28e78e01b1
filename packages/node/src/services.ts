/**
 * The Services that the control plane told of, with their slices: for the data plane's table, for DNS, and for the
 * variables of containers.
 *
 * Kept in the bytes of the node stream and read when someone asks: 50,000 endpoints are 4 MB so, and 40 as objects.
 */
import { type CompiledServices, type HostPort, type Place, Services } from "@podwire/compiler";
import { EndpointSlice, type ObjectName, Service } from "@podwire/protocol";

/** Told of a Service that is new, changed or gone, and of one whose slices did; it need not be known itself. */
export type ServiceListener = (service: ObjectName) => void;

export class KnownServices {
  readonly #compiled = new Services({
    read: key => {
      const [namespace = "", name = ""] = key.split("/");
      return this.get({ namespace, name });
    },
    slicesOf: key => this.#slicesOf(key),
  });
  /** By namespace and name. */
  readonly #services = new Map<string, Map<string, Buffer>>();
  /** By the key of their Service, then by their own name. */
  readonly #slices = new Map<string, Map<string, Buffer>>();
  /** The Service of each slice. */
  readonly #ownerOf = new Map<string, string>();
  readonly #listeners = new Set<ServiceListener>();

  set(service: Service): void {
    const { namespace, name } = service;
    const known = this.#services.get(namespace) ?? new Map();
    this.#services.set(namespace, known.set(name, Service.encode(service)));
    this.#changed({ namespace, name });
  }

  delete({ namespace, name }: ObjectName): void {
    const known = this.#services.get(namespace);
    known?.delete(name);
    if (known?.size === 0) this.#services.delete(namespace);
    this.#changed({ namespace, name });
  }

  setSlice(slice: EndpointSlice): void {
    const { namespace, name, service } = slice;
    const key = keyOf(slice);
    if (this.#ownerOf.has(key) && this.#ownerOf.get(key) !== service) this.deleteSlice(slice);
    this.#ownerOf.set(key, service);
    const owner = keyOf({ namespace, name: service });
    const siblings = this.#slices.get(owner) ?? new Map();
    this.#slices.set(owner, siblings.set(name, EndpointSlice.encode(slice)));
    this.#changed({ namespace, name: service });
  }

  deleteSlice({ namespace, name }: ObjectName): void {
    const key = keyOf({ namespace, name });
    const service = this.#ownerOf.get(key);
    if (service === undefined) return;
    this.#ownerOf.delete(key);
    const owner = keyOf({ namespace, name: service });
    const siblings = this.#slices.get(owner)!;
    siblings.delete(name);
    if (siblings.size === 0) this.#slices.delete(owner);
    this.#changed({ namespace, name: service });
  }

  /** How many Services there are. */
  get size(): number {
    let size = 0;
    for (const known of this.#services.values()) size += known.size;
    return size;
  }

  get({ namespace, name }: ObjectName): Service | undefined {
    const bytes = this.#services.get(namespace)?.get(name);
    return bytes && Service.decode(bytes);
  }

  /** The slices of a Service, which need not be known, in no particular order. */
  slicesOf(service: ObjectName): EndpointSlice[] {
    return this.#slicesOf(keyOf(service));
  }

  of(namespace: string): readonly Service[] {
    return [...(this.#services.get(namespace)?.values() ?? [])].map(bytes => Service.decode(bytes));
  }

  /** All that are known. */
  *names(): Iterable<ObjectName> {
    for (const [namespace, services] of this.#services) {
      for (const name of services.keys()) yield { namespace, name };
    }
  }

  /** Calls back after each change from now on, before the data plane hears of it, until the returned function is called. */
  watch(listener: ServiceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What has changed of the table of Services, for a node that is there and has Pods with these host ports. */
  compile(place: Place, hostPorts: ReadonlyMap<string, readonly HostPort[]>): CompiledServices {
    this.#compiled.setPlace(place);
    this.#compiled.setHostPorts(hostPorts);
    return this.#compiled.compile();
  }

  /** Once the data plane has the shards that took the place of these. */
  recycle(replaced: CompiledServices["replaced"]): void {
    this.#compiled.recycle(replaced);
  }

  #slicesOf(key: string): EndpointSlice[] {
    const slices = this.#slices.get(key) ?? new Map<string, Buffer>();
    return [...slices.values()].map(bytes => EndpointSlice.decode(bytes));
  }

  #changed(service: ObjectName): void {
    this.#compiled.changed(keyOf(service));
    for (const listener of this.#listeners) listener(service);
  }
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
