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
  required,
  resourceAmount,
  string,
  time,
} from "../schema/schema.ts";
import { objectMeta, typeMeta } from "./meta.ts";
import { taint } from "./scheduling.ts";

const configMapNodeConfigSourceFields = {
  namespace: field(1, required(string), "Namespace of the ConfigMap."),
  name: field(2, required(string), "Name of the ConfigMap."),
  uid: field(3, string, "UID of the ConfigMap."),
  resourceVersion: field(4, string, "Version of the ConfigMap."),
  kubeletConfigKey: field(5, required(string), "The key with the configuration."),
};
export interface ConfigMapNodeConfigSource extends Infer<typeof configMapNodeConfigSourceFields> {}

const nodeConfigSourceFields = {
  configMap: field(
    2,
    object<ConfigMapNodeConfigSource>("ConfigMapNodeConfigSource", configMapNodeConfigSourceFields),
    "A ConfigMap with the configuration.",
  ),
};
export interface NodeConfigSource extends Infer<typeof nodeConfigSourceFields> {}
const nodeConfigSource = object<NodeConfigSource>("NodeConfigSource", nodeConfigSourceFields);

const nodeSpecFields = {
  podCIDR: field(1, string, "First network for Pods of the Node."),
  podCIDRs: field(
    7,
    list(string, { set: true, mergeKey: true }),
    "Networks for Pods of the Node, at most one of each family.",
  ),
  providerID: field(3, string, "Identity of the Node at its cloud."),
  unschedulable: field(4, absentAtZero(bool), "Keeps new Pods away, as kubectl cordon does."),
  taints: field(5, list(taint), "What keeps Pods away that do not tolerate it."),
  configSource: field(6, nodeConfigSource, "Deprecated: where the node's configuration comes from."),
  externalID: field(2, string, "Deprecated; not used."),
};
export interface NodeSpec extends Infer<typeof nodeSpecFields> {}
const nodeSpec = object<NodeSpec>("NodeSpec", nodeSpecFields, {
  doc: "NodeSpec says what is asked of a Node.",
});

const nodeConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(enumOf("True", "False", "Unknown")), "Whether it holds: True, False or Unknown."),
  lastHeartbeatTime: field(3, time, "When the condition was last reported."),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface NodeCondition extends Infer<typeof nodeConditionFields> {}

const nodeAddressFields = {
  type: field(
    1,
    required(enumOf("Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS")),
    "What kind of address it is.",
  ),
  address: field(2, required(string), "The address or name."),
};
export interface NodeAddress extends Infer<typeof nodeAddressFields> {}

const endpointFields = {
  Port: field(1, required(int32), "Number of the port."),
};
export interface DaemonEndpoint extends Infer<typeof endpointFields> {}

const daemonEndpointsFields = {
  kubeletEndpoint: field(
    1,
    object<DaemonEndpoint>("DaemonEndpoint", endpointFields),
    "Where the node's daemon listens.",
  ),
};
export interface NodeDaemonEndpoints extends Infer<typeof daemonEndpointsFields> {}

const nodeSwapStatusFields = { capacity: field(1, int64, "Bytes of swap.") };
export interface NodeSwapStatus extends Infer<typeof nodeSwapStatusFields> {}

const nodeInfoFields = {
  machineID: field(1, filled(string, ""), "Identity of the machine, from its system."),
  systemUUID: field(2, filled(string, ""), "Identity of the machine, from its firmware."),
  bootID: field(3, filled(string, ""), "Identity of this run of the machine."),
  kernelVersion: field(4, filled(string, ""), "Version of the kernel."),
  osImage: field(5, filled(string, ""), "Name of the operating system."),
  containerRuntimeVersion: field(6, filled(string, ""), "Name and version of what runs containers."),
  kubeletVersion: field(7, filled(string, ""), "Version of the node's daemon."),
  kubeProxyVersion: field(8, filled(string, ""), "Deprecated: version of the service proxy."),
  operatingSystem: field(9, filled(string, ""), "Operating system, such as linux."),
  architecture: field(10, filled(string, ""), "Architecture, such as amd64."),
  swap: field(11, object<NodeSwapStatus>("NodeSwapStatus", nodeSwapStatusFields), "Swap of the machine."),
};
export interface NodeSystemInfo extends Infer<typeof nodeInfoFields> {}

const containerImageFields = {
  names: field(1, list(string), "Names that the image is known by."),
  sizeBytes: field(2, absentAtZero(int64), "Bytes that it takes."),
};
export interface ContainerImage extends Infer<typeof containerImageFields> {}

const attachedVolumeFields = {
  name: field(1, required(string), "Name of the volume."),
  devicePath: field(2, required(string), "The device that it appears as."),
};
export interface AttachedVolume extends Infer<typeof attachedVolumeFields> {}

const runtimeHandlerFeaturesFields = {
  recursiveReadOnlyMounts: field(1, bool, "Whether mounts can be read-only through and through."),
  userNamespaces: field(2, bool, "Whether Pods can have user namespaces."),
};
export interface NodeRuntimeHandlerFeatures extends Infer<typeof runtimeHandlerFeaturesFields> {}

const runtimeHandlerFields = {
  name: field(1, string, "Name of the handler; empty for the default one."),
  features: field(
    2,
    object<NodeRuntimeHandlerFeatures>("NodeRuntimeHandlerFeatures", runtimeHandlerFeaturesFields),
    "What the handler can do.",
  ),
};
export interface NodeRuntimeHandler extends Infer<typeof runtimeHandlerFields> {}

const nodeFeaturesFields = {
  supplementalGroupsPolicy: field(1, bool, "Whether supplementalGroupsPolicy is understood."),
};
export interface NodeFeatures extends Infer<typeof nodeFeaturesFields> {}

const nodeConfigStatusFields = {
  assigned: field(1, nodeConfigSource, "The configuration that the node will use."),
  active: field(2, nodeConfigSource, "The configuration that the node uses."),
  lastKnownGood: field(3, nodeConfigSource, "The configuration that last worked."),
  error: field(4, string, "What went wrong with the assigned one."),
};
export interface NodeConfigStatus extends Infer<typeof nodeConfigStatusFields> {}

const nodeStatusFields = {
  capacity: field(1, map(resourceAmount), "What the Node has."),
  allocatable: field(2, map(resourceAmount), "What of it Pods may use."),
  phase: field(3, string, "Deprecated; not used."),
  conditions: field(
    4,
    list(
      object<NodeCondition>("NodeCondition", nodeConditionFields, {
        doc: "NodeCondition is one aspect of a Node's state.",
      }),
      { key: "type" },
    ),
    "What holds of the Node, such as whether it is ready.",
  ),
  addresses: field(
    5,
    list(
      object<NodeAddress>("NodeAddress", nodeAddressFields, { doc: "NodeAddress is an address of a Node." }),
      { key: "type" },
    ),
    "Addresses at which the Node is reached.",
  ),
  daemonEndpoints: field(
    6,
    object<NodeDaemonEndpoints>("NodeDaemonEndpoints", daemonEndpointsFields),
    "Where the node's daemons listen.",
  ),
  nodeInfo: field(
    7,
    object<NodeSystemInfo>("NodeSystemInfo", nodeInfoFields, {
      doc: "NodeSystemInfo says what a Node's machine is and runs.",
    }),
    "What the machine is and runs.",
  ),
  images: field(
    8,
    list(object<ContainerImage>("ContainerImage", containerImageFields)),
    "Images that the Node has.",
  ),
  volumesInUse: field(9, list(string), "Volumes that are mounted."),
  volumesAttached: field(
    10,
    list(object<AttachedVolume>("AttachedVolume", attachedVolumeFields)),
    "Volumes that are attached.",
  ),
  config: field(
    11,
    object<NodeConfigStatus>("NodeConfigStatus", nodeConfigStatusFields),
    "Deprecated: the node's configuration.",
  ),
  runtimeHandlers: field(
    12,
    list(object<NodeRuntimeHandler>("NodeRuntimeHandler", runtimeHandlerFields)),
    "Ways in which the Node can run Pods.",
  ),
  features: field(
    13,
    object<NodeFeatures>("NodeFeatures", nodeFeaturesFields),
    "What the node's daemon can do.",
  ),
};
export interface NodeStatus extends Infer<typeof nodeStatusFields> {}
const nodeStatus = object<NodeStatus>("NodeStatus", nodeStatusFields, {
  doc: "NodeStatus is what a Node reports of itself.",
});

const nodeFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, defaulted(nodeSpec, {}), "What is asked of the Node."),
  status: field(3, defaulted(nodeStatus, {}), "What the Node reports."),
};
export interface Node extends Infer<Omit<typeof nodeFields, "spec" | "status">> {
  spec: NodeSpec;
  status: NodeStatus;
}
export const node = object<Node>("Node", nodeFields, {
  doc: "Node is a host of the cluster, on which Pods run.",
});
