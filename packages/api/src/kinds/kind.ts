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
  readonly format?: string;
  readonly description: string;
  readonly priority: number;
  /** `nowMs` turns timestamps into ages. */
  readonly cell: (object: T, nowMs: number) => string | number;
}

/** How an object of the kind goes: at once, or after those concerned have let go of it. */
export type Deletion =
  | { readonly mode: "immediate" }
  /** Like a Pod: it stays, marked, for its grace period; zero seconds removes it. */
  | { readonly mode: "graceful"; readonly defaultSeconds: (object: never) => number }
  /** Like a Namespace: it stays, marked, until `spec.finalizers` is empty. */
  | { readonly mode: "finalized" };

/** A part of an object that is written on its own: only what `take` copies from the request is changed. */
export interface Subresource<T extends KubernetesObject> {
  readonly name: string;
  /** Returns the stored object with the subresource's part of `next` put in. */
  readonly take: (stored: T, next: T) => T;
  readonly validate: (next: T, stored: T) => FieldError[];
}

export interface Kind<T extends KubernetesObject = KubernetesObject> {
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
  /** Subresources that are parts of the object itself; streams (`log`, `exec`) belong to the server. */
  readonly subresources: readonly Subresource<T>[];
  readonly deletion: Deletion;
  /** Sets what depends on other fields; the schema's own defaults are in place already. */
  readonly applyDefaults: (object: T) => void;
  /** Before validation of a new object: what a client may not choose is set, such as an initial status. */
  readonly prepareCreate: (object: T) => void;
  /** Before validation of an update: what this way of writing may not change is taken from `stored`. */
  readonly prepareUpdate: (next: T, stored: T) => void;
  readonly validate: (object: T) => FieldError[];
  readonly validateUpdate: (next: T, stored: T) => FieldError[];
  /** Fields for `fieldSelector` beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
  readonly columns: readonly Column<T>[];
}

/** `v1`, `apps/v1` */
export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
