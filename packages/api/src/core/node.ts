/** Node: a host of the cluster. The spec holds its pod CIDRs and taints; the status is the node's own report. */
import {
  absentAtZero,
  bool,
  defaulted,
  enumOf,
  field,
  filled,
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

const configMapNodeConfigSourceFields = {
  namespace: field(1, required(string), ""),
  name: field(2, required(string), ""),
  uid: field(3, string, ""),
  resourceVersion: field(4, string, ""),
  kubeletConfigKey: field(5, required(string), ""),
};
export interface ConfigMapNodeConfigSource extends Infer<typeof configMapNodeConfigSourceFields> {}

const nodeConfigSourceFields = {
  configMap: field(
    2,
    object<ConfigMapNodeConfigSource>("ConfigMapNodeConfigSource", configMapNodeConfigSourceFields),
    "",
  ),
};
export interface NodeConfigSource extends Infer<typeof nodeConfigSourceFields> {}
const nodeConfigSource = object<NodeConfigSource>("NodeConfigSource", nodeConfigSourceFields);

const nodeSpecFields = {
  podCIDR: field(1, string, ""),
  podCIDRs: field(7, list(string, { set: true, mergeKey: true }), ""),
  providerID: field(3, string, ""),
  unschedulable: field(4, absentAtZero(bool), ""),
  taints: field(5, list(taint), ""),
  configSource: field(6, nodeConfigSource, ""),
  externalID: field(2, string, ""),
};
export interface NodeSpec extends Infer<typeof nodeSpecFields> {}
const nodeSpec = object<NodeSpec>("NodeSpec", nodeSpecFields);

const nodeConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(enumOf("True", "False", "Unknown")), ""),
  lastHeartbeatTime: field(3, time, ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface NodeCondition extends Infer<typeof nodeConditionFields> {}

const nodeAddressFields = {
  type: field(1, required(enumOf("Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS")), ""),
  address: field(2, required(string), ""),
};
export interface NodeAddress extends Infer<typeof nodeAddressFields> {}

const endpointFields = {
  Port: field(1, required(int32), ""),
};
export interface DaemonEndpoint extends Infer<typeof endpointFields> {}

const daemonEndpointsFields = {
  kubeletEndpoint: field(1, object<DaemonEndpoint>("DaemonEndpoint", endpointFields), ""),
};
export interface NodeDaemonEndpoints extends Infer<typeof daemonEndpointsFields> {}

const nodeSwapStatusFields = { capacity: field(1, int64, "") };
export interface NodeSwapStatus extends Infer<typeof nodeSwapStatusFields> {}

const nodeInfoFields = {
  machineID: field(1, filled(string, ""), ""),
  systemUUID: field(2, filled(string, ""), ""),
  bootID: field(3, filled(string, ""), ""),
  kernelVersion: field(4, filled(string, ""), ""),
  osImage: field(5, filled(string, ""), ""),
  containerRuntimeVersion: field(6, filled(string, ""), ""),
  kubeletVersion: field(7, filled(string, ""), ""),
  kubeProxyVersion: field(8, filled(string, ""), ""),
  operatingSystem: field(9, filled(string, ""), ""),
  architecture: field(10, filled(string, ""), ""),
  swap: field(11, object<NodeSwapStatus>("NodeSwapStatus", nodeSwapStatusFields), ""),
};
export interface NodeSystemInfo extends Infer<typeof nodeInfoFields> {}

const containerImageFields = {
  names: field(1, list(string), ""),
  sizeBytes: field(2, absentAtZero(int64), ""),
};
export interface ContainerImage extends Infer<typeof containerImageFields> {}

const attachedVolumeFields = {
  name: field(1, required(string), ""),
  devicePath: field(2, required(string), ""),
};
export interface AttachedVolume extends Infer<typeof attachedVolumeFields> {}

const runtimeHandlerFeaturesFields = {
  recursiveReadOnlyMounts: field(1, bool, ""),
  userNamespaces: field(2, bool, ""),
};
export interface NodeRuntimeHandlerFeatures extends Infer<typeof runtimeHandlerFeaturesFields> {}

const runtimeHandlerFields = {
  name: field(1, string, ""),
  features: field(
    2,
    object<NodeRuntimeHandlerFeatures>("NodeRuntimeHandlerFeatures", runtimeHandlerFeaturesFields),
    "",
  ),
};
export interface NodeRuntimeHandler extends Infer<typeof runtimeHandlerFields> {}

const nodeFeaturesFields = { supplementalGroupsPolicy: field(1, bool, "") };
export interface NodeFeatures extends Infer<typeof nodeFeaturesFields> {}

const nodeConfigStatusFields = {
  assigned: field(1, nodeConfigSource, ""),
  active: field(2, nodeConfigSource, ""),
  lastKnownGood: field(3, nodeConfigSource, ""),
  error: field(4, string, ""),
};
export interface NodeConfigStatus extends Infer<typeof nodeConfigStatusFields> {}

const nodeStatusFields = {
  capacity: field(1, map(quantity), ""),
  allocatable: field(2, map(quantity), ""),
  phase: field(3, string, ""),
  conditions: field(
    4,
    list(object<NodeCondition>("NodeCondition", nodeConditionFields), { key: "type" }),
    "",
  ),
  addresses: field(5, list(object<NodeAddress>("NodeAddress", nodeAddressFields), { key: "type" }), ""),
  daemonEndpoints: field(6, object<NodeDaemonEndpoints>("NodeDaemonEndpoints", daemonEndpointsFields), ""),
  nodeInfo: field(7, object<NodeSystemInfo>("NodeSystemInfo", nodeInfoFields), ""),
  images: field(8, list(object<ContainerImage>("ContainerImage", containerImageFields)), ""),
  volumesInUse: field(9, list(string), ""),
  volumesAttached: field(10, list(object<AttachedVolume>("AttachedVolume", attachedVolumeFields)), ""),
  config: field(11, object<NodeConfigStatus>("NodeConfigStatus", nodeConfigStatusFields), ""),
  runtimeHandlers: field(
    12,
    list(object<NodeRuntimeHandler>("NodeRuntimeHandler", runtimeHandlerFields)),
    "",
  ),
  features: field(13, object<NodeFeatures>("NodeFeatures", nodeFeaturesFields), ""),
};
export interface NodeStatus extends Infer<typeof nodeStatusFields> {}
const nodeStatus = object<NodeStatus>("NodeStatus", nodeStatusFields);

const nodeFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, defaulted(nodeSpec, {}), ""),
  status: field(3, defaulted(nodeStatus, {}), ""),
};
export interface Node extends Infer<Omit<typeof nodeFields, "spec" | "status">> {
  spec: NodeSpec;
  status: NodeStatus;
}
export const node = object<Node>("Node", nodeFields);
