/**
 * Volumes as core/v1 has them. Podwire mounts configMap, secret, emptyDir, downwardAPI, projected and hostPath;
 * the others are accepted and kept, so that a manifest that names one applies unchanged.
 */
import {
  any,
  bool,
  defaulted,
  enumOf,
  type Infer,
  int32,
  int64,
  list,
  map,
  object,
  quantity,
  required,
  string,
} from "../schema/schema.ts";
import { labelSelector } from "./meta.ts";

const keyToPathFields = { key: required(string), path: required(string), mode: int32 };
export interface KeyToPath extends Infer<typeof keyToPathFields> {}
const keyToPath = object<KeyToPath>("KeyToPath", keyToPathFields);

const objectFieldSelectorFields = { apiVersion: defaulted(string, "v1"), fieldPath: required(string) };
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelectorFields> {}
export const objectFieldSelector = object<ObjectFieldSelector>(
  "ObjectFieldSelector",
  objectFieldSelectorFields,
);

const resourceFieldSelectorFields = {
  containerName: string,
  resource: required(string),
  divisor: defaulted(quantity, "0"),
};
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelectorFields> {}
export const resourceFieldSelector = object<ResourceFieldSelector>(
  "ResourceFieldSelector",
  resourceFieldSelectorFields,
);

const downwardFileFields = {
  path: required(string),
  fieldRef: objectFieldSelector,
  resourceFieldRef: resourceFieldSelector,
  mode: int32,
};
export interface DownwardAPIVolumeFile extends Infer<typeof downwardFileFields> {}
const downwardFile = object<DownwardAPIVolumeFile>("DownwardAPIVolumeFile", downwardFileFields);

const DEFAULT_MODE = 0o644;

const configMapVolumeFields = {
  name: string,
  items: list(keyToPath),
  defaultMode: defaulted(int32, DEFAULT_MODE),
  optional: bool,
};
export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeFields> {}

const secretVolumeFields = {
  secretName: string,
  items: list(keyToPath),
  defaultMode: defaulted(int32, DEFAULT_MODE),
  optional: bool,
};
export interface SecretVolumeSource extends Infer<typeof secretVolumeFields> {}

const downwardVolumeFields = { items: list(downwardFile), defaultMode: defaulted(int32, DEFAULT_MODE) };
export interface DownwardAPIVolumeSource extends Infer<typeof downwardVolumeFields> {}

const emptyDirFields = { medium: string, sizeLimit: quantity };
export interface EmptyDirVolumeSource extends Infer<typeof emptyDirFields> {}

const hostPathFields = { path: required(string), type: defaulted(string, "") };
export interface HostPathVolumeSource extends Infer<typeof hostPathFields> {}

const serviceAccountTokenFields = {
  audience: string,
  expirationSeconds: defaulted(int64, 3600),
  path: required(string),
};
export interface ServiceAccountTokenProjection extends Infer<typeof serviceAccountTokenFields> {}

const clusterTrustBundleFields = {
  name: string,
  signerName: string,
  labelSelector,
  optional: bool,
  path: required(string),
};
export interface ClusterTrustBundleProjection extends Infer<typeof clusterTrustBundleFields> {}

const namedItemsFields = { name: string, items: list(keyToPath), optional: bool };
export interface NamedItemsProjection extends Infer<typeof namedItemsFields> {}

const downwardProjectionFields = { items: list(downwardFile) };
export interface DownwardAPIProjection extends Infer<typeof downwardProjectionFields> {}

const projectionFields = {
  secret: object<NamedItemsProjection>("SecretProjection", namedItemsFields),
  configMap: object<NamedItemsProjection>("ConfigMapProjection", namedItemsFields),
  downwardAPI: object<DownwardAPIProjection>("DownwardAPIProjection", downwardProjectionFields),
  serviceAccountToken: object<ServiceAccountTokenProjection>(
    "ServiceAccountTokenProjection",
    serviceAccountTokenFields,
  ),
  clusterTrustBundle: object<ClusterTrustBundleProjection>(
    "ClusterTrustBundleProjection",
    clusterTrustBundleFields,
  ),
};
export interface VolumeProjection extends Infer<typeof projectionFields> {}

const projectedFields = {
  sources: list(object<VolumeProjection>("VolumeProjection", projectionFields)),
  defaultMode: defaulted(int32, DEFAULT_MODE),
};
export interface ProjectedVolumeSource extends Infer<typeof projectedFields> {}

const claimFields = { claimName: required(string), readOnly: bool };
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof claimFields> {}

const imageVolumeFields = { reference: string, pullPolicy: enumOf("Always", "IfNotPresent", "Never") };
export interface ImageVolumeSource extends Infer<typeof imageVolumeFields> {}

const nfsFields = { server: required(string), path: required(string), readOnly: bool };
export interface NFSVolumeSource extends Infer<typeof nfsFields> {}

const csiFields = {
  driver: required(string),
  readOnly: bool,
  fsType: string,
  volumeAttributes: map(string),
  nodePublishSecretRef: any,
};
export interface CSIVolumeSource extends Infer<typeof csiFields> {}

/** Exactly one of these per volume. */
const volumeSourceFields = {
  hostPath: object<HostPathVolumeSource>("HostPathVolumeSource", hostPathFields),
  emptyDir: object<EmptyDirVolumeSource>("EmptyDirVolumeSource", emptyDirFields),
  secret: object<SecretVolumeSource>("SecretVolumeSource", secretVolumeFields),
  configMap: object<ConfigMapVolumeSource>("ConfigMapVolumeSource", configMapVolumeFields),
  downwardAPI: object<DownwardAPIVolumeSource>("DownwardAPIVolumeSource", downwardVolumeFields),
  projected: object<ProjectedVolumeSource>("ProjectedVolumeSource", projectedFields),
  persistentVolumeClaim: object<PersistentVolumeClaimVolumeSource>(
    "PersistentVolumeClaimVolumeSource",
    claimFields,
  ),
  nfs: object<NFSVolumeSource>("NFSVolumeSource", nfsFields),
  csi: object<CSIVolumeSource>("CSIVolumeSource", csiFields),
  image: object<ImageVolumeSource>("ImageVolumeSource", imageVolumeFields),
  ephemeral: any,
  gcePersistentDisk: any,
  awsElasticBlockStore: any,
  gitRepo: any,
  iscsi: any,
  glusterfs: any,
  rbd: any,
  flexVolume: any,
  cinder: any,
  cephfs: any,
  flocker: any,
  fc: any,
  azureFile: any,
  vsphereVolume: any,
  quobyte: any,
  azureDisk: any,
  photonPersistentDisk: any,
  portworxVolume: any,
  scaleIO: any,
  storageos: any,
};
export const volumeSourceNames: readonly string[] = Object.keys(volumeSourceFields);

const volumeFields = { name: required(string), ...volumeSourceFields };
export interface Volume extends Infer<typeof volumeFields> {}
export const volume = object<Volume>("Volume", volumeFields);
