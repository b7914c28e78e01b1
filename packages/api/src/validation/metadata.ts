/** What metadata must satisfy, whatever the kind: apimachinery/pkg/api/validation, ValidateObjectMeta. */
import type { KubernetesObject, ObjectMeta, OwnerReference } from "../core/meta.ts";
import type { Kind } from "../kinds/kind.ts";
import { type FieldError, fieldForbidden, fieldInvalid, fieldRequired, fieldTooLong } from "./field-error.ts";
import { dnsLabelProblems, labelKeyProblems, labelValueProblems } from "./names.ts";

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
const STANDARD_FINALIZERS = ["orphan", "foregroundDeletion"];

export function validateMetadata<T extends KubernetesObject>(kind: Kind<T>, { metadata }: T): FieldError[] {
  return [
    ...validateName(kind, metadata),
    ...validateNamespace(kind.namespaced, metadata.namespace ?? ""),
    ...validateLabels(metadata.labels ?? {}),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...validateFinalizers(metadata.finalizers ?? []),
  ];
}

function validateName(kind: Kind, { name, generateName }: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (generateName) {
    // A prefix may end in what a name may not end in: something follows.
    const problems = kind.nameProblems(generateName.replace(/[-.]+$/, "a"));
    errors.push(...problems.map(text => fieldInvalid("metadata.generateName", generateName, text)));
  }
  if (!name) return [...errors, fieldRequired("metadata.name", "name or generateName is required")];
  return [...errors, ...kind.nameProblems(name).map(text => fieldInvalid("metadata.name", name, text))];
}

function validateNamespace(namespaced: boolean, namespace: string): FieldError[] {
  const field = "metadata.namespace";
  if (!namespaced) return namespace ? [fieldForbidden(field, "not allowed on this type")] : [];
  if (!namespace) return [fieldRequired(field)];
  return dnsLabelProblems(namespace).map(text => fieldInvalid(field, namespace, text));
}

export function validateLabels(labels: Record<string, string>, field = "metadata.labels"): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map(text => fieldInvalid(field, key, text)),
    ...labelValueProblems(value).map(text => fieldInvalid(field, value, text)),
  ]);
}

export function validateAnnotations(
  annotations: Record<string, string>,
  field = "metadata.annotations",
): FieldError[] {
  const errors = Object.keys(annotations).flatMap(key =>
    labelKeyProblems(key.toLowerCase()).map(text => fieldInvalid(field, key, text)),
  );
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return size > ANNOTATIONS_MAX_BYTES ? [...errors, fieldTooLong(field, ANNOTATIONS_MAX_BYTES)] : errors;
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const field = "metadata.ownerReferences";
  const errors = owners.flatMap((owner): FieldError[] => {
    const { apiVersion, kind } = owner;
    if (!/^([^/]+\/)?[^/]+$/.test(apiVersion)) {
      return [fieldInvalid(`${field}.apiVersion`, apiVersion, "version must not be empty")];
    }
    const isEvent = apiVersion === "v1" && kind === "Event";
    return isEvent ? [fieldInvalid(field, owner, "/v1, Kind=Event is disallowed from being an owner")] : [];
  });
  const [first, second] = owners.filter(owner => owner.controller === true);
  if (first === undefined || second === undefined) return errors;
  const named = `${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${named}`;
  return [...errors, fieldInvalid(field, owners, detail)];
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  return finalizers.flatMap((finalizer, at) => {
    const field = `metadata.finalizers[${at}]`;
    const problems = labelKeyProblems(finalizer);
    if (!finalizer.includes("/") && !STANDARD_FINALIZERS.includes(finalizer)) {
      problems.push("name is neither a standard finalizer name nor is it fully qualified");
    }
    return problems.map(text => fieldInvalid(field, finalizer, text));
  });
}

const IMMUTABLE = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] as const;

export function validateMetadataUpdate(next: ObjectMeta, stored: ObjectMeta): FieldError[] {
  const errors: FieldError[] = IMMUTABLE.filter(field => (next[field] ?? "") !== (stored[field] ?? "")).map(
    field => fieldInvalid(`metadata.${field}`, next[field], "field is immutable"),
  );
  if (stored.deletionTimestamp === undefined) return errors;
  const added = (next.finalizers ?? []).filter(each => !stored.finalizers?.includes(each));
  if (added.length > 0) {
    const list = added.map(each => JSON.stringify(each)).join(", ");
    const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
    errors.push(fieldForbidden("metadata.finalizers", detail));
  }
  return errors;
}
