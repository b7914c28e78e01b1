/**
 * The names of OpenAPI models, which are those of upstream's Go types with their package:
 *
 *   io.k8s.api.apps.v1.DeploymentSpec      io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
 *
 * A schema knows its type's name but not its package. That follows from who uses it: types of meta/v1 are listed
 * here; core/v1 has what its kinds reach, and two types more; any other group has what only its kinds reach.
 */
import { persistentVolumeClaim } from "../core/persistent-volume-claim.ts";
import { podTemplateSpec } from "../core/pod-template.ts";
import type { ObjectSchema, Schema } from "../schema/schema.ts";

/** A kind, or the body of a subresource: what a model is drawn from. */
export interface Root {
  readonly group: string;
  readonly version: string;
  readonly schema: ObjectSchema;
}

export const META_PACKAGE = "io.k8s.apimachinery.pkg.apis.meta.v1";

const META_TYPES = new Set([
  "Condition",
  "DeleteOptions",
  "FieldSelectorRequirement",
  "LabelSelector",
  "LabelSelectorRequirement",
  "ListMeta",
  "ManagedFieldsEntry",
  "ObjectMeta",
  "OwnerReference",
  "Preconditions",
  "Status",
  "StatusCause",
  "StatusDetails",
]);

/** Types of core/v1 that only kinds of other groups use. */
const CORE_TYPES: readonly ObjectSchema[] = [podTemplateSpec, persistentVolumeClaim];

/** The package of a group's own types. */
export function packageOf({ group, version }: { group: string; version: string }): string {
  return `io.k8s.api.${group === "" ? "core" : group.split(".")[0]}.${version}`;
}

/** Names for all the objects that the roots reach. Roots of core count first. */
export function modelNames(roots: readonly Root[]): ReadonlyMap<ObjectSchema, string> {
  const names = new Map<ObjectSchema, string>();
  const visit = (schema: Schema, owner: string): void => {
    if (schema.node === "list") visit(schema.items, owner);
    else if (schema.node === "map") visit(schema.values, owner);
    else if (schema.node === "object" && !names.has(schema)) {
      names.set(schema, `${META_TYPES.has(schema.name) ? META_PACKAGE : owner}.${schema.name}`);
      for (const field of schema.fields.values()) visit(field.schema, owner);
    }
  };
  const isCore = ({ group }: Root) => group === "";
  const hidden = CORE_TYPES.map(schema => ({ group: "", version: "v1", schema }));
  for (const root of [...roots.filter(isCore), ...hidden, ...roots.filter(each => !isCore(each))]) {
    visit(root.schema, packageOf(root));
  }
  return names;
}
