/**
 * Endpoints of Services with a selector: the older form of their slices, for clients that read it (upstream:
 * pkg/controller/endpoint). They hold one family and at most 1,000 addresses.
 *
 *   Service -> its Pods -> subsets -> truncated where they are too many -> written where they differ
 *
 * Without a Service there are none, and those of a Service that loses its selector stay as they are, for its user to edit.
 */
import { type Endpoints, isReason, jsonEqual, kinds, type Service } from "@podwire/api";
import type { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { LIMITS } from "../limits.ts";
import { isNamespaceGoing } from "../namespace-going.ts";
import { ENDPOINTS_MANAGED_BY, HEADLESS, OVER_CAPACITY } from "../service-endpoints/names.ts";
import { isHeadless } from "../service-endpoints/pod-endpoint.ts";
import type { Selection } from "../service-endpoints/selection.ts";
import { selectorOf } from "../service-endpoints/selector-index.ts";
import { TriggerTimes, withTriggerTime } from "../service-endpoints/trigger-times.ts";
import { WorkQueue } from "../work-queue.ts";
import { truncated } from "./capacity.ts";
import { desiredSubsets } from "./desired.ts";

const MANAGER = "endpoint-controller";
const ORIGIN = { component: MANAGER } as const;

export function startEndpoints(
  context: ControllerContext,
  selection: Selection,
  endpoints: Informer<Endpoints>,
): Controller {
  return new EndpointsController(context, selection, endpoints);
}

class EndpointsController implements Controller {
  readonly #context: ControllerContext;
  readonly #selection: Selection;
  readonly #endpoints: Informer<Endpoints>;
  readonly #triggerTimes = new TriggerTimes();
  /** Services that were seen to go: their Endpoints go, whoever wrote them. */
  readonly #gone = new Set<string>();
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext, selection: Selection, endpoints: Informer<Endpoints>) {
    this.#context = context;
    this.#selection = selection;
    this.#endpoints = endpoints;
    const { clock, log } = context;
    const reconcile = (key: string) => this.#reconcile(key);
    const options = {
      concurrency: LIMITS.workloadsAtOnce,
      restMs: LIMITS.endpointsRestMs.endpoints,
      held: true,
    };
    this.#queue = new WorkQueue({ name: MANAGER, reconcile, clock, log, ...options });
    selection.services.onChange(({ key, after }) => {
      if (after === undefined) this.#gone.add(key);
    });
    selection.follow(key => this.#queue.add(key));
    endpoints.onChange(({ key }) => this.#queue.add(key));
  }

  started(): void {
    this.#queue.release();
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<boolean> {
    const service = this.#selection.services.byKey(key);
    const existing = this.#endpoints.byKey(key);
    if (service !== undefined) this.#gone.delete(key);
    if (service !== undefined && service.spec.type !== "ExternalName") {
      return selectorOf(service) !== undefined && this.#write(service, existing);
    }
    this.#triggerTimes.forget(key);
    const isOurs = existing?.metadata.labels?.[ENDPOINTS_MANAGED_BY] === MANAGER;
    if (existing !== undefined && (isOurs || this.#gone.has(key))) await this.#delete(existing);
    this.#gone.delete(key);
    return false;
  }

  async #write(service: Service, existing: Endpoints | undefined): Promise<boolean> {
    const pods = this.#selection.podsOf(service);
    const triggerMs = this.#triggerTimes.next(service, pods);
    const all = desiredSubsets(service, pods);
    const fewer = truncated(all);
    const subsets = fewer ?? all;
    const labels = {
      ...withoutHeadless(service.metadata.labels),
      ...(isHeadless(service) && { [HEADLESS]: "" }),
      [ENDPOINTS_MANAGED_BY]: MANAGER,
    };
    const { [OVER_CAPACITY]: capacity, ...others } = existing?.metadata.annotations ?? {};
    const wanted = fewer && "truncated";
    const isSame =
      jsonEqual(existing?.subsets ?? [], subsets) &&
      jsonEqual(existing?.metadata.labels, labels) &&
      capacity === wanted;
    if (existing !== undefined && isSame) return false;
    const kept = { ...others, ...(wanted && { [OVER_CAPACITY]: wanted }) };
    const annotations = withTriggerTime(kept, triggerMs);
    const { namespace, name } = service.metadata;
    const metadata = { ...(existing?.metadata ?? { namespace, name }), labels, annotations };
    await this.#store(existing, { metadata, subsets });
    return true;
  }

  async #store(
    existing: Endpoints | undefined,
    { metadata, subsets }: Pick<Endpoints, "subsets"> & { metadata: { namespace?: string; name: string } },
  ): Promise<void> {
    const { api, recordEvent } = this.#context;
    try {
      const written =
        existing === undefined
          ? await api.create(kinds.endpoints, { metadata, subsets })
          : await api.update(kinds.endpoints, {
              ...existing,
              metadata: { ...existing.metadata, ...metadata },
              subsets,
            });
      this.#endpoints.observe(written);
    } catch (error) {
      if (isNamespaceGoing(error)) return;
      if (!isReason(error, "Conflict") && !isReason(error, "AlreadyExists")) {
        const { namespace, name } = metadata;
        const [reason, what] =
          existing === undefined
            ? ["FailedToCreateEndpoint", "Failed to create endpoint for service"]
            : ["FailedToUpdateEndpoint", "Failed to update endpoint"];
        const message = `${what} ${namespace}/${name}: ${(error as Error).message}`;
        const about = { apiVersion: "v1", kind: "Endpoints", namespace, name, uid: existing?.metadata.uid };
        recordEvent(about, "Warning", reason!, message, ORIGIN);
      }
      throw error;
    }
  }

  async #delete({ metadata: { namespace, name, uid } }: Endpoints): Promise<void> {
    try {
      await this.#context.api.delete(kinds.endpoints, { namespace, name }, { uid });
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
    }
  }
}

function withoutHeadless(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { [HEADLESS]: _, ...rest } = labels;
  return rest;
}
