/**
 * Empties a Namespace that is being deleted, then lets it go by taking off the finalizer "kubernetes". What is in
 * it ends at its own pace; each object that goes brings the Namespace up again, until nothing is left. Meanwhile its
 * conditions say what it waits for.
 */
import {
  allKinds,
  formatTime,
  isReason,
  type Kind,
  type KubernetesObject,
  kinds,
  NAMESPACE_FINALIZER,
  type Namespace,
} from "@podwire/api";
import type { Informer } from "@podwire/client";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { deletionConditions, type Remaining } from "./conditions.ts";

const CONCURRENCY = 8;
/** Pods first: while they end, they are still written about. */
const CONTENT = allKinds
  .filter(kind => kind.namespaced)
  .sort((a, b) => Number(b.plural === kinds.pods.plural) - Number(a.plural === kinds.pods.plural));

/** Before `objects` is started. */
export function startNamespaceLifecycle(
  context: Pick<ControllerContext, "api" | "clock" | "log">,
  namespaces: Informer<Namespace>,
  objects: AllObjects,
  wallClockMs: () => number = Date.now,
): Controller {
  const { api, clock, log } = context;

  const reconcile = async (name: string) => {
    if (!isTerminating(namespaces.get({ name }))) return;
    const failures: string[] = [];
    for (const kind of CONTENT) {
      await api.deleteCollection(kind, { namespace: name }).catch(error => failures.push(error.message));
    }
    const remaining = await whatRemains(name);
    if (remaining.length === 0 && failures.length === 0) await release(name);
    else await tell(name, remaining, failures);
    // Objects bring the Namespace up themselves when they go; a refusal is looked at again later.
    if (failures.length > 0) throw new Error(failures.join(", "));
  };

  const whatRemains = async (namespace: string): Promise<Remaining[]> => {
    const lists = await Promise.all(
      CONTENT.map(async (kind: Kind) => {
        const items: readonly KubernetesObject[] = (await api.list(kind, { namespace })).items;
        return { resource: kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`, items };
      }),
    );
    return lists.filter(({ items }) => items.length > 0);
  };

  const tell = (name: string, remaining: readonly Remaining[], failures: readonly string[]) => {
    const now = formatTime(wallClockMs());
    return change(name, "status", ({ status }) => {
      status.conditions = deletionConditions(remaining, failures, status.conditions ?? [], now);
    });
  };

  const release = (name: string) =>
    change(name, "finalize", ({ spec }) => {
      spec.finalizers = (spec.finalizers ?? []).filter(each => each !== NAMESPACE_FINALIZER);
    });

  const change = async (name: string, subresource: string, edit: (copy: Namespace) => void) => {
    const ifTerminating = (copy: Namespace) => {
      if (isTerminating(copy)) edit(copy);
    };
    try {
      await api.mutate(kinds.namespaces, { name }, ifTerminating, { subresource });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  };

  const queue = new WorkQueue({
    name: "namespace-lifecycle",
    reconcile,
    clock,
    log,
    concurrency: CONCURRENCY,
  });
  namespaces.onChange(({ key, before, after }) => {
    if (isTerminating(after) && !isTerminating(before)) queue.add(key);
  });
  objects.onChange((_, { before, after }) => {
    const namespace = before?.metadata.namespace ?? "";
    if (after === undefined && isTerminating(namespaces.get({ name: namespace }))) queue.add(namespace);
  });
  return { stop: () => queue.stop() };
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined;
}
