/** Volume sources that Podwire does not mount: accepted, checked and kept, so that a manifest that names one applies unchanged. */
import {
  absentAtZero,
  bool,
  field,
  type Infer,
  int32,
  list,
  map,
  object,
  required,
  string,
} from "../schema/schema.ts";
import { localObjectReference } from "./meta.ts";

const gcePersistentDiskVolumeSourceFields = {
  pdName: field(1, required(string), "Name of the disk."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  partition: field(3, absentAtZero(int32), "Partition of the disk; 0 for all of it."),
  readOnly: field(4, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface GCEPersistentDiskVolumeSource extends Infer<typeof gcePersistentDiskVolumeSourceFields> {}
export const gcePersistentDiskVolumeSource = object<GCEPersistentDiskVolumeSource>(
  "GCEPersistentDiskVolumeSource",
  gcePersistentDiskVolumeSourceFields,
);

const awsElasticBlockStoreVolumeSourceFields = {
  volumeID: field(1, required(string), "Identity of the disk."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  partition: field(3, absentAtZero(int32), "Partition of the disk; 0 for all of it."),
  readOnly: field(4, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface AWSElasticBlockStoreVolumeSource
  extends Infer<typeof awsElasticBlockStoreVolumeSourceFields> {}
export const awsElasticBlockStoreVolumeSource = object<AWSElasticBlockStoreVolumeSource>(
  "AWSElasticBlockStoreVolumeSource",
  awsElasticBlockStoreVolumeSourceFields,
);

const gitRepoVolumeSourceFields = {
  repository: field(1, required(string), "Address of the repository."),
  revision: field(2, string, "Revision to check out."),
  directory: field(3, string, "Directory to clone into."),
};
export interface GitRepoVolumeSource extends Infer<typeof gitRepoVolumeSourceFields> {}
export const gitRepoVolumeSource = object<GitRepoVolumeSource>(
  "GitRepoVolumeSource",
  gitRepoVolumeSourceFields,
);

const iscsiVolumeSourceFields = {
  targetPortal: field(1, required(string), "Address and port of the portal."),
  iqn: field(2, required(string), "Name of the target."),
  lun: field(3, required(int32), "Number of the unit."),
  iscsiInterface: field(4, string, "Transport of the initiator."),
  fsType: field(5, string, "File system to mount, such as ext4."),
  readOnly: field(6, absentAtZero(bool), "Mounts the volume read-only."),
  portals: field(7, list(string), "Further portals of the target."),
  chapAuthDiscovery: field(8, absentAtZero(bool), "Signs in by CHAP for discovery."),
  secretRef: field(10, localObjectReference, "Secret with what is needed to sign in to the storage."),
  chapAuthSession: field(11, absentAtZero(bool), "Signs in by CHAP for the session."),
  initiatorName: field(12, string, "Name of the initiator."),
};
export interface ISCSIVolumeSource extends Infer<typeof iscsiVolumeSourceFields> {}
export const iscsiVolumeSource = object<ISCSIVolumeSource>("ISCSIVolumeSource", iscsiVolumeSourceFields);

const glusterfsVolumeSourceFields = {
  endpoints: field(1, required(string), "Endpoints with the hosts of the volume."),
  path: field(2, required(string), "Name of the volume."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface GlusterfsVolumeSource extends Infer<typeof glusterfsVolumeSourceFields> {}
export const glusterfsVolumeSource = object<GlusterfsVolumeSource>(
  "GlusterfsVolumeSource",
  glusterfsVolumeSourceFields,
);

const rbdVolumeSourceFields = {
  monitors: field(1, required(list(string)), "Addresses of Ceph's monitors."),
  image: field(2, required(string), "Name of the image."),
  fsType: field(3, string, "File system to mount, such as ext4."),
  pool: field(4, string, "Pool of the image."),
  user: field(5, string, "User to sign in as."),
  keyring: field(6, string, "File with the user's key."),
  secretRef: field(7, localObjectReference, "Secret with what is needed to sign in to the storage."),
  readOnly: field(8, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface RBDVolumeSource extends Infer<typeof rbdVolumeSourceFields> {}
export const rbdVolumeSource = object<RBDVolumeSource>("RBDVolumeSource", rbdVolumeSourceFields);

const flexVolumeSourceFields = {
  driver: field(1, required(string), "Name of the driver."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  secretRef: field(3, localObjectReference, "Secret with what is needed to sign in to the storage."),
  readOnly: field(4, absentAtZero(bool), "Mounts the volume read-only."),
  options: field(5, map(string), "Settings for the driver."),
};
export interface FlexVolumeSource extends Infer<typeof flexVolumeSourceFields> {}
export const flexVolumeSource = object<FlexVolumeSource>("FlexVolumeSource", flexVolumeSourceFields);

const cinderVolumeSourceFields = {
  volumeID: field(1, required(string), "Identity of the disk."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
  secretRef: field(4, localObjectReference, "Secret with what is needed to sign in to the storage."),
};
export interface CinderVolumeSource extends Infer<typeof cinderVolumeSourceFields> {}
export const cinderVolumeSource = object<CinderVolumeSource>("CinderVolumeSource", cinderVolumeSourceFields);

const cephFSVolumeSourceFields = {
  monitors: field(1, required(list(string)), "Addresses of Ceph's monitors."),
  path: field(2, string, "Path to mount."),
  user: field(3, string, "User to sign in as."),
  secretFile: field(4, string, "File with the user's key."),
  secretRef: field(5, localObjectReference, "Secret with what is needed to sign in to the storage."),
  readOnly: field(6, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface CephFSVolumeSource extends Infer<typeof cephFSVolumeSourceFields> {}
export const cephFSVolumeSource = object<CephFSVolumeSource>("CephFSVolumeSource", cephFSVolumeSourceFields);

const flockerVolumeSourceFields = {
  datasetName: field(1, string, "Name of the dataset."),
  datasetUUID: field(2, string, "Identity of the dataset."),
};
export interface FlockerVolumeSource extends Infer<typeof flockerVolumeSourceFields> {}
export const flockerVolumeSource = object<FlockerVolumeSource>(
  "FlockerVolumeSource",
  flockerVolumeSourceFields,
);

const fcVolumeSourceFields = {
  targetWWNs: field(1, list(string), "World-wide names of the targets."),
  lun: field(2, int32, "Number of the unit."),
  fsType: field(3, string, "File system to mount, such as ext4."),
  readOnly: field(4, absentAtZero(bool), "Mounts the volume read-only."),
  wwids: field(5, list(string), "World-wide identities of the volume."),
};
export interface FCVolumeSource extends Infer<typeof fcVolumeSourceFields> {}
export const fcVolumeSource = object<FCVolumeSource>("FCVolumeSource", fcVolumeSourceFields);

const azureFileVolumeSourceFields = {
  secretName: field(1, required(string), "Secret with account and key."),
  shareName: field(2, required(string), "Name of the share."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface AzureFileVolumeSource extends Infer<typeof azureFileVolumeSourceFields> {}
export const azureFileVolumeSource = object<AzureFileVolumeSource>(
  "AzureFileVolumeSource",
  azureFileVolumeSourceFields,
);

const vsphereVirtualDiskVolumeSourceFields = {
  volumePath: field(1, required(string), "Path of the disk."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  storagePolicyName: field(3, string, "Name of the storage policy."),
  storagePolicyID: field(4, string, "Identity of the storage policy."),
};
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof vsphereVirtualDiskVolumeSourceFields> {}
export const vsphereVirtualDiskVolumeSource = object<VsphereVirtualDiskVolumeSource>(
  "VsphereVirtualDiskVolumeSource",
  vsphereVirtualDiskVolumeSourceFields,
);

const quobyteVolumeSourceFields = {
  registry: field(1, required(string), "Addresses of the registry."),
  volume: field(2, required(string), "Name of the volume."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
  user: field(4, string, "User to mount as."),
  group: field(5, string, "Group to mount as."),
  tenant: field(6, string, "Tenant that owns the volume."),
};
export interface QuobyteVolumeSource extends Infer<typeof quobyteVolumeSourceFields> {}
export const quobyteVolumeSource = object<QuobyteVolumeSource>(
  "QuobyteVolumeSource",
  quobyteVolumeSourceFields,
);

const azureDiskVolumeSourceFields = {
  diskName: field(1, required(string), "Name of the disk."),
  diskURI: field(2, required(string), "Address of the disk."),
  cachingMode: field(3, string, "How the host caches it."),
  fsType: field(4, string, "File system to mount, such as ext4."),
  readOnly: field(5, bool, "Mounts the volume read-only."),
  kind: field(6, string, "Kind of the disk."),
};
export interface AzureDiskVolumeSource extends Infer<typeof azureDiskVolumeSourceFields> {}
export const azureDiskVolumeSource = object<AzureDiskVolumeSource>(
  "AzureDiskVolumeSource",
  azureDiskVolumeSourceFields,
);

const photonPersistentDiskVolumeSourceFields = {
  pdID: field(1, required(string), "Identity of the disk."),
  fsType: field(2, string, "File system to mount, such as ext4."),
};
export interface PhotonPersistentDiskVolumeSource
  extends Infer<typeof photonPersistentDiskVolumeSourceFields> {}
export const photonPersistentDiskVolumeSource = object<PhotonPersistentDiskVolumeSource>(
  "PhotonPersistentDiskVolumeSource",
  photonPersistentDiskVolumeSourceFields,
);

const portworxVolumeSourceFields = {
  volumeID: field(1, required(string), "Identity of the volume."),
  fsType: field(2, string, "File system to mount, such as ext4."),
  readOnly: field(3, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface PortworxVolumeSource extends Infer<typeof portworxVolumeSourceFields> {}
export const portworxVolumeSource = object<PortworxVolumeSource>(
  "PortworxVolumeSource",
  portworxVolumeSourceFields,
);

const scaleIOVolumeSourceFields = {
  gateway: field(1, required(string), "Address of the gateway."),
  system: field(2, required(string), "Name of the storage system."),
  secretRef: field(
    3,
    required(localObjectReference),
    "Secret with what is needed to sign in to the storage.",
  ),
  sslEnabled: field(4, absentAtZero(bool), "Speaks TLS with the gateway."),
  protectionDomain: field(5, string, "Name of the protection domain."),
  storagePool: field(6, string, "Name of the storage pool."),
  storageMode: field(7, string, "Whether storage is thick or thin."),
  volumeName: field(8, string, "Name of the volume."),
  fsType: field(9, string, "File system to mount, such as ext4."),
  readOnly: field(10, absentAtZero(bool), "Mounts the volume read-only."),
};
export interface ScaleIOVolumeSource extends Infer<typeof scaleIOVolumeSourceFields> {}
export const scaleIOVolumeSource = object<ScaleIOVolumeSource>(
  "ScaleIOVolumeSource",
  scaleIOVolumeSourceFields,
);

const storageOSVolumeSourceFields = {
  volumeName: field(1, string, "Name of the volume."),
  volumeNamespace: field(2, string, "Namespace of the volume."),
  fsType: field(3, string, "File system to mount, such as ext4."),
  readOnly: field(4, absentAtZero(bool), "Mounts the volume read-only."),
  secretRef: field(5, localObjectReference, "Secret with what is needed to sign in to the storage."),
};
export interface StorageOSVolumeSource extends Infer<typeof storageOSVolumeSourceFields> {}
export const storageOSVolumeSource = object<StorageOSVolumeSource>(
  "StorageOSVolumeSource",
  storageOSVolumeSourceFields,
);
