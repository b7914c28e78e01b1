/** The API in the server's own process: controllers beside the registry need no HTTP. */
import type { Kind, KubernetesObject, NewObject } from "@podwire/api";
import type { Registry, Watch } from "@podwire/apiserver";
import type {
  Api,
  DeleteRequest,
  ObjectList,
  ObjectRef,
  ObjectWatch,
  Selection,
  UpdateOptions,
} from "@podwire/client";

export function registryApi(registry: Registry): Api {
  return new RegistryApi(registry);
}

class RegistryApi implements Api {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef): Promise<T> {
    return (await this.#registry.get(kind, ref)).object;
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, selection: Selection = {}): Promise<ObjectList<T>> {
    const { items, revision } = await this.#registry.list(kind, selection);
    return { items: items.map(({ object }) => object), revision };
  }

  watch<T extends KubernetesObject>(
    kind: Kind<T>,
    afterRevision: number,
    selection: Selection = {},
  ): ObjectWatch<T> {
    return objectWatch(this.#registry.watch(kind, { ...selection, afterRevision }));
  }

  async create<T extends KubernetesObject>(kind: Kind<T>, object: NewObject<T>): Promise<T> {
    return (await this.#registry.create(kind, object)).object;
  }

  async update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: UpdateOptions): Promise<T> {
    return (await this.#registry.update(kind, object, options)).object;
  }

  async mutate<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    change: (copy: T) => void,
    options?: UpdateOptions,
  ): Promise<T> {
    return (await this.#registry.mutate(kind, ref, change, options)).object;
  }

  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request?: DeleteRequest,
  ): Promise<void> {
    await this.#registry.delete(kind, ref, request);
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: Selection,
    request?: DeleteRequest,
  ): Promise<void> {
    await this.#registry.deleteCollection(kind, selection, request);
  }

  bind(ref: ObjectRef, nodeName: string): Promise<void> {
    return this.#registry.bind(ref, nodeName);
  }
}

function objectWatch<T extends KubernetesObject>(watch: Watch<T>): ObjectWatch<T> {
  return {
    next: async () => {
      const events = await watch.next();
      return events?.map(({ type, stored }) => ({ type, object: stored.object }));
    },
    get position() {
      return watch.position;
    },
    close: () => watch.close(),
  };
}
