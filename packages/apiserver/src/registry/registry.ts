/**
 * The contract of the registry: Kubernetes objects over a store. The REST handlers, the node stream and the
 * controllers all read and write through it, so that defaults, validation and the rules of deletion hold for each.
 *
 * Objects that it returns are shared between all who read them: take a `structuredClone`, or use `mutate`, before
 * changing one. Every failure is an `ApiError`.
 */
import type { FieldSelector, Kind, KubernetesObject, LabelMatcher, NewObject } from "@podwire/api";

export interface ObjectRef {
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  /** Who writes, and comes to own what the write changes; absent: whom the registry writes for (`as`). */
  readonly fieldManager?: string;
}

export interface CreateOptions extends WriteOptions {}

export interface UpdateOptions extends WriteOptions {
  /** `status`, `finalize`, …: only that part is written. */
  readonly subresource?: string;
}

/** A server-side apply. */
export interface ApplyRequest<T> {
  /** As the client sent it, parsed. */
  readonly configuration: unknown;
  /** Takes what others own. */
  readonly force: boolean;
  /** From JSON to an object of the kind, with its defaults. */
  readonly admit: (object: unknown) => T;
}

export interface ApplyResult<T> {
  readonly stored: Stored<T>;
  readonly isNew: boolean;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labels?: LabelMatcher | undefined;
  readonly fields?: FieldSelector | undefined;
  readonly limit?: number | undefined;
  readonly continueToken?: string | undefined;
  readonly atRevision?: number | undefined;
}

export interface ListResult<T> {
  readonly items: readonly Stored<T>[];
  readonly revision: number;
  readonly continueToken: string | undefined;
  readonly remaining: number | undefined;
}

/** An object as stored: parsed when first asked for, and encoded once for all who send it on. */
export interface Stored<T = KubernetesObject> {
  readonly key: string;
  readonly revision: number;
  readonly object: T;
  /** The object's JSON, with its resourceVersion, in UTF-8. */
  readonly json: Uint8Array;
}

export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

export interface DeleteRequest extends WriteOptions {
  /** 0: at once, as the node says when a Pod's containers have ended. */
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** What becomes of its dependents. */
  readonly propagationPolicy?: PropagationPolicy | undefined;
}

export interface DeleteResult<T> {
  readonly object: T;
  /** `gone`: removed. `marked`: it has a deletionTimestamp, and goes when those concerned let go of it. */
  readonly outcome: "gone" | "marked";
}

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labels?: LabelMatcher | undefined;
  readonly fields?: FieldSelector | undefined;
  /** Changes after this revision. */
  readonly afterRevision: number;
}

export interface WatchEvent<T = KubernetesObject> {
  /** As the watcher sees it: an object that begins to match its selectors is ADDED, one that ceases is DELETED. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly kind: Kind;
  readonly revision: number;
  /** The object after the change; for DELETED its last state, with the revision of the deletion. */
  readonly stored: Stored<T>;
}

export interface Watch<T = KubernetesObject> {
  /** The next events, in order of revision; waits for them. Undefined once closed. Throws `Expired` when too slow. */
  next(): Promise<readonly WatchEvent<T>[] | undefined>;
  /** Everything up to this revision has been given: a bookmark. */
  readonly position: number;
  close(): void;
}

export interface Registry {
  /** Names the history that the revisions count in; it outlives restarts, not the store. */
  readonly history: string;
  /** The revision of the last commit. */
  readonly revision: number;

  /** The same registry for another writer. */
  as(fieldManager: string): Registry;

  create<T extends KubernetesObject>(
    kind: Kind<T>,
    object: NewObject<T>,
    options?: CreateOptions,
  ): Promise<Stored<T>>;

  get<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef): Promise<Stored<T>>;

  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ListResult<T>>;

  /** Replaces the object; a resourceVersion in it must be the stored one. */
  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: UpdateOptions): Promise<Stored<T>>;

  /**
   * Reads, lets `change` edit a copy, writes, and starts again when another writer came first. A copy that is
   * left as it was is not written. Use this to write back from controllers.
   */
  mutate<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    change: (copy: T) => void,
    options?: UpdateOptions,
  ): Promise<Stored<T>>;

  /** As `mutate`, with a `make` that returns the next state: what a patch does. */
  replace<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    make: (copy: T) => T,
    options?: UpdateOptions,
  ): Promise<Stored<T>>;

  /** Merges a configuration into the object, which is made when it does not exist. Throws a Conflict. */
  apply<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request: ApplyRequest<T>,
    options?: UpdateOptions,
  ): Promise<ApplyResult<T>>;

  delete<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request?: DeleteRequest,
  ): Promise<DeleteResult<T>>;

  /** Deletes what `options` selects; returns what was there. */
  deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    options: ListOptions,
    request?: DeleteRequest,
  ): Promise<ListResult<T>>;

  /** Gives a Pod its node; fails when it already has another. */
  bind(ref: ObjectRef, nodeName: string, options?: WriteOptions): Promise<void>;

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions): Watch<T>;

  /** One watch over several kinds, in one order: what a node's stream follows. */
  watchKinds(kinds: readonly Kind[], afterRevision: number): Watch;
}
