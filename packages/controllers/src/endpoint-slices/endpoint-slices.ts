/**
 * EndpointSlices of Services with a selector (KEP-752; upstream: pkg/controller/endpointslice). A reconcile reads what
 * there is and writes what differs:
 *
 *   Service -> its Pods -> endpoints by family and ports -> the fewest slices to write -> create, update, delete
 *
 * It looks again when the Service, one of its Pods, a Pod's Node or one of its own slices changes. Slices that others
 * manage are theirs.
 */
import { type EndpointSlice, isReason, kinds, type NewObject, type Service } from "@podwire/api";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { familiesOf } from "../service-endpoints/pod-endpoint.ts";
import type { Selection } from "../service-endpoints/selection.ts";
import { selectorOf } from "../service-endpoints/selector-index.ts";
import type { SliceCache } from "../service-endpoints/slice-cache.ts";
import { TriggerTimes, withTriggerTime } from "../service-endpoints/trigger-times.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerReference, referenceTo } from "../workloads/ownership.ts";
import { desiredEndpoints } from "./desired.ts";
import { sliceLabels } from "./labels.ts";
import { planSlices, type SliceDraft } from "./plan.ts";

export const MANAGER = "endpointslice-controller.k8s.io";
const ORIGIN = { component: "endpoint-slice-controller" } as const;

export function startEndpointSlices(
  context: ControllerContext,
  selection: Selection,
  slices: SliceCache,
): Controller {
  return new EndpointSlices(context, selection, slices);
}

class EndpointSlices implements Controller {
  readonly #context: ControllerContext;
  readonly #selection: Selection;
  readonly #slices: SliceCache;
  readonly #triggerTimes = new TriggerTimes();
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext, selection: Selection, slices: SliceCache) {
    this.#context = context;
    this.#selection = selection;
    this.#slices = slices;
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const concurrency = LIMITS.workloadsAtOnce;
    this.#queue = new WorkQueue({ name: "endpoint-slices", reconcile, clock, log, concurrency });
    selection.follow(key => this.#queue.add(key));
    slices.follow(MANAGER, key => this.#queue.add(key));
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#selection.services.byKey(key);
    const existing = this.#slices.of(key, MANAGER);
    if (service === undefined) {
      // The slices go with their owner.
      this.#triggerTimes.forget(key);
    } else if (selectorOf(service) === undefined || service.spec.type === "ExternalName") {
      this.#triggerTimes.forget(key);
      await this.#delete(existing);
    } else {
      await this.#write(service, existing).catch(error => this.#report(service, error as Error));
    }
  }

  async #write(service: Service, existing: readonly EndpointSlice[]): Promise<void> {
    const pods = this.#selection.podsOf(service);
    const triggerMs = this.#triggerTimes.next(service, pods);
    const { uid } = service.metadata;
    const options = {
      labels: sliceLabels(service, MANAGER),
      isOwn: ({ metadata }: EndpointSlice) =>
        metadata.ownerReferences?.some(owner => owner.uid === uid) ?? false,
      endpointsPerSlice: LIMITS.endpointsPerSlice,
    };
    const families = familiesOf(service);
    const unwanted = existing.filter(({ addressType }) => !families.some(family => family === addressType));
    const plans = families.map(family => {
      const desired = desiredEndpoints(service, pods, family, pod => this.#selection.nodeOf(pod));
      const ofFamily = existing.filter(({ addressType }) => addressType === family);
      return { family, ...planSlices(ofFamily, desired, options) };
    });
    const create = plans.flatMap(({ family, create }) =>
      create.map(draft => newSlice(service, family, draft, options.labels, triggerMs)),
    );
    const update = plans.flatMap(({ update }) =>
      update.map(draft => changedSlice(draft, options.labels, triggerMs)),
    );
    // A Service that is going, with the collector after its slices, gets no new ones.
    if (service.metadata.deletionTimestamp === undefined) {
      await all(create.map(slice => this.#slices.owned.create(slice)));
    }
    await all(update.map(slice => this.#slices.owned.update(slice)));
    await this.#delete([...unwanted, ...plans.flatMap(plan => plan.delete)]);
  }

  async #delete(slices: readonly EndpointSlice[]): Promise<void> {
    await all(slices.map(slice => this.#slices.owned.delete(slice)));
  }

  #report(service: Service, error: Error): void {
    // A namespace that is going away takes nothing new; one that is gone, nothing at all.
    if (isReason(error, "Forbidden") || isReason(error, "NotFound")) return;
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

/** As Promise.all, but nothing is under way any more when it fails. */
async function all(writes: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  const failure = results.find(result => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
