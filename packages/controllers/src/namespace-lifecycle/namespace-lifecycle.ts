/**
 * Empties a Namespace that is being deleted, then lets it go by taking off the finalizer "kubernetes". Pods end at
 * their own pace; each one that goes brings the Namespace up again.
 */
import { allKinds, isReason, kinds, NAMESPACE_FINALIZER, type Namespace } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";

const CONCURRENCY = 8;
/** Pods first: while they end, they are still written about. */
const CONTENT = allKinds
  .filter(kind => kind.namespaced)
  .sort((a, b) => Number(b.plural === kinds.pods.plural) - Number(a.plural === kinds.pods.plural));

export async function startNamespaceLifecycle(context: ControllerContext): Promise<Controller> {
  const { api, pods, clock, log } = context;
  const namespaces = new Informer<Namespace>(api, kinds.namespaces, { log });

  const reconcile = async (name: string) => {
    if (!isTerminating(namespaces.get({ name }))) return;
    for (const kind of CONTENT) await api.deleteCollection(kind, { namespace: name });
    for (const kind of CONTENT) {
      const { items } = await api.list(kind, { namespace: name });
      // Pods bring the Namespace up themselves when they go; what else stays is looked at again later.
      if (items.length > 0 && kind.plural === kinds.pods.plural) return;
      if (items.length > 0) throw new Error(`${items.length} ${kind.plural} are left`);
    }
    await release(name);
  };

  const release = async (name: string) => {
    const change = (copy: Namespace) => {
      if (!isTerminating(copy)) return;
      copy.spec.finalizers = (copy.spec.finalizers ?? []).filter(each => each !== NAMESPACE_FINALIZER);
    };
    try {
      await api.mutate(kinds.namespaces, { name }, change, { subresource: "finalize" });
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
  namespaces.onChange(({ key, after }) => {
    if (isTerminating(after)) queue.add(key);
  });
  pods.onChange(({ before, after }) => {
    const namespace = before?.metadata.namespace ?? "";
    if (after === undefined && isTerminating(namespaces.get({ name: namespace }))) queue.add(namespace);
  });
  await namespaces.start();
  return {
    stop: () => {
      queue.stop();
      namespaces.stop();
    },
  };
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined;
}
