/** PersistentVolumeClaim: as a template in StatefulSets and ephemeral volumes; not served as a kind. */
import {
  defaulted,
  emptySaysSo,
  field,
  type Infer,
  list,
  map,
  object,
  quantity,
  required,
  string,
  time,
} from "../schema/schema.ts";
import { labelSelector, namespacedMeta, typeMeta } from "./meta.ts";

const typedLocalObjectReferenceFields = {
  apiGroup: field(1, emptySaysSo(string), ""),
  kind: field(2, required(string), ""),
  name: field(3, required(string), ""),
};
export interface TypedLocalObjectReference extends Infer<typeof typedLocalObjectReferenceFields> {}
export const typedLocalObjectReference = object<TypedLocalObjectReference>(
  "TypedLocalObjectReference",
  typedLocalObjectReferenceFields,
  { atomic: true },
);

const typedObjectReferenceFields = {
  apiGroup: field(1, emptySaysSo(string), ""),
  kind: field(2, required(string), ""),
  name: field(3, required(string), ""),
  namespace: field(4, string, ""),
};
export interface TypedObjectReference extends Infer<typeof typedObjectReferenceFields> {}
export const typedObjectReference = object<TypedObjectReference>(
  "TypedObjectReference",
  typedObjectReferenceFields,
);

const volumeResourceRequirementsFields = {
  limits: field(1, map(quantity), ""),
  requests: field(2, map(quantity), ""),
};
export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirementsFields> {}
export const volumeResourceRequirements = object<VolumeResourceRequirements>(
  "VolumeResourceRequirements",
  volumeResourceRequirementsFields,
);

const persistentVolumeClaimSpecFields = {
  accessModes: field(1, list(string), ""),
  resources: field(2, volumeResourceRequirements, ""),
  volumeName: field(3, string, ""),
  selector: field(4, labelSelector, ""),
  storageClassName: field(5, emptySaysSo(string), ""),
  volumeMode: field(6, string, ""),
  dataSource: field(7, typedLocalObjectReference, ""),
  dataSourceRef: field(8, typedObjectReference, ""),
  volumeAttributesClassName: field(9, emptySaysSo(string), ""),
};
export interface PersistentVolumeClaimSpec extends Infer<typeof persistentVolumeClaimSpecFields> {}
export const persistentVolumeClaimSpec = object<PersistentVolumeClaimSpec>(
  "PersistentVolumeClaimSpec",
  persistentVolumeClaimSpecFields,
);

const persistentVolumeClaimConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(string), ""),
  lastProbeTime: field(3, time, ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface PersistentVolumeClaimCondition extends Infer<typeof persistentVolumeClaimConditionFields> {}
export const persistentVolumeClaimCondition = object<PersistentVolumeClaimCondition>(
  "PersistentVolumeClaimCondition",
  persistentVolumeClaimConditionFields,
);

const modifyVolumeStatusFields = {
  targetVolumeAttributesClassName: field(1, string, ""),
  status: field(2, required(string), ""),
};
export interface ModifyVolumeStatus extends Infer<typeof modifyVolumeStatusFields> {}
export const modifyVolumeStatus = object<ModifyVolumeStatus>("ModifyVolumeStatus", modifyVolumeStatusFields);

const persistentVolumeClaimStatusFields = {
  phase: field(1, string, ""),
  accessModes: field(2, list(string), ""),
  capacity: field(3, map(quantity), ""),
  conditions: field(4, list(persistentVolumeClaimCondition, { key: "type" }), ""),
  allocatedResources: field(5, map(quantity), ""),
  allocatedResourceStatuses: field(7, map(string), ""),
  currentVolumeAttributesClassName: field(8, string, ""),
  modifyVolumeStatus: field(9, modifyVolumeStatus, ""),
};
export interface PersistentVolumeClaimStatus extends Infer<typeof persistentVolumeClaimStatusFields> {}
export const persistentVolumeClaimStatus = object<PersistentVolumeClaimStatus>(
  "PersistentVolumeClaimStatus",
  persistentVolumeClaimStatusFields,
);

const persistentVolumeClaimFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(persistentVolumeClaimSpec), ""),
  status: field(3, defaulted(persistentVolumeClaimStatus, {}), ""),
};
export interface PersistentVolumeClaim extends Infer<Omit<typeof persistentVolumeClaimFields, "status">> {
  status: PersistentVolumeClaimStatus;
}
export const persistentVolumeClaim = object<PersistentVolumeClaim>(
  "PersistentVolumeClaim",
  persistentVolumeClaimFields,
);

const persistentVolumeClaimTemplateFields = {
  metadata: field(1, namespacedMeta, ""),
  spec: field(2, required(persistentVolumeClaimSpec), ""),
};
export interface PersistentVolumeClaimTemplate extends Infer<typeof persistentVolumeClaimTemplateFields> {}
export const persistentVolumeClaimTemplate = object<PersistentVolumeClaimTemplate>(
  "PersistentVolumeClaimTemplate",
  persistentVolumeClaimTemplateFields,
);

const ephemeralVolumeSourceFields = {
  volumeClaimTemplate: field(1, persistentVolumeClaimTemplate, ""),
};
export interface EphemeralVolumeSource extends Infer<typeof ephemeralVolumeSourceFields> {}
export const ephemeralVolumeSource = object<EphemeralVolumeSource>(
  "EphemeralVolumeSource",
  ephemeralVolumeSourceFields,
);
