/** What every object carries (meta/v1): identity, lifecycle, labels, ownership. */
import {
  absentAtZero,
  any,
  assigned,
  bool,
  defaulted,
  enumOf,
  field,
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
  apiVersion: field(5, required(string), ""),
  kind: field(1, required(string), ""),
  name: field(3, required(string), ""),
  uid: field(4, required(string), ""),
  controller: field(6, bool, ""),
  blockOwnerDeletion: field(7, bool, ""),
};
export interface OwnerReference extends Infer<typeof ownerReferenceFields> {}
export const ownerReference = object<OwnerReference>("OwnerReference", ownerReferenceFields, {
  atomic: true,
});

const managedFieldsEntryFields = {
  manager: field(1, string, ""),
  operation: field(2, string, ""),
  apiVersion: field(3, string, ""),
  time: field(4, time, ""),
  fieldsType: field(6, string, ""),
  fieldsV1: field(7, any, ""),
  subresource: field(8, string, ""),
};
export interface ManagedFieldsEntry extends Infer<typeof managedFieldsEntryFields> {}
const managedFieldsEntry = object<ManagedFieldsEntry>("ManagedFieldsEntry", managedFieldsEntryFields);

const objectMetaFields = {
  name: field(1, assigned(string), ""),
  generateName: field(2, string, ""),
  namespace: field(3, string, ""),
  selfLink: field(4, string, ""),
  uid: field(5, assigned(string), ""),
  resourceVersion: field(6, assigned(string), ""),
  generation: field(7, absentAtZero(int64), ""),
  creationTimestamp: field(8, assigned(time), ""),
  deletionTimestamp: field(9, time, ""),
  deletionGracePeriodSeconds: field(10, int64, ""),
  labels: field(11, map(string), ""),
  annotations: field(12, map(string), ""),
  ownerReferences: field(13, list(ownerReference, { key: "uid" }), ""),
  finalizers: field(14, list(string, { set: true, mergeKey: true }), ""),
  managedFields: field(17, list(managedFieldsEntry), ""),
};
export interface ObjectMeta extends Infer<typeof objectMetaFields> {}
export const objectMeta = object<ObjectMeta>("ObjectMeta", objectMetaFields);

/** The metadata of a stored object of a namespaced kind. */
export interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}
export const namespacedMeta = object<NamespacedMeta>("ObjectMeta", objectMetaFields);

/** `apiVersion` and `kind`, first in every kind's fields. */
export const typeMeta = {
  apiVersion: field(0, assigned(string), ""),
  kind: field(0, assigned(string), ""),
};

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as it is handed to create: what the server assigns may be left out. */
export type NewObject<T extends KubernetesObject> = Partial<Omit<T, "metadata">> & {
  metadata: Partial<T["metadata"]>;
};

const localObjectReferenceFields = { name: field(1, defaulted(string, ""), "") };
export interface LocalObjectReference extends Infer<typeof localObjectReferenceFields> {}
export const localObjectReference = object<LocalObjectReference>(
  "LocalObjectReference",
  localObjectReferenceFields,
  { atomic: true },
);

const labelSelectorRequirementFields = {
  key: field(1, required(string), ""),
  operator: field(2, required(enumOf("In", "NotIn", "Exists", "DoesNotExist")), ""),
  values: field(3, list(string), ""),
};
export interface LabelSelectorRequirement extends Infer<typeof labelSelectorRequirementFields> {}
export const labelSelectorRequirement = object<LabelSelectorRequirement>(
  "LabelSelectorRequirement",
  labelSelectorRequirementFields,
);

const labelSelectorFields = {
  matchLabels: field(1, map(string), ""),
  matchExpressions: field(2, list(labelSelectorRequirement), ""),
};
export interface LabelSelector extends Infer<typeof labelSelectorFields> {}
export const labelSelector = object<LabelSelector>("LabelSelector", labelSelectorFields, { atomic: true });

const conditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(enumOf("True", "False", "Unknown")), ""),
  observedGeneration: field(3, absentAtZero(int64), ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface Condition extends Infer<typeof conditionFields> {}
export const condition = object<Condition>("Condition", conditionFields);

const preconditionsFields = {
  uid: field(1, string, ""),
  resourceVersion: field(2, string, ""),
};
export interface Preconditions extends Infer<typeof preconditionsFields> {}

const deleteOptionsFields = {
  apiVersion: field(0, string, ""),
  kind: field(0, string, ""),
  gracePeriodSeconds: field(1, int64, ""),
  preconditions: field(2, object<Preconditions>("Preconditions", preconditionsFields), ""),
  orphanDependents: field(3, bool, ""),
  propagationPolicy: field(4, enumOf("Orphan", "Background", "Foreground"), ""),
  dryRun: field(5, list(string), ""),
  ignoreStoreReadErrorWithClusterBreakingPotential: field(6, bool, ""),
};
export interface DeleteOptions extends Infer<typeof deleteOptionsFields> {}
export const deleteOptions = object<DeleteOptions>("DeleteOptions", deleteOptionsFields);
