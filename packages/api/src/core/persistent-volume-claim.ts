/** PersistentVolumeClaim: as a template in StatefulSets and ephemeral volumes; not served as a kind. */
import {
  defaulted,
  emptySaysSo,
  field,
  type Infer,
  list,
  map,
  object,
  required,
  resourceAmount,
  string,
  time,
} from "../schema/schema.ts";
import { labelSelector, namespacedMeta, typeMeta } from "./meta.ts";

const typedLocalObjectReferenceFields = {
  apiGroup: field(1, emptySaysSo(string), "Group of the object's kind; empty for core."),
  kind: field(2, required(string), "Kind of the object."),
  name: field(3, required(string), "Name of the object."),
};
export interface TypedLocalObjectReference extends Infer<typeof typedLocalObjectReferenceFields> {}
export const typedLocalObjectReference = object<TypedLocalObjectReference>(
  "TypedLocalObjectReference",
  typedLocalObjectReferenceFields,
  { atomic: true },
);

const typedObjectReferenceFields = {
  apiGroup: field(1, emptySaysSo(string), "Group of the object's kind; empty for core."),
  kind: field(2, required(string), "Kind of the object."),
  name: field(3, required(string), "Name of the object."),
  namespace: field(4, string, "Namespace of the object."),
};
export interface TypedObjectReference extends Infer<typeof typedObjectReferenceFields> {}
export const typedObjectReference = object<TypedObjectReference>(
  "TypedObjectReference",
  typedObjectReferenceFields,
);

const volumeResourceRequirementsFields = {
  limits: field(1, map(resourceAmount), "The most that the volume may have."),
  requests: field(2, map(resourceAmount), "The least that the volume must have."),
};
export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirementsFields> {}
export const volumeResourceRequirements = object<VolumeResourceRequirements>(
  "VolumeResourceRequirements",
  volumeResourceRequirementsFields,
);

const persistentVolumeClaimSpecFields = {
  accessModes: field(1, list(string), "How the volume is to be mounted, such as by one Node or by many."),
  resources: field(2, volumeResourceRequirements, "The size that is asked for."),
  volumeName: field(3, string, "The PersistentVolume that belongs to the claim."),
  selector: field(4, labelSelector, "Labels of the volumes that would do."),
  storageClassName: field(
    5,
    emptySaysSo(string),
    "The StorageClass that is asked for; the empty name asks for none.",
  ),
  volumeMode: field(6, string, "Whether a file system or a block device is asked for."),
  dataSource: field(
    7,
    typedLocalObjectReference,
    "A snapshot or claim to fill the volume from, in the same namespace.",
  ),
  dataSourceRef: field(8, typedObjectReference, "An object to fill the volume from."),
  volumeAttributesClassName: field(9, emptySaysSo(string), "The VolumeAttributesClass that is asked for."),
};
export interface PersistentVolumeClaimSpec extends Infer<typeof persistentVolumeClaimSpecFields> {}
export const persistentVolumeClaimSpec = object<PersistentVolumeClaimSpec>(
  "PersistentVolumeClaimSpec",
  persistentVolumeClaimSpecFields,
  { doc: "PersistentVolumeClaimSpec says which storage is asked for." },
);

const persistentVolumeClaimConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(string), "Whether it holds: True, False or Unknown."),
  lastProbeTime: field(3, time, "When the condition was last looked at."),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface PersistentVolumeClaimCondition extends Infer<typeof persistentVolumeClaimConditionFields> {}
export const persistentVolumeClaimCondition = object<PersistentVolumeClaimCondition>(
  "PersistentVolumeClaimCondition",
  persistentVolumeClaimConditionFields,
);

const modifyVolumeStatusFields = {
  targetVolumeAttributesClassName: field(1, string, "The VolumeAttributesClass that is being changed to."),
  status: field(2, required(string), "How far the change has come."),
};
export interface ModifyVolumeStatus extends Infer<typeof modifyVolumeStatusFields> {}
export const modifyVolumeStatus = object<ModifyVolumeStatus>("ModifyVolumeStatus", modifyVolumeStatusFields);

const persistentVolumeClaimStatusFields = {
  phase: field(1, string, "Pending, Bound or Lost."),
  accessModes: field(2, list(string), "How the volume may be mounted."),
  capacity: field(3, map(resourceAmount), "The size that the volume has."),
  conditions: field(4, list(persistentVolumeClaimCondition, { key: "type" }), "What holds of the claim."),
  allocatedResources: field(5, map(resourceAmount), "The size that was set aside."),
  allocatedResourceStatuses: field(7, map(string), "How far a change of size has come."),
  currentVolumeAttributesClassName: field(8, string, "The VolumeAttributesClass that the volume has."),
  modifyVolumeStatus: field(9, modifyVolumeStatus, "A change of VolumeAttributesClass that is under way."),
};
export interface PersistentVolumeClaimStatus extends Infer<typeof persistentVolumeClaimStatusFields> {}
export const persistentVolumeClaimStatus = object<PersistentVolumeClaimStatus>(
  "PersistentVolumeClaimStatus",
  persistentVolumeClaimStatusFields,
);

const persistentVolumeClaimFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(persistentVolumeClaimSpec), "What is asked for."),
  status: field(3, defaulted(persistentVolumeClaimStatus, {}), "What the claim has."),
};
export interface PersistentVolumeClaim extends Infer<Omit<typeof persistentVolumeClaimFields, "status">> {
  status: PersistentVolumeClaimStatus;
}
export const persistentVolumeClaim = object<PersistentVolumeClaim>(
  "PersistentVolumeClaim",
  persistentVolumeClaimFields,
  { doc: "PersistentVolumeClaim asks for storage." },
);

const persistentVolumeClaimTemplateFields = {
  metadata: field(1, namespacedMeta, "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, required(persistentVolumeClaimSpec), "What is asked for by the claim that is made."),
};
export interface PersistentVolumeClaimTemplate extends Infer<typeof persistentVolumeClaimTemplateFields> {}
export const persistentVolumeClaimTemplate = object<PersistentVolumeClaimTemplate>(
  "PersistentVolumeClaimTemplate",
  persistentVolumeClaimTemplateFields,
);

const ephemeralVolumeSourceFields = {
  volumeClaimTemplate: field(
    1,
    persistentVolumeClaimTemplate,
    "The claim that is made with the Pod and goes with it.",
  ),
};
export interface EphemeralVolumeSource extends Infer<typeof ephemeralVolumeSourceFields> {}
export const ephemeralVolumeSource = object<EphemeralVolumeSource>(
  "EphemeralVolumeSource",
  ephemeralVolumeSourceFields,
);
