/**
 * The Services that the control plane told of: with their endpoints for the data plane, and without for the variables of
 * containers.
 */
import { Services } from "@podwire/compiler";
import type { EndpointSlice, ObjectName, Service } from "@podwire/protocol";

export class KnownServices {
  readonly #compiled = new Services();
  readonly #byNamespace = new Map<string, Map<string, Service>>();

  set(service: Service): void {
    const { namespace, name, clusterIps: addresses, ports } = service;
    const known = this.#byNamespace.get(namespace) ?? new Map();
    this.#byNamespace.set(namespace, known.set(name, service));
    this.#compiled.setService(keyOf(service), { addresses, ports });
  }

  delete(service: ObjectName): void {
    const known = this.#byNamespace.get(service.namespace);
    known?.delete(service.name);
    if (known?.size === 0) this.#byNamespace.delete(service.namespace);
    this.#compiled.deleteService(keyOf(service));
  }

  setSlice(slice: EndpointSlice): void {
    const service = keyOf({ namespace: slice.namespace, name: slice.service });
    const endpoints = slice.endpoints.map(({ addresses, ...conditions }) => ({
      address: addresses[0] ?? "",
      ...conditions,
    }));
    this.#compiled.setEndpoints(keyOf(slice), { service, ports: slice.ports, endpoints });
  }

  deleteSlice(slice: ObjectName): void {
    this.#compiled.deleteEndpoints(keyOf(slice));
  }

  /** The table of Services as it is now. */
  compile(): ReturnType<Services["compile"]> {
    return this.#compiled.compile();
  }

  of(namespace: string): readonly Service[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
