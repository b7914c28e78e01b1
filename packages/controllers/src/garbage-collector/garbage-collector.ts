/**
 * Garbage collection by owner references (upstream: pkg/controller/garbagecollector). One queue of uids; what is
 * to be done for one is read off its present state:
 *
 *   deleted, finalizer "orphan"              its dependents lose their reference to it -> the finalizer goes
 *   deleted, finalizer "foregroundDeletion"  its dependents are looked at; when none blocks, the finalizer goes
 *   alive, every owner is gone               it is deleted
 *   alive, its owner waits for it            it is deleted, in the foreground where it has dependents itself
 *   alive, some owners are gone              it loses the references to those
 *
 * The graph may lag behind; whoever is about to delete asks the API first. An owner in another namespace counts as
 * gone; one of a kind that this server does not know, as there.
 */
import { isReason, type Kind, type KubernetesObject, kindOf, type OwnerReference } from "@podwire/api";
import type { Change } from "@podwire/client";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { type OwnedObject, OwnershipGraph, ownersOf } from "./graph.ts";

const CONCURRENCY = 32;
const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

type Context = Pick<ControllerContext, "api" | "clock" | "log">;

/** Before `objects` is started: it acts from the first object on. */
export function startGarbageCollector(context: Context, objects: AllObjects): Controller {
  return new GarbageCollector(context, objects);
}

class GarbageCollector implements Controller {
  readonly #context: Context;
  readonly #graph = new OwnershipGraph();
  readonly #queue: WorkQueue;

  constructor(context: Context, objects: AllObjects) {
    this.#context = context;
    const { clock, log } = context;
    const reconcile = (uid: string) => this.#reconcile(uid);
    this.#queue = new WorkQueue({
      name: "garbage-collector",
      reconcile,
      clock,
      log,
      concurrency: CONCURRENCY,
    });
    objects.onChange((kind, change) => this.#changed(kind, change));
  }

  stop(): void {
    this.#queue.stop();
  }

  #changed(kind: Kind, { before, after }: Change<KubernetesObject>): void {
    const replaced = before !== undefined && before.metadata.uid !== after?.metadata.uid;
    if (replaced) this.#removed(before);
    if (after === undefined) return;
    const owned = { kind, object: after };
    const previous = replaced ? undefined : before;
    this.#graph.put(owned);
    if (isWaiting(after) || ownersOf(owned).some(owner => this.#mayBeGone(owned, owner))) {
      this.#queue.add(after.metadata.uid);
    }
    // Owners that wait may be free now: it blocks them no longer, or has turned to waiting itself.
    for (const { uid } of previous?.metadata.ownerReferences ?? []) this.#lookAtWaiting(uid);
  }

  #removed({ metadata: { uid, ownerReferences = [] } }: KubernetesObject): void {
    const dependents = this.#graph.dependentsOf(uid);
    this.#graph.remove(uid);
    for (const { object } of dependents) this.#queue.add(object.metadata.uid);
    for (const owner of ownerReferences) this.#lookAtWaiting(owner.uid);
  }

  #lookAtWaiting(uid: string): void {
    const owner = this.#graph.get(uid);
    if (owner !== undefined && isWaiting(owner.object)) this.#queue.add(uid);
  }

  #mayBeGone({ object }: OwnedObject, { uid, kind, name }: OwnerReference): boolean {
    const owner = this.#graph.get(uid);
    if (owner === undefined || isWaiting(owner.object)) return true;
    // The uid of one object under the name, kind or namespace of another names nothing.
    const { metadata } = owner.object;
    const isElsewhere = owner.kind.namespaced && metadata.namespace !== object.metadata.namespace;
    return owner.kind.kind !== kind || metadata.name !== name || isElsewhere;
  }

  async #reconcile(uid: string): Promise<void> {
    const known = this.#graph.get(uid);
    const object = known && (await this.#read(known.kind, known.object.metadata, uid));
    if (known === undefined || object === undefined) return;
    const owned = { kind: known.kind, object };
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (deletionTimestamp === undefined) return this.#collect(owned);
    if (finalizers.includes(ORPHAN)) await this.#orphanDependents(owned);
    else if (finalizers.includes(FOREGROUND)) await this.#awaitDependents(owned);
  }

  async #orphanDependents(owner: OwnedObject): Promise<void> {
    const { uid } = owner.object.metadata;
    const dependents = this.#graph.dependentsOf(uid);
    await Promise.all(dependents.map(each => this.#dropOwners(each, ref => ref.uid === uid)));
    await this.#dropFinalizer(owner, ORPHAN);
  }

  async #awaitDependents(owner: OwnedObject): Promise<void> {
    const { uid } = owner.object.metadata;
    for (const { object } of this.#graph.dependentsOf(uid)) {
      if (object.metadata.deletionTimestamp === undefined) this.#queue.add(object.metadata.uid);
    }
    if (this.#graph.blockingDependentsOf(uid).length === 0) await this.#dropFinalizer(owner, FOREGROUND);
  }

  /** Decides about an object that nobody has deleted. */
  async #collect(owned: OwnedObject): Promise<void> {
    const owners = ownersOf(owned);
    if (owners.length === 0) return;
    const states = await Promise.all(owners.map(owner => this.#stateOf(owned, owner)));
    const left = new Set(owners.filter((_, at) => states[at] !== "there").map(owner => owner.uid));
    if (left.size === 0) return;
    if (left.size < owners.length) return this.#dropOwners(owned, owner => left.has(owner.uid));
    const dependents = this.#graph.dependentsOf(owned.object.metadata.uid);
    const waits = states.includes("waits") && dependents.length > 0;
    // In a circle each would wait for the other: whoever comes second blocks nobody.
    if (waits && dependents.some(({ object }) => isWaiting(object))) await this.#unblockOwners(owned);
    await this.#delete(owned, waits ? "Foreground" : policyOf(owned.object));
  }

  async #stateOf(owned: OwnedObject, owner: OwnerReference): Promise<"there" | "waits" | "gone"> {
    const kind = kindOf(owner);
    if (kind === undefined) return "there";
    const namespace = kind.namespaced ? owned.object.metadata.namespace : undefined;
    const found = await this.#read(kind, { namespace, name: owner.name }, owner.uid);
    if (found === undefined) return "gone";
    const { deletionTimestamp, finalizers = [] } = found.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? "waits" : "there";
  }

  /** The object as it is now; undefined when it is gone, or another has its name. */
  async #read(
    kind: Kind,
    { namespace, name }: { namespace?: string | undefined; name: string },
    uid: string,
  ): Promise<KubernetesObject | undefined> {
    if (kind.namespaced && namespace === undefined) return undefined;
    const object = await ignoring("NotFound", this.#context.api.get(kind, { namespace, name }));
    return object?.metadata.uid === uid ? object : undefined;
  }

  async #delete(
    { kind, object }: OwnedObject,
    propagationPolicy: "Orphan" | "Background" | "Foreground",
  ): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const request = { uid, propagationPolicy };
    await ignoring("NotFound", this.#context.api.delete(kind, { namespace, name }, request));
  }

  async #dropOwners(owned: OwnedObject, drop: (owner: OwnerReference) => boolean): Promise<void> {
    await this.#change(owned, ({ metadata }) => {
      const kept = (metadata.ownerReferences ?? []).filter(owner => !drop(owner));
      metadata.ownerReferences = kept.length > 0 ? kept : undefined;
    });
  }

  async #unblockOwners(owned: OwnedObject): Promise<void> {
    await this.#change(owned, ({ metadata }) => {
      for (const owner of metadata.ownerReferences ?? []) owner.blockOwnerDeletion = false;
    });
  }

  async #dropFinalizer(owned: OwnedObject, finalizer: string): Promise<void> {
    await this.#change(owned, ({ metadata }) => {
      const kept = (metadata.finalizers ?? []).filter(each => each !== finalizer);
      metadata.finalizers = kept.length > 0 ? kept : undefined;
    });
  }

  async #change({ kind, object }: OwnedObject, change: (copy: KubernetesObject) => void): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const ifSame = (copy: KubernetesObject) => {
      if (copy.metadata.uid === uid) change(copy);
    };
    await ignoring("NotFound", this.#context.api.mutate(kind, { namespace, name }, ifSame));
  }
}

/** Deleted, and held by this collector. */
function isWaiting({ metadata: { deletionTimestamp, finalizers = [] } }: KubernetesObject): boolean {
  return deletionTimestamp !== undefined && (finalizers.includes(ORPHAN) || finalizers.includes(FOREGROUND));
}

/** A finalizer that is there already says what is to become of the object's own dependents. */
function policyOf({ metadata: { finalizers = [] } }: KubernetesObject) {
  if (finalizers.includes(ORPHAN)) return "Orphan";
  return finalizers.includes(FOREGROUND) ? "Foreground" : "Background";
}

async function ignoring<R>(reason: string, work: Promise<R>): Promise<R | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isReason(error, reason)) return undefined;
    throw error;
  }
}
