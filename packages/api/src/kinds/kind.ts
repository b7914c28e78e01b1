/**
 * An entry of the kind table: all that the server, the CLI and the controllers know of a kind. Adding a kind is
 * adding an entry; nothing elsewhere asks which kind it is dealing with.
 */
import type { KubernetesObject } from "../core/meta.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import type { FieldError } from "../validation/field-error.ts";

/** A column of `kubectl get`. Priority above 0 shows with `-o wide`. */
export interface Column<T> {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly format?: "name";
  readonly description: string;
  readonly priority: number;
  /** `nowMs` turns timestamps into ages. */
  cell(object: T, nowMs: number): string | number;
}

export interface SelectableField<T> {
  /** `status.phase` */
  readonly field: string;
  read(object: T): string;
}

/** How an object of the kind goes: at once, or after those concerned have let go of it. */
export type Deletion<T> =
  | { readonly mode: "immediate" }
  /**
   * Like a Pod: it stays, marked, for its grace period; zero seconds removes it. `graceSeconds` is the period to
   * use, given what the request asked for.
   */
  | { readonly mode: "graceful"; graceSeconds(object: T, requested: number | undefined): number }
  /** Like a Namespace: it stays, marked, until its finalizers in the spec are gone. */
  | { readonly mode: "finalized"; mark(object: T): void; isReleased(object: T): boolean };

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/**
 * Another form of stored objects, under a kind of its own: the Scale of a Deployment, an Event as events.k8s.io has it.
 * Clients send and get the form; what is stored stays what it is.
 */
export interface View<S extends KubernetesObject, F extends KubernetesObject> {
  /** With the stored object's identity: name, namespace, uid, resourceVersion. */
  show(stored: S): F;
  /** The stored object with what the form says put in; without a stored one, a new one. */
  put(form: F, stored: S | undefined): S;
  /** A configuration of the form, as a server-side apply brings it, in fields of the stored kind. */
  configure(configuration: unknown): unknown;
  /** A field that selects forms, as the stored kind names it. */
  storedField(field: string): string;
}

/** A part of an object that is written on its own: the rest of what a request brings is ignored. */
export interface Subresource<T extends KubernetesObject> {
  readonly name: string;
  /** What clients may do with it. */
  readonly verbs: readonly Verb[];
  /** What is sent and answered, where that is an object of another kind. */
  readonly form?: { readonly kind: Kind; readonly view: View<T, KubernetesObject> };
  /** Returns the stored object with the subresource's part of `next` put in. */
  take(stored: T, next: T): T;
  /**
   * Paths of what it cannot change, which is then not owned by who writes through it (upstream's GetResetFields).
   * Absent: who writes through it comes to own nothing.
   */
  readonly keeps?: readonly (readonly string[])[];
  /** What is written is an observation: metadata.generation does not count it, whatever it changes. */
  readonly isObservation?: true;
  validate(next: T, stored: T): FieldError[];
}

// Methods, not properties of function type, so that a Kind<Pod> can stand where any Kind is asked for.
export interface Kind<T extends KubernetesObject = KubernetesObject> {
  /** What clients may do with its objects. */
  readonly verbs: readonly Verb[];
  /** For a kind that is a form of another's objects: which, and how. */
  readonly formOf?: { readonly stored: Kind; readonly view: View<KubernetesObject, T> };
  /** "" for core. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly schema: ObjectSchema<T>;
  /** Parts of the object that are written on their own; streams (`log`, `exec`) belong to the server. */
  readonly subresources: readonly Subresource<T>[];
  readonly deletion: Deletion<T>;
  /** What becomes of the dependents of an object that is deleted without a word about them. */
  readonly defaultPropagation: "Background" | "Orphan";
  /** A deletion answers with the object also when that is gone. */
  readonly returnsDeleted: boolean;
  /** A PUT to a name that is not there makes the object. */
  readonly createsOnUpdate: boolean;
  /** Fields for `fieldSelector` beside metadata.name and metadata.namespace. */
  readonly selectableFields: readonly SelectableField<T>[];
  readonly columns: readonly Column<T>[];

  /** What metadata.generation counts the changes of; a kind without it has no generation. */
  generationOf?(object: T): unknown;
  nameProblems(name: string): string[];
  /** Sets what depends on other fields; the schema's own defaults are in place already. */
  applyDefaults(object: T): void;
  /** Before validation of a new object: what a client may not choose is set, such as an initial status. */
  prepareCreate(object: T): void;
  /** Before validation of an update: what this way of writing may not change is taken from `stored`. */
  prepareUpdate(next: T, stored: T): void;
  /** Why this object may not be deleted; undefined: it may. */
  keptBecause(object: T): string | undefined;
  /** What a client is to know of an object that it wrote, and that is valid. */
  warnings(object: T): string[];
  /** Beyond metadata and what the schema says. */
  validate(object: T): FieldError[];
  validateUpdate(next: T, stored: T): FieldError[];
}

/** What the generation of most kinds counts. */
export function specOf(object: KubernetesObject & { spec: unknown }): unknown {
  return object.spec;
}

/** `v1`, `apps/v1` */
export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/**
 * The usual `status` subresource: the status and the metadata count, save what the server assigns and
 * `keptMetadata`; the rest of what a request brings does not.
 */
export function statusSubresource<T extends KubernetesObject & { status: unknown }>(
  validate: (next: T, stored: T) => FieldError[] = () => [],
  keptMetadata: readonly ("labels" | "ownerReferences")[] = [],
): Subresource<T> {
  return {
    name: "status",
    verbs: ["get", "patch", "update"],
    isObservation: true,
    take: (stored, next) => {
      const kept = keptMetadata.map(key => [key, stored.metadata[key]]);
      return { ...stored, metadata: { ...next.metadata, ...Object.fromEntries(kept) }, status: next.status };
    },
    keeps: [["spec"], ...keptMetadata.map(key => ["metadata", key])],
    validate,
  };
}
