/**
 * What controllers, informers and the CLI ask of the API, whichever way they reach it: over HTTP (`ApiClient`) or
 * in the server's own process. Every failure is an `ApiError`.
 */
import type { FieldSelector, Kind, KubernetesObject, LabelMatcher, NewObject } from "@podwire/api";

export interface ObjectRef {
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labels?: LabelMatcher | undefined;
  readonly fields?: FieldSelector | undefined;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  /** What a watch continues from. */
  readonly revision: number;
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}

export interface ObjectWatch<T> {
  /** The next events, at least one; waits for them. Undefined once closed. Throws `Expired`: list again. */
  next(): Promise<readonly WatchEvent<T>[] | undefined>;
  /** Everything up to this revision has been given. */
  readonly position: number;
  close(): void;
}

export interface UpdateOptions {
  /** `status`, `finalize`: only that part is written. */
  readonly subresource?: string;
  /** Who comes to own what the write changes; absent: the one whose API this is. */
  readonly fieldManager?: string;
}

export interface DeleteRequest {
  /** 0: at once. */
  readonly gracePeriodSeconds?: number | undefined;
  /** Only the object of this uid. */
  readonly uid?: string | undefined;
  /** Only in this state of it. */
  readonly resourceVersion?: string | undefined;
  /** What becomes of its dependents. */
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground" | undefined;
}

export interface Api {
  get<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef): Promise<T>;
  list<T extends KubernetesObject>(kind: Kind<T>, selection?: Selection): Promise<ObjectList<T>>;
  watch<T extends KubernetesObject>(
    kind: Kind<T>,
    afterRevision: number,
    selection?: Selection,
  ): ObjectWatch<T>;
  create<T extends KubernetesObject>(kind: Kind<T>, object: NewObject<T>): Promise<T>;
  /** Replaces the object; a resourceVersion in it must be the stored one. */
  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: UpdateOptions): Promise<T>;
  /**
   * Reads, lets `change` edit a copy, writes, and starts again when another writer came first. A copy that is left
   * as it was is not written.
   */
  mutate<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    change: (copy: T) => void,
    options?: UpdateOptions,
  ): Promise<T>;
  delete<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef, request?: DeleteRequest): Promise<void>;
  deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: Selection,
    request?: DeleteRequest,
  ): Promise<void>;
  /** Gives a Pod its node. */
  bind(ref: ObjectRef, nodeName: string): Promise<void>;
}
