/** The registry over a store: each verb is a file of its own; here they are put together. */
import { type Kind, type KubernetesObject, kinds, type NewObject, notFound } from "@podwire/api";
import type { Store } from "@podwire/store";
import { applyObject } from "./apply.ts";
import { bindPod } from "./bind.ts";
import { createObject } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { kindPrefix, objectKey } from "./keys.ts";
import { listObjects } from "./list.ts";
import { type Followed, ObjectWatch } from "./object-watch.ts";
import type {
  ApplyRequest,
  ApplyResult,
  CreateOptions,
  DeleteRequest,
  DeleteResult,
  ListOptions,
  ListResult,
  ObjectRef,
  Registry,
  Stored,
  UpdateOptions,
  Watch,
  WatchOptions,
  WriteOptions,
} from "./registry.ts";
import { selectionOf } from "./selection.ts";
import { onStore, toApiError } from "./store-errors.ts";
import { storedOf } from "./stored-object.ts";
import { realSurroundings, type Surroundings } from "./surroundings.ts";
import { updateObject } from "./update.ts";

/** What the server itself writes, such as the namespaces that are always there, is owned by this. */
const SERVER_FIELD_MANAGER = "kube-apiserver";

export class StoreRegistry implements Registry {
  readonly #store: Store;
  readonly #surroundings: Surroundings;
  readonly #fieldManager: string;

  constructor(
    store: Store,
    surroundings: Surroundings = realSurroundings,
    fieldManager: string = SERVER_FIELD_MANAGER,
  ) {
    this.#store = store;
    this.#surroundings = surroundings;
    this.#fieldManager = fieldManager;
  }

  as(fieldManager: string): Registry {
    return new StoreRegistry(this.#store, this.#surroundings, fieldManager);
  }

  get history(): string {
    return this.#store.history;
  }

  get revision(): number {
    return this.#store.revision;
  }

  async create<T extends KubernetesObject>(
    kind: Kind<T>,
    object: NewObject<T>,
    options: CreateOptions = {},
  ): Promise<Stored<T>> {
    return onStore(() => createObject(this.#store, this.#surroundings, kind, object, this.#writing(options)));
  }

  async get<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef): Promise<Stored<T>> {
    const entry = await onStore(() => this.#store.get(objectKey(kind, ref)));
    if (entry === undefined) throw notFound(kind, ref.name);
    return storedOf(kind, entry);
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}): Promise<ListResult<T>> {
    return onStore(() => listObjects(this.#store, kind, options));
  }

  async update<T extends KubernetesObject>(
    kind: Kind<T>,
    object: T,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    return onStore(() =>
      updateObject(
        this.#store,
        this.#surroundings,
        kind,
        object.metadata,
        () => structuredClone(object),
        this.#writing(options),
      ),
    );
  }

  async mutate<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    change: (copy: T) => void,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    return this.replace(
      kind,
      ref,
      copy => {
        change(copy);
        return copy;
      },
      options,
    );
  }

  async replace<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    make: (copy: T) => T,
    options: UpdateOptions = {},
  ): Promise<Stored<T>> {
    return onStore(() =>
      updateObject(this.#store, this.#surroundings, kind, ref, make, this.#writing(options)),
    );
  }

  async apply<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request: ApplyRequest<T>,
    options: UpdateOptions = {},
  ): Promise<ApplyResult<T>> {
    return onStore(() =>
      applyObject(this.#store, this.#surroundings, kind, ref, request, this.#writing(options)),
    );
  }

  #writing<Options extends WriteOptions>(options: Options): Options & { readonly fieldManager: string } {
    return { ...options, fieldManager: options.fieldManager ?? this.#fieldManager };
  }

  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request: DeleteRequest = {},
  ): Promise<DeleteResult<T>> {
    return onStore(() => deleteObject(this.#store, this.#surroundings, kind, ref, request));
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    options: ListOptions,
    request: DeleteRequest = {},
  ): Promise<ListResult<T>> {
    const found = await this.list(kind, options);
    for (const { object } of found.items) {
      try {
        await this.delete(kind, object.metadata, { ...request, uid: object.metadata.uid });
      } catch (error) {
        // Gone, or another of the same name by now: either way the one that was listed is not there.
        const { code } = toApiError(error);
        if (code !== 404 && code !== 409) throw error;
      }
    }
    return found;
  }

  async bind(ref: ObjectRef, nodeName: string, options: WriteOptions = {}): Promise<void> {
    const nowMs = this.#surroundings.nowMs();
    await this.mutate(kinds.pods, ref, copy => bindPod(copy, nodeName, nowMs), {
      ...options,
      subresource: "binding",
    });
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions): Watch<T> {
    const prefix = kindPrefix(kind, options.namespace);
    const followed: Followed = { kind, isSelected: selectionOf(kind as Kind, options) };
    return this.#watch([prefix], options.afterRevision, [followed]) as Watch<T>;
  }

  watchKinds(followed: readonly Kind[], afterRevision: number): Watch {
    const prefixes = followed.map(kind => kindPrefix(kind));
    return this.#watch(
      prefixes,
      afterRevision,
      followed.map(kind => ({ kind, isSelected: undefined })),
    );
  }

  #watch(prefixes: readonly string[], afterRevision: number, followed: readonly Followed[]): Watch {
    try {
      return new ObjectWatch(this.#store.watch(prefixes, afterRevision), followed);
    } catch (error) {
      throw toApiError(error);
    }
  }
}
