/**
 * Every object of the cluster, cut down to identity and ownership: for controllers that care whether
 * something is there and whose it is, whatever its kind. One cache for all of them.
 */
import { allKinds, type Kind, type KubernetesObject, kinds } from "@podwire/api";
import { type Api, type Change, Informer, type ObjectWatch } from "@podwire/client";

/** Events belong to nobody and are many; they end by age, or with their namespace. */
const FOLLOWED = allKinds.filter(kind => kind.plural !== kinds.events.plural);

export class AllObjects {
  readonly #informers: ReadonlyMap<Kind, Informer<KubernetesObject>>;
  readonly #handlers: ((kind: Kind, change: Change<KubernetesObject>) => void)[] = [];

  constructor(api: Pick<Api, "list" | "watch">, log: (message: string) => void) {
    const cutDown = cutDownApi(api);
    this.#informers = new Map(FOLLOWED.map(kind => [kind, new Informer(cutDown, kind, { log })]));
    for (const [kind, informer] of this.#informers) {
      informer.onChange(change => {
        for (const handler of this.#handlers) handler(kind, change);
      });
    }
  }

  onChange(handler: (kind: Kind, change: Change<KubernetesObject>) => void): void {
    this.#handlers.push(handler);
  }

  /** Resolves when everything there is has been seen. */
  async start(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(informer => informer.start()));
  }

  stop(): void {
    for (const informer of this.#informers.values()) informer.stop();
  }
}

function cutDownApi(api: Pick<Api, "list" | "watch">): Pick<Api, "list" | "watch"> {
  return {
    list: async (kind, selection) => {
      const { items, revision } = await api.list(kind, selection);
      return { items: items.map(cutDown), revision };
    },
    watch: (kind, afterRevision, selection) => cutDownWatch(api.watch(kind, afterRevision, selection)),
  };
}

function cutDownWatch<T extends KubernetesObject>(watch: ObjectWatch<T>): ObjectWatch<T> {
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
  const identity = { name, namespace, uid, resourceVersion, creationTimestamp };
  const object = {
    apiVersion,
    kind,
    metadata: { ...identity, deletionTimestamp, finalizers, ownerReferences },
  };
  return object as KubernetesObject as T;
}
