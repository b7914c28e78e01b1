/**
 * Who belongs to whom: every object by its uid, and for each uid the objects that name it as an owner, whether an
 * object of that uid is known or not.
 *
 *   #objects     uid -> object
 *   #dependents  uid of an owner -> uids of those that name it
 */
import type { Kind, KubernetesObject, OwnerReference } from "@podwire/api";

/** An object of the cluster; its metadata says whom it belongs to. */
export interface OwnedObject {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

export class OwnershipGraph {
  readonly #objects = new Map<string, OwnedObject>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): OwnedObject | undefined {
    return this.#objects.get(uid);
  }

  put(owned: OwnedObject): void {
    const { uid } = owned.object.metadata;
    this.#unlink(uid);
    this.#objects.set(uid, owned);
    for (const owner of ownersOf(owned)) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
  }

  remove(uid: string): void {
    this.#unlink(uid);
    this.#objects.delete(uid);
  }

  /** Those that name this uid as an owner. */
  dependentsOf(uid: string): OwnedObject[] {
    return [...(this.#dependents.get(uid) ?? [])].map(each => this.#objects.get(each)!);
  }

  /** Those whose going the owner waits for when it is deleted in the foreground. */
  blockingDependentsOf(uid: string): OwnedObject[] {
    return this.dependentsOf(uid).filter(each =>
      ownersOf(each).some(owner => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
  }

  #unlink(uid: string): void {
    const owned = this.#objects.get(uid);
    if (owned === undefined) return;
    for (const owner of ownersOf(owned)) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}

export function ownersOf({ object }: OwnedObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}
