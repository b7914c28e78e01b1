/**
 * The backends of Services as a person wants to read them: how many are ready, and which. Counted from the EndpointSlices,
 * of which a Service has one or more for each family; a Pod with an address of each is one backend.
 *
 *   2 ready | 1 ready, 1 terminating, 2 not ready | none | - (an ExternalName has none to have)
 */
import { type Endpoint, type EndpointSlice, type Kind, kinds, type Service } from "@podwire/api";
import { type ApiClient, Informer } from "@podwire/client";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const SHOWN_ADDRESSES = 3;

export type BackendState = "ready" | "terminating" | "not ready";
const STATES: readonly BackendState[] = ["ready", "terminating", "not ready"];

export class Backends {
  readonly #slices: Informer<EndpointSlice>;

  private constructor(slices: Informer<EndpointSlice>) {
    this.#slices = slices;
  }

  /** Of the Services of one namespace, or of all. Close it afterwards. */
  static async open(client: ApiClient, namespace?: string): Promise<Backends> {
    const slices = new Informer(client, kinds.endpointSlices, { namespace });
    await slices.start();
    return new Backends(slices);
  }

  /** Calls back with "namespace/name" of each Service whose slices have changed. */
  onChange(changed: (service: string) => void): void {
    this.#slices.onChange(({ before, after }) => {
      const services = [before, after].flatMap(slice => (slice ? (ownerOf(slice) ?? []) : []));
      for (const service of new Set(services)) changed(service);
    });
  }

  close(): void {
    this.#slices.stop();
  }

  /** Each backend once, the best that is said of it. */
  states({ metadata }: Pick<Service, "metadata">): BackendState[] {
    const best = new Map<string, number>();
    const nameless = new Map<string, number>();
    for (const { slice, endpoint } of this.#endpoints(`${metadata.namespace}/${metadata.name}`)) {
      const { targetRef } = endpoint;
      // Where nobody says whose addresses they are, the first of one family is taken for the first of the other.
      const number = nameless.get(slice.addressType) ?? 0;
      if (targetRef === undefined) nameless.set(slice.addressType, number + 1);
      const name = targetRef?.uid ?? targetRef?.name ?? String(number);
      const state = STATES.indexOf(stateOf(endpoint));
      best.set(name, Math.min(best.get(name) ?? state, state));
    }
    return [...best.values()].map(state => STATES[state]!);
  }

  readonly columns: Kind<Service>["columns"] = [
    {
      name: "Backends",
      type: "string",
      description: "How many endpoints the Service has, and in what state.",
      priority: 0,
      cell: service => this.#summary(service),
    },
    {
      name: "Addresses",
      type: "string",
      description: "Where the backends are that take new connections.",
      priority: 1,
      cell: service => this.#addresses(service),
    },
  ];

  #summary(service: Service): string {
    if (service.spec.type === "ExternalName") return "-";
    const states = this.states(service);
    const counts = STATES.map(state => ({ state, count: states.filter(each => each === state).length }));
    const told = counts.filter(({ count }) => count > 0).map(({ state, count }) => `${count} ${state}`);
    return told.join(", ") || "none";
  }

  #addresses({ metadata, spec }: Service): string {
    if (spec.type === "ExternalName") return spec.externalName ?? "-";
    const told = new Set<string>();
    for (const { slice, endpoint } of this.#endpoints(`${metadata.namespace}/${metadata.name}`)) {
      if (stateOf(endpoint) !== "ready") continue;
      for (const { port } of slice.ports?.length ? slice.ports : [{ port: undefined }])
        told.add(hostPort(endpoint.addresses[0]!, port));
    }
    const shown = [...told].slice(0, SHOWN_ADDRESSES).join(",");
    const more = told.size - SHOWN_ADDRESSES;
    return (more > 0 ? `${shown} + ${more} more` : shown) || "<none>";
  }

  *#endpoints(service: string): Generator<{ slice: EndpointSlice; endpoint: Endpoint }> {
    for (const slice of this.#slices.values()) {
      if (ownerOf(slice) !== service) continue;
      for (const endpoint of slice.endpoints ?? []) yield { slice, endpoint };
    }
  }
}

function ownerOf({ metadata: { namespace, labels } }: EndpointSlice): string | undefined {
  const service = labels?.[SERVICE_NAME_LABEL];
  return service === undefined ? undefined : `${namespace}/${service}`;
}

function stateOf({ conditions = {} }: Endpoint): BackendState {
  const { ready = true, terminating = false } = conditions;
  if (ready && !terminating) return "ready";
  return terminating && (conditions.serving ?? ready) ? "terminating" : "not ready";
}

function hostPort(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
