/** What every object carries (meta/v1): identity, lifecycle, labels, ownership. */
import {
  any,
  assigned,
  bool,
  enumOf,
  type Infer,
  int64,
  list,
  map,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";

const ownerReferenceFields = {
  apiVersion: required(string),
  kind: required(string),
  name: required(string),
  uid: required(string),
  controller: bool,
  blockOwnerDeletion: bool,
};
export interface OwnerReference extends Infer<typeof ownerReferenceFields> {}
export const ownerReference = object<OwnerReference>("OwnerReference", ownerReferenceFields);

const managedFieldsEntryFields = {
  manager: string,
  operation: string,
  apiVersion: string,
  time: time,
  fieldsType: string,
  fieldsV1: any,
  subresource: string,
};
export interface ManagedFieldsEntry extends Infer<typeof managedFieldsEntryFields> {}
const managedFieldsEntry = object<ManagedFieldsEntry>("ManagedFieldsEntry", managedFieldsEntryFields);

const objectMetaFields = {
  name: assigned(string),
  generateName: string,
  namespace: string,
  selfLink: string,
  uid: assigned(string),
  resourceVersion: assigned(string),
  generation: int64,
  creationTimestamp: assigned(time),
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int64,
  labels: map(string),
  annotations: map(string),
  ownerReferences: list(ownerReference, { key: "uid" }),
  finalizers: list(string, { set: true }),
  managedFields: list(managedFieldsEntry),
};
export interface ObjectMeta extends Infer<typeof objectMetaFields> {}
export const objectMeta = object<ObjectMeta>("ObjectMeta", objectMetaFields);

/** The metadata of a stored object of a namespaced kind. */
export interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}
export const namespacedMeta = object<NamespacedMeta>("ObjectMeta", objectMetaFields);

/** `apiVersion` and `kind`, first in every kind's fields. */
export const typeMeta = { apiVersion: assigned(string), kind: assigned(string) };

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as it is handed to create: what the server assigns may be left out. */
export type NewObject<T extends KubernetesObject> = Partial<Omit<T, "metadata">> & {
  metadata: Partial<T["metadata"]>;
};

const labelSelectorRequirementFields = {
  key: required(string),
  operator: required(enumOf("In", "NotIn", "Exists", "DoesNotExist")),
  values: list(string),
};
export interface LabelSelectorRequirement extends Infer<typeof labelSelectorRequirementFields> {}
const labelSelectorRequirement = object<LabelSelectorRequirement>(
  "LabelSelectorRequirement",
  labelSelectorRequirementFields,
);

const labelSelectorFields = {
  matchLabels: map(string),
  matchExpressions: list(labelSelectorRequirement),
};
export interface LabelSelector extends Infer<typeof labelSelectorFields> {}
export const labelSelector = object<LabelSelector>("LabelSelector", labelSelectorFields);

const conditionFields = {
  type: required(string),
  status: required(enumOf("True", "False", "Unknown")),
  observedGeneration: int64,
  lastTransitionTime: time,
  reason: string,
  message: string,
};
export interface Condition extends Infer<typeof conditionFields> {}
export const condition = object<Condition>("Condition", conditionFields);

const preconditionsFields = { uid: string, resourceVersion: string };
export interface Preconditions extends Infer<typeof preconditionsFields> {}

const deleteOptionsFields = {
  apiVersion: string,
  kind: string,
  gracePeriodSeconds: int64,
  preconditions: object<Preconditions>("Preconditions", preconditionsFields),
  orphanDependents: bool,
  propagationPolicy: enumOf("Orphan", "Background", "Foreground"),
  dryRun: list(string),
  ignoreStoreReadErrorWithClusterBreakingPotential: bool,
};
export interface DeleteOptions extends Infer<typeof deleteOptionsFields> {}
export const deleteOptions = object<DeleteOptions>("DeleteOptions", deleteOptionsFields);
