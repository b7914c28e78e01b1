/**
 * Objects of a kind by who controls them, over an informer, with this process's own writes in it at once. So what a
 * reconcile reads holds everything that earlier reconciles wrote, however far behind the watch is; this is what
 * upstream keeps "expectations" for.
 *
 *   #byOwner  uid of the controller, or the namespace of what has none -> keys
 *   #going    uids that were deleted here and that the watch still shows as they were
 */
import {
  apiVersionOf,
  conflict,
  isReason,
  type Kind,
  type KubernetesObject,
  type LabelSelector,
  labelMatcher,
  matchesLabels,
  type NewObject,
} from "@podwire/api";
import type { Api, Change, DeleteRequest, Informer, UpdateOptions } from "@podwire/client";
import { controllerOf } from "./ownership.ts";

/** A kind whose objects choose others by labels. */
export type Selecting = KubernetesObject & { spec: { selector?: LabelSelector | undefined } };

export class Owned<T extends KubernetesObject> {
  readonly kind: Kind<T>;
  readonly informer: Informer<T>;
  readonly #api: Api;
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #going = new Set<string>();

  /** To be made before others listen to the informer: they find the index up to date. */
  constructor(api: Api, kind: Kind<T>, informer: Informer<T>) {
    this.#api = api;
    this.kind = kind;
    this.informer = informer;
    informer.onChange(change => this.#index(change));
  }

  /** Controlled by the object of this uid. */
  of(ownerUid: string): T[] {
    return this.#read(ownerUid);
  }

  /** Without a controller. */
  orphansIn(namespace: string): T[] {
    return this.#read(orphanSlot(namespace));
  }

  /** Marked for deletion, or deleted by this process. */
  isGoing({ metadata }: T): boolean {
    return metadata.deletionTimestamp !== undefined || this.#going.has(metadata.uid);
  }

  async create(object: NewObject<T>): Promise<T> {
    const created = await this.#api.create(this.kind, object);
    this.informer.observe(created);
    return created;
  }

  /** Replaces the object as it was seen. Throws Conflict when it is another by now. */
  async update(object: T): Promise<T> {
    const updated = await this.#api.update(this.kind, object);
    this.informer.observe(updated);
    return updated;
  }

  /** That it is gone already is no failure. */
  async delete({ metadata }: T, request: DeleteRequest = {}): Promise<void> {
    const { namespace, name, uid } = metadata;
    this.#going.add(uid);
    try {
      await this.#api.delete(this.kind, { namespace, name }, { ...request, uid });
    } catch (error) {
      // Of another uid: the one that was meant is gone.
      const isGone = isReason(error, "NotFound") || isReason(error, "Conflict");
      // When the watch has told of that already, it tells no more.
      const isShown = this.informer.get({ namespace, name })?.metadata.uid === uid;
      if (!isGone || !isShown) this.#going.delete(uid);
      if (!isGone) throw error;
    }
  }

  /** Changes the object if it is still the same one. Throws NotFound when it is gone. */
  async mutate(seen: T, change: (copy: T) => void, options?: UpdateOptions): Promise<T> {
    const { namespace, name, uid } = seen.metadata;
    const ifSame = (copy: T) => {
      if (copy.metadata.uid !== uid) throw conflict(this.kind, name);
      change(copy);
    };
    const changed = await this.#api.mutate(this.kind, { namespace, name }, ifSame, options);
    this.informer.observe(changed);
    return changed;
  }

  /** As `mutate`; undefined when the object is gone, or another has its name. */
  async mutateIfThere(seen: T, change: (copy: T) => void, options?: UpdateOptions): Promise<T | undefined> {
    try {
      return await this.mutate(seen, change, options);
    } catch (error) {
      if (isReason(error, "NotFound") || isReason(error, "Conflict")) return undefined;
      throw error;
    }
  }

  /** As `mutate`, for a change that was decided by the spec as seen: throws Conflict when it is another by now. */
  mutateAsSeen(seen: T, change: (copy: T) => void): Promise<T> {
    return this.mutate(seen, copy => {
      if (copy.metadata.generation !== seen.metadata.generation)
        throw conflict(this.kind, copy.metadata.name);
      change(copy);
    });
  }

  /** Calls back with the key of each owner whose objects have changed, or that may adopt one. */
  follow<O extends Selecting>(ownerKind: Kind<O>, owners: Informer<O>, wake: (key: string) => void): void {
    this.informer.onChange(({ before, after }) => {
      const woken = new Set<string>();
      for (const object of [before, after]) {
        const owner = object && ownerKey(ownerKind, object);
        if (owner !== undefined && owners.byKey(owner.key)?.metadata.uid === owner.uid) woken.add(owner.key);
      }
      if (after !== undefined && mayBeAdopted(before, after)) {
        for (const owner of selecting(owners, after)) woken.add(owner);
      }
      for (const key of woken) wake(key);
    });
  }

  #read(slot: string): T[] {
    const keys = this.#byOwner.get(slot);
    return keys === undefined ? [] : [...keys].map(key => this.informer.byKey(key)!);
  }

  #index({ key, before, after }: Change<T>): void {
    const slots = [before, after].map(object => object && slotOf(object));
    if (slots[0] !== slots[1]) {
      if (slots[0] !== undefined) this.#unlink(slots[0], key);
      if (slots[1] !== undefined) {
        this.#byOwner.set(slots[1], (this.#byOwner.get(slots[1]) ?? new Set()).add(key));
      }
    }
    const uid = before?.metadata.uid;
    const isKnown = after?.metadata.uid !== uid || after?.metadata.deletionTimestamp !== undefined;
    if (uid !== undefined && isKnown) this.#going.delete(uid);
  }

  #unlink(slot: string, key: string): void {
    const keys = this.#byOwner.get(slot);
    keys?.delete(key);
    if (keys?.size === 0) this.#byOwner.delete(slot);
  }
}

function slotOf(object: KubernetesObject): string {
  return controllerOf(object)?.uid ?? orphanSlot(object.metadata.namespace ?? "");
}

function orphanSlot(namespace: string): string {
  return `orphans/${namespace}`;
}

function ownerKey(kind: Kind, object: KubernetesObject): { key: string; uid: string } | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== kind.kind || owner.apiVersion !== apiVersionOf(kind)) return undefined;
  return { key: `${object.metadata.namespace}/${owner.name}`, uid: owner.uid };
}

/** It is an orphan, and was none before or had other labels. */
function mayBeAdopted(before: KubernetesObject | undefined, after: KubernetesObject): boolean {
  if (controllerOf(after) !== undefined || after.metadata.deletionTimestamp !== undefined) return false;
  return (
    before === undefined ||
    controllerOf(before) !== undefined ||
    before.metadata.labels !== after.metadata.labels
  );
}

function* selecting(owners: Informer<Selecting>, { metadata }: KubernetesObject): Generator<string> {
  for (const owner of owners.values()) {
    if (owner.metadata.namespace !== metadata.namespace) continue;
    const matcher = labelMatcher(owner.spec.selector);
    if (matcher && matcher.length > 0 && matchesLabels(matcher, metadata.labels)) {
      yield `${owner.metadata.namespace}/${owner.metadata.name}`;
    }
  }
}
