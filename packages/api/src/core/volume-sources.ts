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
  pdName: field(1, required(string), ""),
  fsType: field(2, string, ""),
  partition: field(3, absentAtZero(int32), ""),
  readOnly: field(4, absentAtZero(bool), ""),
};
export interface GCEPersistentDiskVolumeSource extends Infer<typeof gcePersistentDiskVolumeSourceFields> {}
export const gcePersistentDiskVolumeSource = object<GCEPersistentDiskVolumeSource>(
  "GCEPersistentDiskVolumeSource",
  gcePersistentDiskVolumeSourceFields,
);

const awsElasticBlockStoreVolumeSourceFields = {
  volumeID: field(1, required(string), ""),
  fsType: field(2, string, ""),
  partition: field(3, absentAtZero(int32), ""),
  readOnly: field(4, absentAtZero(bool), ""),
};
export interface AWSElasticBlockStoreVolumeSource
  extends Infer<typeof awsElasticBlockStoreVolumeSourceFields> {}
export const awsElasticBlockStoreVolumeSource = object<AWSElasticBlockStoreVolumeSource>(
  "AWSElasticBlockStoreVolumeSource",
  awsElasticBlockStoreVolumeSourceFields,
);

const gitRepoVolumeSourceFields = {
  repository: field(1, required(string), ""),
  revision: field(2, string, ""),
  directory: field(3, string, ""),
};
export interface GitRepoVolumeSource extends Infer<typeof gitRepoVolumeSourceFields> {}
export const gitRepoVolumeSource = object<GitRepoVolumeSource>(
  "GitRepoVolumeSource",
  gitRepoVolumeSourceFields,
);

const iscsiVolumeSourceFields = {
  targetPortal: field(1, required(string), ""),
  iqn: field(2, required(string), ""),
  lun: field(3, required(int32), ""),
  iscsiInterface: field(4, string, ""),
  fsType: field(5, string, ""),
  readOnly: field(6, absentAtZero(bool), ""),
  portals: field(7, list(string), ""),
  chapAuthDiscovery: field(8, absentAtZero(bool), ""),
  secretRef: field(10, localObjectReference, ""),
  chapAuthSession: field(11, absentAtZero(bool), ""),
  initiatorName: field(12, string, ""),
};
export interface ISCSIVolumeSource extends Infer<typeof iscsiVolumeSourceFields> {}
export const iscsiVolumeSource = object<ISCSIVolumeSource>("ISCSIVolumeSource", iscsiVolumeSourceFields);

const glusterfsVolumeSourceFields = {
  endpoints: field(1, required(string), ""),
  path: field(2, required(string), ""),
  readOnly: field(3, absentAtZero(bool), ""),
};
export interface GlusterfsVolumeSource extends Infer<typeof glusterfsVolumeSourceFields> {}
export const glusterfsVolumeSource = object<GlusterfsVolumeSource>(
  "GlusterfsVolumeSource",
  glusterfsVolumeSourceFields,
);

const rbdVolumeSourceFields = {
  monitors: field(1, required(list(string)), ""),
  image: field(2, required(string), ""),
  fsType: field(3, string, ""),
  pool: field(4, string, ""),
  user: field(5, string, ""),
  keyring: field(6, string, ""),
  secretRef: field(7, localObjectReference, ""),
  readOnly: field(8, absentAtZero(bool), ""),
};
export interface RBDVolumeSource extends Infer<typeof rbdVolumeSourceFields> {}
export const rbdVolumeSource = object<RBDVolumeSource>("RBDVolumeSource", rbdVolumeSourceFields);

const flexVolumeSourceFields = {
  driver: field(1, required(string), ""),
  fsType: field(2, string, ""),
  secretRef: field(3, localObjectReference, ""),
  readOnly: field(4, absentAtZero(bool), ""),
  options: field(5, map(string), ""),
};
export interface FlexVolumeSource extends Infer<typeof flexVolumeSourceFields> {}
export const flexVolumeSource = object<FlexVolumeSource>("FlexVolumeSource", flexVolumeSourceFields);

const cinderVolumeSourceFields = {
  volumeID: field(1, required(string), ""),
  fsType: field(2, string, ""),
  readOnly: field(3, absentAtZero(bool), ""),
  secretRef: field(4, localObjectReference, ""),
};
export interface CinderVolumeSource extends Infer<typeof cinderVolumeSourceFields> {}
export const cinderVolumeSource = object<CinderVolumeSource>("CinderVolumeSource", cinderVolumeSourceFields);

const cephFSVolumeSourceFields = {
  monitors: field(1, required(list(string)), ""),
  path: field(2, string, ""),
  user: field(3, string, ""),
  secretFile: field(4, string, ""),
  secretRef: field(5, localObjectReference, ""),
  readOnly: field(6, absentAtZero(bool), ""),
};
export interface CephFSVolumeSource extends Infer<typeof cephFSVolumeSourceFields> {}
export const cephFSVolumeSource = object<CephFSVolumeSource>("CephFSVolumeSource", cephFSVolumeSourceFields);

const flockerVolumeSourceFields = {
  datasetName: field(1, string, ""),
  datasetUUID: field(2, string, ""),
};
export interface FlockerVolumeSource extends Infer<typeof flockerVolumeSourceFields> {}
export const flockerVolumeSource = object<FlockerVolumeSource>(
  "FlockerVolumeSource",
  flockerVolumeSourceFields,
);

const fcVolumeSourceFields = {
  targetWWNs: field(1, list(string), ""),
  lun: field(2, int32, ""),
  fsType: field(3, string, ""),
  readOnly: field(4, absentAtZero(bool), ""),
  wwids: field(5, list(string), ""),
};
export interface FCVolumeSource extends Infer<typeof fcVolumeSourceFields> {}
export const fcVolumeSource = object<FCVolumeSource>("FCVolumeSource", fcVolumeSourceFields);

const azureFileVolumeSourceFields = {
  secretName: field(1, required(string), ""),
  shareName: field(2, required(string), ""),
  readOnly: field(3, absentAtZero(bool), ""),
};
export interface AzureFileVolumeSource extends Infer<typeof azureFileVolumeSourceFields> {}
export const azureFileVolumeSource = object<AzureFileVolumeSource>(
  "AzureFileVolumeSource",
  azureFileVolumeSourceFields,
);

const vsphereVirtualDiskVolumeSourceFields = {
  volumePath: field(1, required(string), ""),
  fsType: field(2, string, ""),
  storagePolicyName: field(3, string, ""),
  storagePolicyID: field(4, string, ""),
};
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof vsphereVirtualDiskVolumeSourceFields> {}
export const vsphereVirtualDiskVolumeSource = object<VsphereVirtualDiskVolumeSource>(
  "VsphereVirtualDiskVolumeSource",
  vsphereVirtualDiskVolumeSourceFields,
);

const quobyteVolumeSourceFields = {
  registry: field(1, required(string), ""),
  volume: field(2, required(string), ""),
  readOnly: field(3, absentAtZero(bool), ""),
  user: field(4, string, ""),
  group: field(5, string, ""),
  tenant: field(6, string, ""),
};
export interface QuobyteVolumeSource extends Infer<typeof quobyteVolumeSourceFields> {}
export const quobyteVolumeSource = object<QuobyteVolumeSource>(
  "QuobyteVolumeSource",
  quobyteVolumeSourceFields,
);

const azureDiskVolumeSourceFields = {
  diskName: field(1, required(string), ""),
  diskURI: field(2, required(string), ""),
  cachingMode: field(3, string, ""),
  fsType: field(4, string, ""),
  readOnly: field(5, bool, ""),
  kind: field(6, string, ""),
};
export interface AzureDiskVolumeSource extends Infer<typeof azureDiskVolumeSourceFields> {}
export const azureDiskVolumeSource = object<AzureDiskVolumeSource>(
  "AzureDiskVolumeSource",
  azureDiskVolumeSourceFields,
);

const photonPersistentDiskVolumeSourceFields = {
  pdID: field(1, required(string), ""),
  fsType: field(2, string, ""),
};
export interface PhotonPersistentDiskVolumeSource
  extends Infer<typeof photonPersistentDiskVolumeSourceFields> {}
export const photonPersistentDiskVolumeSource = object<PhotonPersistentDiskVolumeSource>(
  "PhotonPersistentDiskVolumeSource",
  photonPersistentDiskVolumeSourceFields,
);

const portworxVolumeSourceFields = {
  volumeID: field(1, required(string), ""),
  fsType: field(2, string, ""),
  readOnly: field(3, absentAtZero(bool), ""),
};
export interface PortworxVolumeSource extends Infer<typeof portworxVolumeSourceFields> {}
export const portworxVolumeSource = object<PortworxVolumeSource>(
  "PortworxVolumeSource",
  portworxVolumeSourceFields,
);

const scaleIOVolumeSourceFields = {
  gateway: field(1, required(string), ""),
  system: field(2, required(string), ""),
  secretRef: field(3, required(localObjectReference), ""),
  sslEnabled: field(4, absentAtZero(bool), ""),
  protectionDomain: field(5, string, ""),
  storagePool: field(6, string, ""),
  storageMode: field(7, string, ""),
  volumeName: field(8, string, ""),
  fsType: field(9, string, ""),
  readOnly: field(10, absentAtZero(bool), ""),
};
export interface ScaleIOVolumeSource extends Infer<typeof scaleIOVolumeSourceFields> {}
export const scaleIOVolumeSource = object<ScaleIOVolumeSource>(
  "ScaleIOVolumeSource",
  scaleIOVolumeSourceFields,
);

const storageOSVolumeSourceFields = {
  volumeName: field(1, string, ""),
  volumeNamespace: field(2, string, ""),
  fsType: field(3, string, ""),
  readOnly: field(4, absentAtZero(bool), ""),
  secretRef: field(5, localObjectReference, ""),
};
export interface StorageOSVolumeSource extends Infer<typeof storageOSVolumeSourceFields> {}
export const storageOSVolumeSource = object<StorageOSVolumeSource>(
  "StorageOSVolumeSource",
  storageOSVolumeSourceFields,
);
