/**
 * EndpointSlices of Services with a selector (KEP-752; upstream: pkg/controller/endpointslice). A reconcile reads what
 * there is and writes what differs:
 *
 *   Service -> its Pods -> endpoints by family and ports -> the fewest slices to write -> create, update, delete
 *
 * It looks again when the Service, one of its Pods, a Pod's Node or one of its own slices changes. Slices that others
 * manage are theirs.
 */
import {
  type EndpointSlice,
  type Endpoints,
  isReason,
  kinds,
  type NewObject,
  type Service,
} from "@podwire/api";
import { type Informer, keyOf } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { isToBeMirrored, mirrored } from "../endpoint-slice-mirroring/desired.ts";
import { LIMITS } from "../limits.ts";
import { isNamespaceGoing } from "../namespace-going.ts";
import { MIRRORING_MANAGER, SLICE_MANAGER } from "../service-endpoints/names.ts";
import { familiesOf } from "../service-endpoints/pod-endpoint.ts";
import type { Selection } from "../service-endpoints/selection.ts";
import { selectorOf } from "../service-endpoints/selector-index.ts";
import type { SliceCache } from "../service-endpoints/slice-cache.ts";
import { TriggerTimes, withTriggerTime } from "../service-endpoints/trigger-times.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerReference, referenceTo } from "../workloads/ownership.ts";
import { desiredEndpoints } from "./desired.ts";
import { TopologyHints } from "./hints/topology-hints.ts";
import { sliceLabels } from "./labels.ts";
import { planSlices, type SliceDraft } from "./plan.ts";

const ORIGIN = { component: "endpoint-slice-controller" } as const;

export function startEndpointSlices(
  context: ControllerContext,
  selection: Selection,
  endpoints: Informer<Endpoints>,
  slices: SliceCache,
): Controller {
  return new EndpointSlices(context, selection, endpoints, slices);
}

class EndpointSlices implements Controller {
  readonly #context: ControllerContext;
  readonly #selection: Selection;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: SliceCache;
  readonly #hints: TopologyHints;
  readonly #triggerTimes = new TriggerTimes();
  readonly #queue: WorkQueue;

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
    this.#hints = new TopologyHints(context.nodes);
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const options = {
      concurrency: LIMITS.workloadsAtOnce,
      restMs: LIMITS.endpointsRestMs.slices,
      held: true,
    };
    this.#queue = new WorkQueue({ name: "endpoint-slices", reconcile, clock, log, ...options });
    selection.follow(key => this.#queue.add(key));
    this.#hints.follow(key => this.#queue.add(key));
    for (const manager of [SLICE_MANAGER, MIRRORING_MANAGER]) {
      slices.follow(manager, key => this.#queue.add(key));
    }
    endpoints.onChange(({ key }) => {
      if (this.#isLeftBehind(key)) this.#queue.add(key);
    });
  }

  started(): void {
    this.#queue.release();
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<boolean> {
    const service = this.#selection.services.byKey(key);
    const existing = this.#slices.of(key, SLICE_MANAGER);
    const hasSelector = service && selectorOf(service) !== undefined && service.spec.type !== "ExternalName";
    if (hasSelector) {
      return this.#write(service, existing).catch(error => this.#report(service, error as Error));
    }
    this.#triggerTimes.forget(key);
    this.#hints.forget(key);
    // Those of a Service that has gone go with their owner.
    if (service === undefined || this.#isTakenOverSoon(service)) return false;
    return this.#slices.write({ create: [], update: [], remove: existing });
  }

  /** The Service has lost its selector, and its slices are still there. */
  #isLeftBehind(key: string): boolean {
    const service = this.#selection.services.byKey(key);
    return service !== undefined && !selectorOf(service) && this.#slices.of(key, SLICE_MANAGER).length > 0;
  }

  /**
   * Endpoints outlive the selector, as its user's own, and are mirrored from then on. Until they are, which wakes this, the
   * Service keeps its backends. Upstream leaves both kinds of slices, of which these would never change again.
   */
  #isTakenOverSoon({ metadata: { namespace, name }, spec }: Service): boolean {
    const key = keyOf({ namespace, name });
    const endpoints = this.#endpoints.byKey(key);
    if (endpoints === undefined || spec.type === "ExternalName" || !isToBeMirrored(endpoints)) return false;
    return mirrored(endpoints).groups.size > 0 && this.#slices.of(key, MIRRORING_MANAGER).length === 0;
  }

  async #write(service: Service, existing: readonly EndpointSlice[]): Promise<boolean> {
    const pods = this.#selection.podsOf(service);
    const triggerMs = this.#triggerTimes.next(service, pods);
    const { uid } = service.metadata;
    const options = {
      labels: sliceLabels(service, SLICE_MANAGER),
      isOwn: ({ metadata }: EndpointSlice) =>
        metadata.ownerReferences?.some(owner => owner.uid === uid) ?? false,
      endpointsPerSlice: LIMITS.endpointsPerSlice,
    };
    const families = familiesOf(service);
    const tell = (type: "Normal" | "Warning", reason: string, message: string) =>
      this.#context.recordEvent(referenceTo(service), type, reason, message, ORIGIN);
    const unwanted = existing.filter(({ addressType }) => !families.some(family => family === addressType));
    const plans = families.map(family => {
      const desired = desiredEndpoints(service, pods, family, pod => this.#selection.nodeOf(pod));
      const ofFamily = existing.filter(({ addressType }) => addressType === family);
      const plan = planSlices(ofFamily, desired, options);
      return { family, ...this.#hints.hint(service, family, plan, tell) };
    });
    // A Service that is going, with the collector after its slices, gets no new ones.
    const isGoing = service.metadata.deletionTimestamp !== undefined;
    const create = plans.flatMap(({ family, create }) =>
      isGoing ? [] : create.map(draft => newSlice(service, family, draft, options.labels, triggerMs)),
    );
    const update = plans.flatMap(({ update }) =>
      update.map(draft => changedSlice(draft, options.labels, triggerMs)),
    );
    const remove = [...unwanted, ...plans.flatMap(plan => plan.delete)];
    return this.#slices.write({ create, update, remove });
  }

  #report(service: Service, error: Error): boolean {
    if (isNamespaceGoing(error)) return false;
    const { namespace, name } = service.metadata;
    const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${error.message}`;
    // That another writer came first is daily business.
    if (!isReason(error, "Conflict")) {
      this.#context.recordEvent(
        referenceTo(service),
        "Warning",
        "FailedToUpdateEndpointSlices",
        message,
        ORIGIN,
      );
    }
    throw error;
  }
}

function newSlice(
  service: Service,
  addressType: EndpointSlice["addressType"],
  { ports, endpoints }: SliceDraft,
  labels: Record<string, string>,
  triggerMs: number | undefined,
): NewObject<EndpointSlice> {
  const { namespace, name } = service.metadata;
  const annotations = withTriggerTime(undefined, triggerMs);
  const ownerReferences = [controllerReference(kinds.services, service)];
  const metadata = { namespace, generateName: `${name}-`, labels, annotations, ownerReferences };
  return { metadata, addressType, ports, endpoints };
}

function changedSlice(
  { existing, ports, endpoints }: SliceDraft & { readonly existing: EndpointSlice },
  labels: Record<string, string>,
  triggerMs: number | undefined,
): EndpointSlice {
  const annotations = withTriggerTime(existing.metadata.annotations, triggerMs);
  return { ...existing, metadata: { ...existing.metadata, labels, annotations }, ports, endpoints };
}
