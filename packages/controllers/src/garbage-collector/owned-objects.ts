/**
 * The API, seen by who cares only for identities and ownership: the same lists and watches, with objects cut down
 * to that, so that a cache of every object of the cluster stays small.
 */
import type { Kind, KubernetesObject } from "@podwire/api";
import type { Api, ObjectWatch } from "@podwire/client";

export function ownershipApi(api: Pick<Api, "list" | "watch">): Pick<Api, "list" | "watch"> {
  return {
    list: async (kind, selection) => {
      const { items, revision } = await api.list(kind, selection);
      return { items: items.map(cutDown), revision };
    },
    watch: (kind, afterRevision, selection) => cutWatch(api.watch(kind, afterRevision, selection)),
  };
}

function cutWatch<T extends KubernetesObject>(watch: ObjectWatch<T>): ObjectWatch<T> {
  return {
    next: async () => (await watch.next())?.map(({ type, object }) => ({ type, object: cutDown(object) })),
    get position() {
      return watch.position;
    },
    close: () => watch.close(),
  };
}

function cutDown<T extends KubernetesObject>({ apiVersion, kind, metadata }: T): T {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const { deletionTimestamp, finalizers, ownerReferences } = metadata;
  const kept = { name, namespace, uid, resourceVersion, creationTimestamp };
  return {
    apiVersion,
    kind,
    metadata: { ...kept, deletionTimestamp, finalizers, ownerReferences },
  } as KubernetesObject as T;
}

/** An object of the cluster and whom it belongs to. */
export interface OwnedObject {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}
