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
  apiVersion: field(5, required(string), "API version of the owner."),
  kind: field(1, required(string), "Kind of the owner."),
  name: field(3, required(string), "Name of the owner."),
  uid: field(4, required(string), "UID of the owner."),
  controller: field(6, bool, "Whether the owner is the one that manages this object."),
  blockOwnerDeletion: field(
    7,
    bool,
    "Whether a foreground deletion of the owner waits for this object to go.",
  ),
};
export interface OwnerReference extends Infer<typeof ownerReferenceFields> {}
export const ownerReference = object<OwnerReference>("OwnerReference", ownerReferenceFields, {
  atomic: true,
  doc: "OwnerReference names an object that this one depends on.",
});

const managedFieldsEntryFields = {
  manager: field(1, string, "Name of the writer that these fields belong to."),
  operation: field(2, string, "How it wrote them: Apply or Update."),
  apiVersion: field(3, string, "API version in which it wrote, and to which the names of the fields belong."),
  time: field(4, time, "When this entry was added or last changed."),
  fieldsType: field(6, string, "Format of the set of fields; FieldsV1."),
  fieldsV1: field(7, any, "The fields that belong to the writer, as a tree of their names."),
  subresource: field(8, string, "The subresource through which it wrote; empty for the object itself."),
};
export interface ManagedFieldsEntry extends Infer<typeof managedFieldsEntryFields> {}
const managedFieldsEntry = object<ManagedFieldsEntry>("ManagedFieldsEntry", managedFieldsEntryFields, {
  doc: "ManagedFieldsEntry says which fields belong to one writer.",
});

const objectMetaFields = {
  name: field(
    1,
    assigned(string),
    "Name of the object, unique among its kind in its namespace; it cannot be changed.",
  ),
  generateName: field(2, string, "Start of a name that the server completes, where no name is given."),
  namespace: field(3, string, "Namespace that the object is in; empty for objects of the whole cluster."),
  selfLink: field(4, string, "Deprecated; not set."),
  uid: field(5, assigned(string), "Identity of this object in time and space, given by the server."),
  resourceVersion: field(
    6,
    assigned(string),
    "Version of this state of the object; an update that brings another one is refused.",
  ),
  generation: field(7, absentAtZero(int64), "Counts the changes of what is asked for, that is of the spec."),
  creationTimestamp: field(8, assigned(time), "When the object was created."),
  deletionTimestamp: field(
    9,
    time,
    "When the object will be, or was to be, gone; set by a graceful deletion.",
  ),
  deletionGracePeriodSeconds: field(
    10,
    int64,
    "Seconds that the object has to end after its deletion was asked for.",
  ),
  labels: field(11, map(string), "Names and values by which the object is selected."),
  annotations: field(12, map(string), "Names and values that tools keep with the object; not for selecting."),
  ownerReferences: field(
    13,
    list(ownerReference, { key: "uid" }),
    "Objects that this one depends on; it goes when they are all gone.",
  ),
  finalizers: field(
    14,
    list(string, { set: true, mergeKey: true }),
    "What has yet to be done before the object may go; it stays until the list is empty.",
  ),
  managedFields: field(17, list(managedFieldsEntry), "Which writer owns which fields; kept by the server."),
};
export interface ObjectMeta extends Infer<typeof objectMetaFields> {}
export const objectMeta = object<ObjectMeta>("ObjectMeta", objectMetaFields, {
  doc: "ObjectMeta is what every object carries: its identity, labels and owners.",
});

/** The metadata of a stored object of a namespaced kind. */
export interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}
export const namespacedMeta = object<NamespacedMeta>("ObjectMeta", objectMetaFields, {
  doc: "ObjectMeta is what every object carries: its identity, labels and owners.",
});

/** `apiVersion` and `kind`, first in every kind's fields. */
export const typeMeta = {
  apiVersion: field(
    0,
    assigned(string),
    "Group and version of the API that the object is written in, such as v1 or apps/v1.",
  ),
  kind: field(0, assigned(string), "Kind of the object."),
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

const localObjectReferenceFields = {
  name: field(1, defaulted(string, ""), "Name of an object in the same namespace."),
};
export interface LocalObjectReference extends Infer<typeof localObjectReferenceFields> {}
export const localObjectReference = object<LocalObjectReference>(
  "LocalObjectReference",
  localObjectReferenceFields,
  { atomic: true },
);

const labelSelectorRequirementFields = {
  key: field(1, required(string), "Key of the label."),
  operator: field(
    2,
    required(enumOf("In", "NotIn", "Exists", "DoesNotExist")),
    "How the label is compared with the values.",
  ),
  values: field(3, list(string), "Values for In and NotIn; empty for Exists and DoesNotExist."),
};
export interface LabelSelectorRequirement extends Infer<typeof labelSelectorRequirementFields> {}
export const labelSelectorRequirement = object<LabelSelectorRequirement>(
  "LabelSelectorRequirement",
  labelSelectorRequirementFields,
  { doc: "LabelSelectorRequirement is one requirement on a label." },
);

const labelSelectorFields = {
  matchLabels: field(1, map(string), "Labels that must all have these values."),
  matchExpressions: field(2, list(labelSelectorRequirement), "Requirements that must all be met."),
};
export interface LabelSelector extends Infer<typeof labelSelectorFields> {}
export const labelSelector = object<LabelSelector>("LabelSelector", labelSelectorFields, {
  atomic: true,
  doc: "LabelSelector selects objects by their labels; an empty one selects all.",
});

const conditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(enumOf("True", "False", "Unknown")), "Whether it holds: True, False or Unknown."),
  observedGeneration: field(
    3,
    absentAtZero(int64),
    "The generation of the object that the condition was drawn from.",
  ),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface Condition extends Infer<typeof conditionFields> {}
export const condition = object<Condition>("Condition", conditionFields, {
  doc: "Condition is one aspect of an object's state.",
});

const preconditionsFields = {
  uid: field(1, string, "The UID that the object must have."),
  resourceVersion: field(2, string, "The resource version that the object must have."),
};
export interface Preconditions extends Infer<typeof preconditionsFields> {}

const deleteOptionsFields = {
  apiVersion: field(0, string, "Group and version of the API that the options are written in."),
  kind: field(0, string, "DeleteOptions."),
  gracePeriodSeconds: field(1, int64, "Seconds that the object is given to end; 0 removes it at once."),
  preconditions: field(
    2,
    object<Preconditions>("Preconditions", preconditionsFields, {
      doc: "Preconditions must hold for a deletion to be done.",
    }),
    "What must be true of the object for it to be deleted.",
  ),
  orphanDependents: field(3, bool, "Deprecated: propagationPolicy says the same."),
  propagationPolicy: field(
    4,
    enumOf("Orphan", "Background", "Foreground"),
    "What becomes of objects that depend on this one.",
  ),
  dryRun: field(5, list(string), "All makes every check and deletes nothing."),
  ignoreStoreReadErrorWithClusterBreakingPotential: field(
    6,
    bool,
    "Accepted; objects that cannot be read do not occur here.",
  ),
};
export interface DeleteOptions extends Infer<typeof deleteOptionsFields> {}
export const deleteOptions = object<DeleteOptions>("DeleteOptions", deleteOptionsFields, {
  doc: "DeleteOptions say how an object is to be deleted.",
});
