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
  key: field(1, required(string), "The key to take."),
  path: field(2, required(string), "The file to make of it, relative to the volume."),
  mode: field(3, int32, "Permission bits of the file."),
};
export interface KeyToPath extends Infer<typeof keyToPathFields> {}
const keyToPath = object<KeyToPath>("KeyToPath", keyToPathFields);

const objectFieldSelectorFields = {
  apiVersion: field(1, defaulted(string, "v1"), "API version that the path belongs to."),
  fieldPath: field(2, required(string), "The field of the Pod to take, such as metadata.name."),
};
export interface ObjectFieldSelector extends Infer<typeof objectFieldSelectorFields> {}
export const objectFieldSelector = object<ObjectFieldSelector>(
  "ObjectFieldSelector",
  objectFieldSelectorFields,
  { atomic: true },
);

const resourceFieldSelectorFields = {
  containerName: field(1, string, "The container whose resource it is."),
  resource: field(2, required(string), "The resource to take, such as limits.memory."),
  divisor: field(3, defaulted(quantity, "0"), "Unit of the result, such as 1Mi."),
};
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelectorFields> {}
export const resourceFieldSelector = object<ResourceFieldSelector>(
  "ResourceFieldSelector",
  resourceFieldSelectorFields,
  { atomic: true },
);

const downwardFileFields = {
  path: field(1, required(string), "The file to make, relative to the volume."),
  fieldRef: field(2, objectFieldSelector, "A field of the Pod to write into it."),
  resourceFieldRef: field(3, resourceFieldSelector, "A resource of a container to write into it."),
  mode: field(4, int32, "Permission bits of the file."),
};
export interface DownwardAPIVolumeFile extends Infer<typeof downwardFileFields> {}
const downwardFile = object<DownwardAPIVolumeFile>("DownwardAPIVolumeFile", downwardFileFields);

const DEFAULT_MODE = 0o644;

const configMapVolumeFields = {
  ...embedded(1, { name: field(1, string, "Name of the ConfigMap.") }),
  items: field(2, list(keyToPath), "The keys to take; all, where nothing is said."),
  defaultMode: field(3, defaulted(int32, DEFAULT_MODE), "Permission bits of the files."),
  optional: field(4, bool, "Whether the ConfigMap may be missing."),
};
export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeFields> {}

const secretVolumeFields = {
  secretName: field(1, string, "Name of the Secret."),
  items: field(2, list(keyToPath), "The keys to take; all, where nothing is said."),
  defaultMode: field(3, defaulted(int32, DEFAULT_MODE), "Permission bits of the files."),
  optional: field(4, bool, "Whether the Secret may be missing."),
};
export interface SecretVolumeSource extends Infer<typeof secretVolumeFields> {}

const downwardVolumeFields = {
  items: field(1, list(downwardFile), "The files to make."),
  defaultMode: field(2, defaulted(int32, DEFAULT_MODE), "Permission bits of the files."),
};
export interface DownwardAPIVolumeSource extends Infer<typeof downwardVolumeFields> {}

const emptyDirFields = {
  medium: field(1, string, "What the volume is kept on: empty for disk, Memory for memory."),
  sizeLimit: field(2, quantity, "How large it may become."),
};
export interface EmptyDirVolumeSource extends Infer<typeof emptyDirFields> {}

const hostPathFields = {
  path: field(1, required(string), "The path on the Node."),
  type: field(2, defaulted(string, ""), "What must be there, or is made there, before it is mounted."),
};
export interface HostPathVolumeSource extends Infer<typeof hostPathFields> {}

const serviceAccountTokenFields = {
  audience: field(1, string, "Who the token is for; the API server, where nothing is said."),
  expirationSeconds: field(
    2,
    defaulted(int64, 3600),
    "For how many seconds the token is good; it is renewed in time.",
  ),
  path: field(3, required(string), "The file to make, relative to the volume."),
};
export interface ServiceAccountTokenProjection extends Infer<typeof serviceAccountTokenFields> {}

const clusterTrustBundleFields = {
  name: field(1, string, "Name of the ClusterTrustBundle."),
  signerName: field(2, string, "Signer whose bundles are taken."),
  labelSelector: field(3, labelSelector, "Labels of the bundles that are taken."),
  optional: field(5, bool, "Whether the bundles may be missing."),
  path: field(4, required(string), "The file to make, relative to the volume."),
};
export interface ClusterTrustBundleProjection extends Infer<typeof clusterTrustBundleFields> {}

const namedItemsFields = {
  ...embedded(1, { name: field(1, string, "Name of the object.") }),
  items: field(2, list(keyToPath), "The keys to take; all, where nothing is said."),
  optional: field(4, bool, "Whether the object may be missing."),
};
export interface NamedItemsProjection extends Infer<typeof namedItemsFields> {}

const downwardProjectionFields = {
  items: field(1, list(downwardFile), "The files to make."),
};
export interface DownwardAPIProjection extends Infer<typeof downwardProjectionFields> {}

const podCertificateFields = {
  signerName: field(1, required(string), "Who is to sign the certificate."),
  keyType: field(2, required(string), "The kind of key to make."),
  maxExpirationSeconds: field(3, int32, "For how many seconds the certificate may be good."),
  credentialBundlePath: field(4, string, "File for key and certificates together."),
  keyPath: field(5, string, "File for the key."),
  certificateChainPath: field(6, string, "File for the certificates."),
};
export interface PodCertificateProjection extends Infer<typeof podCertificateFields> {}

const projectionFields = {
  secret: field(1, object<NamedItemsProjection>("SecretProjection", namedItemsFields), "Keys of a Secret."),
  configMap: field(
    3,
    object<NamedItemsProjection>("ConfigMapProjection", namedItemsFields),
    "Keys of a ConfigMap.",
  ),
  downwardAPI: field(
    2,
    object<DownwardAPIProjection>("DownwardAPIProjection", downwardProjectionFields),
    "Fields of the Pod.",
  ),
  serviceAccountToken: field(
    4,
    object<ServiceAccountTokenProjection>("ServiceAccountTokenProjection", serviceAccountTokenFields),
    "A token of the Pod's ServiceAccount.",
  ),
  clusterTrustBundle: field(
    5,
    object<ClusterTrustBundleProjection>("ClusterTrustBundleProjection", clusterTrustBundleFields),
    "Certificates of a ClusterTrustBundle.",
  ),
  podCertificate: field(
    6,
    object<PodCertificateProjection>("PodCertificateProjection", podCertificateFields),
    "A key and a certificate for the Pod.",
  ),
};
export interface VolumeProjection extends Infer<typeof projectionFields> {}

const projectedFields = {
  sources: field(
    1,
    list(object<VolumeProjection>("VolumeProjection", projectionFields)),
    "What is brought together in the volume.",
  ),
  defaultMode: field(2, defaulted(int32, DEFAULT_MODE), "Permission bits of the files."),
};
export interface ProjectedVolumeSource extends Infer<typeof projectedFields> {}

const claimFields = {
  claimName: field(1, required(string), "Name of the claim, in the Pod's namespace."),
  readOnly: field(2, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof claimFields> {}

const imageVolumeFields = {
  reference: field(1, string, "The image to mount."),
  pullPolicy: field(2, enumOf("Always", "IfNotPresent", "Never"), "When the image is fetched."),
};
export interface ImageVolumeSource extends Infer<typeof imageVolumeFields> {}

const nfsFields = {
  server: field(1, required(string), "Host of the NFS server."),
  path: field(2, required(string), "The path that it exports."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface NFSVolumeSource extends Infer<typeof nfsFields> {}

const csiFields = {
  driver: field(1, required(string), "Name of the CSI driver."),
  readOnly: field(2, bool, "Mounts the volume read-only."),
  fsType: field(3, string, "File system to mount, such as ext4."),
  volumeAttributes: field(4, map(string), "Settings for the driver."),
  nodePublishSecretRef: field(5, localObjectReference, "Secret that the driver gets."),
};
export interface CSIVolumeSource extends Infer<typeof csiFields> {}

/** Exactly one of these per volume. */
const volumeSourceFields = {
  hostPath: field(
    1,
    object<HostPathVolumeSource>("HostPathVolumeSource", hostPathFields),
    "A path on the Node.",
  ),
  emptyDir: field(
    2,
    object<EmptyDirVolumeSource>("EmptyDirVolumeSource", emptyDirFields),
    "An empty directory that lives as long as the Pod.",
  ),
  secret: field(
    6,
    object<SecretVolumeSource>("SecretVolumeSource", secretVolumeFields),
    "The keys of a Secret, a file each.",
  ),
  configMap: field(
    19,
    object<ConfigMapVolumeSource>("ConfigMapVolumeSource", configMapVolumeFields),
    "The keys of a ConfigMap, a file each.",
  ),
  downwardAPI: field(
    16,
    object<DownwardAPIVolumeSource>("DownwardAPIVolumeSource", downwardVolumeFields),
    "Fields of the Pod, a file each.",
  ),
  projected: field(
    26,
    object<ProjectedVolumeSource>("ProjectedVolumeSource", projectedFields),
    "Several sources in one directory.",
  ),
  persistentVolumeClaim: field(
    10,
    object<PersistentVolumeClaimVolumeSource>("PersistentVolumeClaimVolumeSource", claimFields),
    "The volume of a claim.",
  ),
  nfs: field(7, object<NFSVolumeSource>("NFSVolumeSource", nfsFields), "A path that an NFS server exports."),
  csi: field(
    28,
    object<CSIVolumeSource>("CSIVolumeSource", csiFields),
    "A volume that a CSI driver makes with the Pod.",
  ),
  image: field(
    30,
    object<ImageVolumeSource>("ImageVolumeSource", imageVolumeFields),
    "The contents of an image.",
  ),
  ephemeral: field(29, ephemeralVolumeSource, "A volume whose claim is made with the Pod."),
  gcePersistentDisk: field(3, gcePersistentDiskVolumeSource, "Deprecated: a disk of GCE."),
  awsElasticBlockStore: field(4, awsElasticBlockStoreVolumeSource, "Deprecated: a disk of AWS."),
  gitRepo: field(5, gitRepoVolumeSource, "Deprecated: a git repository at a revision."),
  iscsi: field(8, iscsiVolumeSource, "An iSCSI disk."),
  glusterfs: field(9, glusterfsVolumeSource, "Deprecated: a Gluster volume."),
  rbd: field(11, rbdVolumeSource, "Deprecated: a Ceph block device."),
  flexVolume: field(12, flexVolumeSource, "Deprecated: a volume of a FlexVolume driver."),
  cinder: field(13, cinderVolumeSource, "Deprecated: a disk of OpenStack."),
  cephfs: field(14, cephFSVolumeSource, "Deprecated: a Ceph file system."),
  flocker: field(15, flockerVolumeSource, "Deprecated: a Flocker dataset."),
  fc: field(17, fcVolumeSource, "A Fibre Channel disk."),
  azureFile: field(18, azureFileVolumeSource, "Deprecated: a file share of Azure."),
  vsphereVolume: field(20, vsphereVirtualDiskVolumeSource, "Deprecated: a disk of vSphere."),
  quobyte: field(21, quobyteVolumeSource, "Deprecated: a Quobyte volume."),
  azureDisk: field(22, azureDiskVolumeSource, "Deprecated: a disk of Azure."),
  photonPersistentDisk: field(23, photonPersistentDiskVolumeSource, "Deprecated: a disk of Photon."),
  portworxVolume: field(24, portworxVolumeSource, "Deprecated: a Portworx volume."),
  scaleIO: field(25, scaleIOVolumeSource, "Deprecated: a ScaleIO volume."),
  storageos: field(27, storageOSVolumeSource, "Deprecated: a StorageOS volume."),
};
export const volumeSourceNames: readonly string[] = Object.keys(volumeSourceFields);

const volumeFields = {
  name: field(1, required(string), "Name by which containers refer to the volume."),
  ...embedded(2, volumeSourceFields),
};
export interface Volume extends Infer<typeof volumeFields> {}
export const volume = object<Volume>("Volume", volumeFields, {
  doc: "Volume is a directory that containers of a Pod can mount.",
});
