/**
 * Volumes as core/v1 has them. Podwire mounts configMap, secret, emptyDir, downwardAPI, projected and hostPath;
 * the others are accepted and kept, so that a manifest that names one applies unchanged.
 */
import {
  absentAtZero,
  bool,
  defaulted,
  embedded,
  enumOf,
  field,
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
import { labelSelector, localObjectReference } from "./meta.ts";
import { ephemeralVolumeSource } from "./persistent-volume-claim.ts";
import {
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  azureFileVolumeSource,
  cephFSVolumeSource,
  cinderVolumeSource,
  fcVolumeSource,
  flexVolumeSource,
  flockerVolumeSource,
  gcePersistentDiskVolumeSource,
  gitRepoVolumeSource,
  glusterfsVolumeSource,
  iscsiVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  rbdVolumeSource,
  scaleIOVolumeSource,
  storageOSVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from "./volume-sources.ts";

const keyToPathFields = {
  key: field(1, required(string), ""),
  path: field(2, required(string), ""),
  mode: field(3, int32, ""),
};
export interface KeyToPath extends Infer<typeof keyToPathFields> {}
const keyToPath = object<KeyToPath>("KeyToPath", keyToPathFields);

const objectFieldSelectorFields = {
  apiVersion: field(1, defaulted(string, "v1"), ""),
  fieldPath: field(2, required(string), ""),
};
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelectorFields> {}
export const objectFieldSelector = object<ObjectFieldSelector>(
  "ObjectFieldSelector",
  objectFieldSelectorFields,
  { atomic: true },
);

const resourceFieldSelectorFields = {
  containerName: field(1, string, ""),
  resource: field(2, required(string), ""),
  divisor: field(3, defaulted(quantity, "0"), ""),
};
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelectorFields> {}
export const resourceFieldSelector = object<ResourceFieldSelector>(
  "ResourceFieldSelector",
  resourceFieldSelectorFields,
  { atomic: true },
);

const downwardFileFields = {
  path: field(1, required(string), ""),
  fieldRef: field(2, objectFieldSelector, ""),
  resourceFieldRef: field(3, resourceFieldSelector, ""),
  mode: field(4, int32, ""),
};
export interface DownwardAPIVolumeFile extends Infer<typeof downwardFileFields> {}
const downwardFile = object<DownwardAPIVolumeFile>("DownwardAPIVolumeFile", downwardFileFields);

const DEFAULT_MODE = 0o644;

const configMapVolumeFields = {
  ...embedded(1, { name: field(1, string, "") }),
  items: field(2, list(keyToPath), ""),
  defaultMode: field(3, defaulted(int32, DEFAULT_MODE), ""),
  optional: field(4, bool, ""),
};
export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeFields> {}

const secretVolumeFields = {
  secretName: field(1, string, ""),
  items: field(2, list(keyToPath), ""),
  defaultMode: field(3, defaulted(int32, DEFAULT_MODE), ""),
  optional: field(4, bool, ""),
};
export interface SecretVolumeSource extends Infer<typeof secretVolumeFields> {}

const downwardVolumeFields = {
  items: field(1, list(downwardFile), ""),
  defaultMode: field(2, defaulted(int32, DEFAULT_MODE), ""),
};
export interface DownwardAPIVolumeSource extends Infer<typeof downwardVolumeFields> {}

const emptyDirFields = {
  medium: field(1, string, ""),
  sizeLimit: field(2, quantity, ""),
};
export interface EmptyDirVolumeSource extends Infer<typeof emptyDirFields> {}

const hostPathFields = {
  path: field(1, required(string), ""),
  type: field(2, defaulted(string, ""), ""),
};
export interface HostPathVolumeSource extends Infer<typeof hostPathFields> {}

const serviceAccountTokenFields = {
  audience: field(1, string, ""),
  expirationSeconds: field(2, defaulted(int64, 3600), ""),
  path: field(3, required(string), ""),
};
export interface ServiceAccountTokenProjection extends Infer<typeof serviceAccountTokenFields> {}

const clusterTrustBundleFields = {
  name: field(1, string, ""),
  signerName: field(2, string, ""),
  labelSelector: field(3, labelSelector, ""),
  optional: field(5, bool, ""),
  path: field(4, required(string), ""),
};
export interface ClusterTrustBundleProjection extends Infer<typeof clusterTrustBundleFields> {}

const namedItemsFields = {
  ...embedded(1, { name: field(1, string, "") }),
  items: field(2, list(keyToPath), ""),
  optional: field(4, bool, ""),
};
export interface NamedItemsProjection extends Infer<typeof namedItemsFields> {}

const downwardProjectionFields = {
  items: field(1, list(downwardFile), ""),
};
export interface DownwardAPIProjection extends Infer<typeof downwardProjectionFields> {}

const podCertificateFields = {
  signerName: field(1, required(string), ""),
  keyType: field(2, required(string), ""),
  maxExpirationSeconds: field(3, int32, ""),
  credentialBundlePath: field(4, string, ""),
  keyPath: field(5, string, ""),
  certificateChainPath: field(6, string, ""),
};
export interface PodCertificateProjection extends Infer<typeof podCertificateFields> {}

const projectionFields = {
  secret: field(1, object<NamedItemsProjection>("SecretProjection", namedItemsFields), ""),
  configMap: field(3, object<NamedItemsProjection>("ConfigMapProjection", namedItemsFields), ""),
  downwardAPI: field(2, object<DownwardAPIProjection>("DownwardAPIProjection", downwardProjectionFields), ""),
  serviceAccountToken: field(
    4,
    object<ServiceAccountTokenProjection>("ServiceAccountTokenProjection", serviceAccountTokenFields),
    "",
  ),
  clusterTrustBundle: field(
    5,
    object<ClusterTrustBundleProjection>("ClusterTrustBundleProjection", clusterTrustBundleFields),
    "",
  ),
  podCertificate: field(
    6,
    object<PodCertificateProjection>("PodCertificateProjection", podCertificateFields),
    "",
  ),
};
export interface VolumeProjection extends Infer<typeof projectionFields> {}

const projectedFields = {
  sources: field(1, list(object<VolumeProjection>("VolumeProjection", projectionFields)), ""),
  defaultMode: field(2, defaulted(int32, DEFAULT_MODE), ""),
};
export interface ProjectedVolumeSource extends Infer<typeof projectedFields> {}

const claimFields = {
  claimName: field(1, required(string), ""),
  readOnly: field(2, absentAtZero(bool), ""),
};
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof claimFields> {}

const imageVolumeFields = {
  reference: field(1, string, ""),
  pullPolicy: field(2, enumOf("Always", "IfNotPresent", "Never"), ""),
};
export interface ImageVolumeSource extends Infer<typeof imageVolumeFields> {}

const nfsFields = {
  server: field(1, required(string), ""),
  path: field(2, required(string), ""),
  readOnly: field(3, absentAtZero(bool), ""),
};
export interface NFSVolumeSource extends Infer<typeof nfsFields> {}

const csiFields = {
  driver: field(1, required(string), ""),
  readOnly: field(2, bool, ""),
  fsType: field(3, string, ""),
  volumeAttributes: field(4, map(string), ""),
  nodePublishSecretRef: field(5, localObjectReference, ""),
};
export interface CSIVolumeSource extends Infer<typeof csiFields> {}

/** Exactly one of these per volume. */
const volumeSourceFields = {
  hostPath: field(1, object<HostPathVolumeSource>("HostPathVolumeSource", hostPathFields), ""),
  emptyDir: field(2, object<EmptyDirVolumeSource>("EmptyDirVolumeSource", emptyDirFields), ""),
  secret: field(6, object<SecretVolumeSource>("SecretVolumeSource", secretVolumeFields), ""),
  configMap: field(19, object<ConfigMapVolumeSource>("ConfigMapVolumeSource", configMapVolumeFields), ""),
  downwardAPI: field(
    16,
    object<DownwardAPIVolumeSource>("DownwardAPIVolumeSource", downwardVolumeFields),
    "",
  ),
  projected: field(26, object<ProjectedVolumeSource>("ProjectedVolumeSource", projectedFields), ""),
  persistentVolumeClaim: field(
    10,
    object<PersistentVolumeClaimVolumeSource>("PersistentVolumeClaimVolumeSource", claimFields),
    "",
  ),
  nfs: field(7, object<NFSVolumeSource>("NFSVolumeSource", nfsFields), ""),
  csi: field(28, object<CSIVolumeSource>("CSIVolumeSource", csiFields), ""),
  image: field(30, object<ImageVolumeSource>("ImageVolumeSource", imageVolumeFields), ""),
  ephemeral: field(29, ephemeralVolumeSource, ""),
  gcePersistentDisk: field(3, gcePersistentDiskVolumeSource, ""),
  awsElasticBlockStore: field(4, awsElasticBlockStoreVolumeSource, ""),
  gitRepo: field(5, gitRepoVolumeSource, ""),
  iscsi: field(8, iscsiVolumeSource, ""),
  glusterfs: field(9, glusterfsVolumeSource, ""),
  rbd: field(11, rbdVolumeSource, ""),
  flexVolume: field(12, flexVolumeSource, ""),
  cinder: field(13, cinderVolumeSource, ""),
  cephfs: field(14, cephFSVolumeSource, ""),
  flocker: field(15, flockerVolumeSource, ""),
  fc: field(17, fcVolumeSource, ""),
  azureFile: field(18, azureFileVolumeSource, ""),
  vsphereVolume: field(20, vsphereVirtualDiskVolumeSource, ""),
  quobyte: field(21, quobyteVolumeSource, ""),
  azureDisk: field(22, azureDiskVolumeSource, ""),
  photonPersistentDisk: field(23, photonPersistentDiskVolumeSource, ""),
  portworxVolume: field(24, portworxVolumeSource, ""),
  scaleIO: field(25, scaleIOVolumeSource, ""),
  storageos: field(27, storageOSVolumeSource, ""),
};
export const volumeSourceNames: readonly string[] = Object.keys(volumeSourceFields);

const volumeFields = {
  name: field(1, required(string), ""),
  ...embedded(2, volumeSourceFields),
};
export interface Volume extends Infer<typeof volumeFields> {}
export const volume = object<Volume>("Volume", volumeFields);
