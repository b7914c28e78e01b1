/** The entry for Namespace. */
import { type Namespace, namespace } from "../../core/namespace.ts";
import { type FieldError, fieldInvalid } from "../../validation/field-error.ts";
import { dnsLabelProblems, labelKeyProblems } from "../../validation/names.ts";
import { ageColumn, column, kindEntry, nameColumn, selectable } from "../entry.ts";
import { type Kind, type Subresource, statusSubresource } from "../kind.ts";

/** Taken off when the namespace is empty. */
export const NAMESPACE_FINALIZER = "kubernetes";
const IMMORTAL = ["default", "kube-system", "kube-public"];
const NAME_LABEL = "kubernetes.io/metadata.name";

/** `finalize`: the namespace controller says that it has done its part. */
const finalize: Subresource<Namespace> = {
  name: "finalize",
  verbs: ["update"],
  take: (stored, next) => ({ ...stored, spec: { ...stored.spec, ...finalizersOf(next) } }),
  keeps: [["status"]],
  validate: validateFinalizers,
};

function finalizersOf(next: Namespace): { finalizers?: string[] } {
  return next.spec.finalizers ? { finalizers: next.spec.finalizers } : { finalizers: [] };
}

function validateFinalizers({ spec }: Namespace): FieldError[] {
  return (spec.finalizers ?? []).flatMap(finalizer => {
    const field = "spec.finalizers";
    const problems = labelKeyProblems(finalizer).map(problem => fieldInvalid(field, finalizer, problem));
    const standard = finalizer === NAMESPACE_FINALIZER || finalizer.includes("/");
    const unknown = "name is neither a standard finalizer name nor is it fully qualified";
    return standard ? problems : [...problems, fieldInvalid(field, finalizer, unknown)];
  });
}

export const namespaceKind: Kind<Namespace> = kindEntry<Namespace>({
  kind: "Namespace",
  plural: "namespaces",
  // Not all at once.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  shortNames: ["ns"],
  namespaced: false,
  returnsDeleted: true,
  schema: namespace,
  nameProblems: dnsLabelProblems,
  applyDefaults: object => {
    if (object.metadata.name)
      object.metadata.labels = { ...object.metadata.labels, [NAME_LABEL]: object.metadata.name };
  },
  prepareCreate: object => {
    object.status = { phase: "Active" };
    object.spec.finalizers = [...new Set([...(object.spec.finalizers ?? []), NAMESPACE_FINALIZER])];
  },
  prepareUpdate: (next, stored) => {
    next.status = stored.status;
    next.spec = { ...next.spec, finalizers: stored.spec.finalizers };
  },
  keptBecause: ({ metadata }) =>
    IMMORTAL.includes(metadata.name) ? "this namespace may not be deleted" : undefined,
  validate: validateFinalizers,
  subresources: [statusSubresource<Namespace>(), finalize],
  deletion: {
    mode: "finalized",
    mark: object => {
      object.status = { ...object.status, phase: "Terminating" };
    },
    isReleased: object => (object.spec.finalizers ?? []).length === 0,
  },
  selectableFields: selectable<Namespace>({ "status.phase": object => object.status.phase ?? "" }),
  columns: [
    nameColumn,
    column("Status", "The status of the namespace", object => object.status.phase ?? ""),
    ageColumn,
  ],
});
