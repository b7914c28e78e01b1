/** Node: a host of the cluster. The spec holds its pod CIDRs and taints; the status is the node's own report. */
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
  time,
} from "../schema/schema.ts";
import { objectMeta, typeMeta } from "./meta.ts";
import { taint } from "./scheduling.ts";

const nodeSpecFields = {
  podCIDR: string,
  podCIDRs: list(string, { set: true }),
  providerID: string,
  unschedulable: bool,
  taints: list(taint),
  configSource: any,
  externalID: string,
};
export interface NodeSpec extends Infer<typeof nodeSpecFields> {}
const nodeSpec = object<NodeSpec>("NodeSpec", nodeSpecFields);

const nodeConditionFields = {
  type: required(string),
  status: required(enumOf("True", "False", "Unknown")),
  lastHeartbeatTime: time,
  lastTransitionTime: time,
  reason: string,
  message: string,
};
export interface NodeCondition extends Infer<typeof nodeConditionFields> {}

const nodeAddressFields = {
  type: required(enumOf("Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS")),
  address: required(string),
};
export interface NodeAddress extends Infer<typeof nodeAddressFields> {}

const endpointFields = { Port: required(int32) };
export interface DaemonEndpoint extends Infer<typeof endpointFields> {}

const daemonEndpointsFields = { kubeletEndpoint: object<DaemonEndpoint>("DaemonEndpoint", endpointFields) };
export interface NodeDaemonEndpoints extends Infer<typeof daemonEndpointsFields> {}

const nodeInfoFields = {
  machineID: defaulted(string, ""),
  systemUUID: defaulted(string, ""),
  bootID: defaulted(string, ""),
  kernelVersion: defaulted(string, ""),
  osImage: defaulted(string, ""),
  containerRuntimeVersion: defaulted(string, ""),
  kubeletVersion: defaulted(string, ""),
  kubeProxyVersion: defaulted(string, ""),
  operatingSystem: defaulted(string, ""),
  architecture: defaulted(string, ""),
};
export interface NodeSystemInfo extends Infer<typeof nodeInfoFields> {}

const containerImageFields = { names: list(string), sizeBytes: int64 };
export interface ContainerImage extends Infer<typeof containerImageFields> {}

const attachedVolumeFields = { name: required(string), devicePath: required(string) };
export interface AttachedVolume extends Infer<typeof attachedVolumeFields> {}

const nodeStatusFields = {
  capacity: map(quantity),
  allocatable: map(quantity),
  phase: string,
  conditions: list(object<NodeCondition>("NodeCondition", nodeConditionFields), { key: "type" }),
  addresses: list(object<NodeAddress>("NodeAddress", nodeAddressFields), { key: "type" }),
  daemonEndpoints: object<NodeDaemonEndpoints>("NodeDaemonEndpoints", daemonEndpointsFields),
  nodeInfo: object<NodeSystemInfo>("NodeSystemInfo", nodeInfoFields),
  images: list(object<ContainerImage>("ContainerImage", containerImageFields)),
  volumesInUse: list(string),
  volumesAttached: list(object<AttachedVolume>("AttachedVolume", attachedVolumeFields)),
  config: any,
  runtimeHandlers: any,
  features: any,
};
export interface NodeStatus extends Infer<typeof nodeStatusFields> {}
const nodeStatus = object<NodeStatus>("NodeStatus", nodeStatusFields);

const nodeFields = {
  ...typeMeta,
  metadata: required(objectMeta),
  spec: defaulted(nodeSpec, {}),
  status: defaulted(nodeStatus, {}),
};
export interface Node extends Infer<Omit<typeof nodeFields, "spec" | "status">> {
  spec: NodeSpec;
  status: NodeStatus;
}
export const node = object<Node>("Node", nodeFields);
