/** Builds an entry of the kind table; what a kind does not say is as most kinds have it. */
import type { KubernetesObject } from "../core/meta.ts";
import { applyFallbacks } from "../schema/defaults.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { dnsSubdomainProblems } from "../validation/names.ts";
import { age } from "../values/time.ts";
import type { Column, Kind, SelectableField } from "./kind.ts";

const OBJECT_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;

type Said = "kind" | "plural" | "schema";

export function kindEntry<T extends KubernetesObject>(
  entry: Pick<Kind<T>, Said> & Partial<Omit<Kind<T>, Said>>,
): Kind<T> {
  const nothing = () => {};
  const hasStatus = entry.schema.fields.has("status");
  return {
    verbs: OBJECT_VERBS,
    group: "",
    version: "v1",
    listKind: `${entry.kind}List`,
    singular: entry.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    subresources: [],
    deletion: { mode: "immediate" },
    defaultPropagation: "Background",
    returnsDeleted: false,
    createsOnUpdate: false,
    selectableFields: [],
    columns: [nameColumn, ageColumn],
    nameProblems: dnsSubdomainProblems,
    applyDefaults: nothing,
    prepareCreate: hasStatus ? object => clearStatus(entry.schema, object) : nothing,
    prepareUpdate: hasStatus ? keepStatus : nothing,
    keptBecause: () => undefined,
    warnings: () => [],
    validate: () => [],
    validateUpdate: () => [],
    ...entry,
  };
}

interface WithStatus {
  status?: unknown;
}

/** A status is written by who observes, through its subresource. */
function clearStatus(schema: ObjectSchema, object: KubernetesObject & WithStatus): void {
  object.status = {};
  applyFallbacks(schema, object);
}

function keepStatus(next: KubernetesObject & WithStatus, stored: KubernetesObject & WithStatus): void {
  next.status = stored.status;
}

export function selectable<T>(fields: Record<string, (object: T) => string>): SelectableField<T>[] {
  return Object.entries(fields).map(([field, read]) => ({ field, read }));
}

/** Shown always. */
export function column<T>(
  name: string,
  description: string,
  cell: Column<T>["cell"],
  more: Partial<Column<T>> = {},
): Column<T> {
  return { name, type: "string", description, priority: 0, cell, ...more };
}

/** Shown with `-o wide`. */
export function wideColumn<T>(name: string, description: string, cell: Column<T>["cell"]): Column<T> {
  return { name, type: "string", description, priority: 1, cell };
}

export const nameColumn: Column<KubernetesObject> = column(
  "Name",
  "Name must be unique within a namespace.",
  object => object.metadata.name,
  { format: "name" },
);

export const ageColumn: Column<KubernetesObject> = column(
  "Age",
  "CreationTimestamp is a timestamp representing the server time when this object was created.",
  (object, nowMs) => age(object.metadata.creationTimestamp, nowMs),
);
