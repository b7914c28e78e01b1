/**
 * Custom Endpoints, those of a Service without a selector, mirrored into slices, which are what the data plane reads
 * (KEP-752; upstream: pkg/controller/endpointslicemirroring):
 *
 *   Endpoints -> their one form -> a slice for each family and list of ports -> create, update, delete
 *
 * A slice whose Endpoints, Service or reason has gone goes too.
 */
import { type EndpointSlice, type Endpoints, jsonEqual, kinds, type NewObject } from "@podwire/api";
import type { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { isNamespaceGoing } from "../namespace-going.ts";
import { endpointKey, sameEndpoint } from "../service-endpoints/endpoint-key.ts";
import {
  LAST_APPLIED,
  LAST_CHANGE,
  MIRRORING_MANAGER,
  SERVICE_NAME,
  SLICE_MANAGED_BY,
  SLICE_MANAGER,
} from "../service-endpoints/names.ts";
import type { Selection } from "../service-endpoints/selection.ts";
import { selectorOf } from "../service-endpoints/selector-index.ts";
import type { SliceCache } from "../service-endpoints/slice-cache.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerReference, referenceTo } from "../workloads/ownership.ts";
import { groupKey, isToBeMirrored, type MirroredGroup, mirrored } from "./desired.ts";

const ORIGIN = { component: "endpoint-slice-mirroring-controller" } as const;

export function startEndpointSliceMirroring(
  context: ControllerContext,
  selection: Selection,
  endpoints: Informer<Endpoints>,
  slices: SliceCache,
): Controller {
  return new EndpointSliceMirroring(context, selection, endpoints, slices);
}

class EndpointSliceMirroring implements Controller {
  readonly #context: ControllerContext;
  readonly #selection: Selection;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: SliceCache;
  readonly #queue: WorkQueue;
  /** Resource versions of Endpoints of which it was told what is left out. */
  readonly #told = new Map<string, string>();

  constructor(
    context: ControllerContext,
    selection: Selection,
    endpoints: Informer<Endpoints>,
    slices: SliceCache,
  ) {
    this.#context = context;
    this.#selection = selection;
    this.#endpoints = endpoints;
    this.#slices = slices;
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({
      name: "endpoint-slice-mirroring",
      reconcile,
      clock,
      log,
      concurrency,
      held: true,
    });
    const wake = ({ key }: { key: string }) => this.#queue.add(key);
    selection.services.onChange(wake);
    endpoints.onChange(wake);
    slices.follow(MIRRORING_MANAGER, key => this.#queue.add(key));
    slices.follow(SLICE_MANAGER, key => this.#queue.add(key));
  }

  started(): void {
    this.#queue.release();
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#selection.services.byKey(key);
    const endpoints = this.#endpoints.byKey(key);
    const existing = this.#slices.of(key, MIRRORING_MANAGER);
    if (endpoints === undefined) this.#told.delete(key);
    const isCustom = service !== undefined && selectorOf(service) === undefined;
    if (endpoints !== undefined && isCustom && isToBeMirrored(endpoints)) {
      await this.#mirror(key, endpoints, existing);
      return;
    }
    // A Service that gets a selector keeps its backends until the slices of that are there, which wake this.
    const isAwaited = service !== undefined && !isCustom && service.spec.type !== "ExternalName";
    if (isAwaited && this.#slices.of(key, SLICE_MANAGER).length === 0) return;
    await this.#slices.write({ create: [], update: [], remove: existing });
  }

  async #mirror(key: string, endpoints: Endpoints, existing: readonly EndpointSlice[]): Promise<void> {
    const { groups, invalid, tooMany } = mirrored(endpoints);
    this.#tell(key, endpoints, invalid, tooMany);
    const spare: EndpointSlice[] = [];
    const update: EndpointSlice[] = [];
    const missing = new Map(groups);
    for (const slice of existing) {
      const at = groupKey(slice.addressType, slice.ports);
      const group = missing.get(at);
      if (group === undefined) spare.push(slice);
      else if (!isSame(slice, endpoints, group)) update.push(sliceOf(endpoints, group, slice));
      missing.delete(at);
    }
    const create: NewObject<EndpointSlice>[] = [];
    for (const group of missing.values()) {
      // One that would go takes the place of one that would be made.
      const at = spare.findIndex(({ addressType }) => addressType === group.family);
      const [reused] = at >= 0 ? spare.splice(at, 1) : [];
      if (reused !== undefined) update.push(sliceOf(endpoints, group, reused));
      else create.push(newSlice(endpoints, group));
    }
    try {
      const isGoing = endpoints.metadata.deletionTimestamp !== undefined;
      await this.#slices.write({ create: isGoing ? [] : create, update, remove: spare });
    } catch (error) {
      if (!isNamespaceGoing(error)) throw error;
    }
  }

  /** Once for each state of the Endpoints. */
  #tell(key: string, endpoints: Endpoints, invalid: number, tooMany: number): void {
    const { resourceVersion } = endpoints.metadata;
    if (invalid + tooMany === 0 || this.#told.get(key) === resourceVersion) return;
    this.#told.set(key, resourceVersion);
    const warn = (reason: string, message: string) =>
      this.#context.recordEvent(referenceTo(endpoints), "Warning", reason, message, ORIGIN);
    if (invalid > 0) {
      warn("InvalidIPAddress", `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`);
    }
    if (tooMany === 0) return;
    const most = `A max of ${LIMITS.mirroredAddresses} addresses can be mirrored to EndpointSlices per Endpoints subset`;
    warn("TooManyAddressesToMirror", `${most}. ${tooMany + invalid} addresses were skipped`);
  }
}

function labelsOf({ metadata: { name, labels } }: Endpoints): Record<string, string> {
  return { ...labels, [SERVICE_NAME]: name, [SLICE_MANAGED_BY]: MIRRORING_MANAGER };
}

function annotationsOf({ metadata: { annotations = {} } }: Endpoints): Record<string, string> | undefined {
  const { [LAST_CHANGE]: _, [LAST_APPLIED]: __, ...others } = annotations;
  return Object.keys(others).length > 0 ? others : undefined;
}

function isSame({ metadata, endpoints = [] }: EndpointSlice, of: Endpoints, group: MirroredGroup): boolean {
  return (
    endpoints.length === group.endpoints.size &&
    endpoints.every(endpoint => {
      const wanted = group.endpoints.get(endpointKey(endpoint));
      return wanted !== undefined && sameEndpoint(wanted, endpoint);
    }) &&
    jsonEqual(metadata.labels, labelsOf(of)) &&
    jsonEqual(metadata.annotations, annotationsOf(of)) &&
    (metadata.ownerReferences ?? []).some(({ uid }) => uid === of.metadata.uid)
  );
}

function newSlice(endpoints: Endpoints, group: MirroredGroup): NewObject<EndpointSlice> {
  const { namespace, name } = endpoints.metadata;
  return {
    metadata: {
      ...{ namespace, generateName: `${name}-` },
      ...{ labels: labelsOf(endpoints), annotations: annotationsOf(endpoints) },
      ownerReferences: [controllerReference(kinds.endpoints, endpoints)],
    },
    addressType: group.family,
    ports: group.ports,
    endpoints: [...group.endpoints.values()],
  };
}

function sliceOf(endpoints: Endpoints, group: MirroredGroup, existing: EndpointSlice): EndpointSlice {
  const { metadata, ports, endpoints: backends = [] } = newSlice(endpoints, group);
  const { labels, annotations, ownerReferences } = metadata;
  return {
    ...existing,
    metadata: { ...existing.metadata, labels, annotations, ownerReferences },
    ports,
    endpoints: backends,
  };
}
