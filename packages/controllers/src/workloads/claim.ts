/**
 * Which objects belong to a controller (upstream: pkg/controller/controller_ref_manager.go):
 *
 *   controlled by it, selector matches    its own
 *   controlled by it, no longer matches   released: it loses the reference
 *   controlled by nobody, matches         adopted, unless either is being deleted
 *   anything else                         not its own
 */
import {
  conflict,
  isReason,
  type Kind,
  type KubernetesObject,
  labelMatcher,
  matchesLabels,
} from "@podwire/api";
import type { Api } from "@podwire/client";
import type { Owned, Selecting } from "./owned.ts";
import { controllerOf, controllerReference } from "./ownership.ts";

export interface ClaimOptions<T> {
  /** Beside the selector. */
  readonly also?: (candidate: T) => boolean;
  /** Put on what is adopted. */
  readonly finalizer?: string;
}

export async function claim<T extends KubernetesObject, O extends Selecting>(
  api: Api,
  owned: Owned<T>,
  ownerKind: Kind<O>,
  owner: O,
  { also = () => true, finalizer }: ClaimOptions<T> = {},
): Promise<T[]> {
  const selector = labelMatcher(owner.spec.selector) ?? [];
  const matches = (each: T) => matchesLabels(selector, each.metadata.labels) && also(each);
  const isLeaving = owner.metadata.deletionTimestamp !== undefined;
  const claimed: T[] = [];
  for (const each of owned.of(owner.metadata.uid)) {
    if (matches(each)) claimed.push(each);
    else if (!isLeaving) await release(owned, each, owner, finalizer);
  }
  if (isLeaving) return claimed;
  const orphans = owned
    .orphansIn(owner.metadata.namespace!)
    .filter(each => !owned.isGoing(each) && matches(each));
  if (orphans.length === 0) return claimed;
  await checkStillThere(api, ownerKind, owner);
  for (const orphan of orphans) {
    const adopted = await adopt(owned, orphan, ownerKind, owner, finalizer);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** The cache may not know yet that the owner was deleted; what it adopts then would go with it. */
async function checkStillThere<O extends KubernetesObject>(api: Api, kind: Kind<O>, owner: O): Promise<void> {
  const { namespace, name, uid } = owner.metadata;
  const fresh = await api.get(kind, { namespace, name });
  if (fresh.metadata.uid === uid && fresh.metadata.deletionTimestamp === undefined) return;
  throw conflict(kind, name, `${kind.kind} of uid ${uid} is deleted and adopts nothing`);
}

async function adopt<T extends KubernetesObject>(
  owned: Owned<T>,
  orphan: T,
  ownerKind: Kind,
  owner: KubernetesObject,
  finalizer: string | undefined,
): Promise<T | undefined> {
  const take = (copy: T) => {
    if (controllerOf(copy) !== undefined)
      throw conflict(owned.kind, copy.metadata.name, "it has a controller");
    const { ownerReferences = [], finalizers = [] } = copy.metadata;
    copy.metadata.ownerReferences = [...ownerReferences, controllerReference(ownerKind, owner)];
    if (finalizer !== undefined && !finalizers.includes(finalizer)) {
      copy.metadata.finalizers = [...finalizers, finalizer];
    }
  };
  try {
    return await owned.mutate(orphan, take);
  } catch (error) {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}

async function release<T extends KubernetesObject>(
  owned: Owned<T>,
  object: T,
  owner: KubernetesObject,
  finalizer: string | undefined,
): Promise<void> {
  const drop = (copy: T) => {
    const owners = copy.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.metadata.uid) ?? [];
    const finalizers = copy.metadata.finalizers?.filter(each => each !== finalizer) ?? [];
    copy.metadata.ownerReferences = owners.length > 0 ? owners : undefined;
    copy.metadata.finalizers = finalizers.length > 0 ? finalizers : undefined;
  };
  try {
    await owned.mutate(object, drop);
  } catch (error) {
    if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
  }
}
