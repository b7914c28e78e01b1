/** PodStatus as the node reports it. */
import {
  absentAtZero,
  bool,
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
  retainingKeys,
  string,
  time,
} from "../schema/schema.ts";
import { resourceRequirements } from "./container.ts";

const waitingFields = {
  reason: field(1, string, ""),
  message: field(2, string, ""),
};
export interface ContainerStateWaiting extends Infer<typeof waitingFields> {}

const runningFields = {
  startedAt: field(1, time, ""),
};
export interface ContainerStateRunning extends Infer<typeof runningFields> {}

const terminatedFields = {
  exitCode: field(1, required(int32), ""),
  signal: field(2, absentAtZero(int32), ""),
  reason: field(3, string, ""),
  message: field(4, string, ""),
  startedAt: field(5, time, ""),
  finishedAt: field(6, time, ""),
  containerID: field(7, string, ""),
};
export interface ContainerStateTerminated extends Infer<typeof terminatedFields> {}

const containerStateFields = {
  waiting: field(1, object<ContainerStateWaiting>("ContainerStateWaiting", waitingFields), ""),
  running: field(2, object<ContainerStateRunning>("ContainerStateRunning", runningFields), ""),
  terminated: field(3, object<ContainerStateTerminated>("ContainerStateTerminated", terminatedFields), ""),
};
/** One of the three is there; none means waiting. */
export interface ContainerState extends Infer<typeof containerStateFields> {}
const containerState = object<ContainerState>("ContainerState", containerStateFields);

const mountStatusFields = {
  name: field(1, required(string), ""),
  mountPath: field(2, required(string), ""),
  readOnly: field(3, absentAtZero(bool), ""),
  recursiveReadOnly: field(4, string, ""),
};
export interface VolumeMountStatus extends Infer<typeof mountStatusFields> {}

const linuxUserFields = {
  uid: field(1, required(int64), ""),
  gid: field(2, required(int64), ""),
  supplementalGroups: field(3, list(int64), ""),
};
export interface LinuxContainerUser extends Infer<typeof linuxUserFields> {}

const containerUserFields = {
  linux: field(1, object<LinuxContainerUser>("LinuxContainerUser", linuxUserFields), ""),
};
export interface ContainerUser extends Infer<typeof containerUserFields> {}

const resourceHealthFields = {
  resourceID: field(1, required(string), ""),
  health: field(2, string, ""),
};
export interface ResourceHealth extends Infer<typeof resourceHealthFields> {}

const resourceStatusFields = {
  name: field(1, required(string), ""),
  resources: field(
    2,
    list(object<ResourceHealth>("ResourceHealth", resourceHealthFields), {
      key: "resourceID",
      mergeKey: "none",
    }),
    "",
  ),
};
export interface ResourceStatus extends Infer<typeof resourceStatusFields> {}

const containerStatusFields = {
  name: field(1, required(string), ""),
  state: field(2, containerState, ""),
  lastState: field(3, containerState, ""),
  ready: field(4, required(bool), ""),
  restartCount: field(5, required(int32), ""),
  image: field(6, required(string), ""),
  imageID: field(7, required(string), ""),
  containerID: field(8, string, ""),
  started: field(9, bool, ""),
  allocatedResources: field(10, map(quantity), ""),
  resources: field(11, resourceRequirements, ""),
  volumeMounts: field(
    12,
    list(object<VolumeMountStatus>("VolumeMountStatus", mountStatusFields), { key: "mountPath" }),
    "",
  ),
  user: field(13, object<ContainerUser>("ContainerUser", containerUserFields), ""),
  allocatedResourcesStatus: field(
    14,
    list(object<ResourceStatus>("ResourceStatus", resourceStatusFields), { key: "name" }),
    "",
  ),
  stopSignal: field(15, string, ""),
};
export interface ContainerStatus extends Infer<typeof containerStatusFields> {}
const containerStatus = object<ContainerStatus>("ContainerStatus", containerStatusFields);

const podConditionFields = {
  type: field(1, required(string), ""),
  observedGeneration: field(7, absentAtZero(int64), ""),
  status: field(2, required(enumOf("True", "False", "Unknown")), ""),
  lastProbeTime: field(3, time, ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface PodCondition extends Infer<typeof podConditionFields> {}

const podIpFields = {
  ip: field(1, required(string), ""),
};
export interface PodIP extends Infer<typeof podIpFields> {}

const claimStatusFields = {
  name: field(1, required(string), ""),
  resourceClaimName: field(2, string, ""),
};
export interface PodResourceClaimStatus extends Infer<typeof claimStatusFields> {}

const extendedRequestFields = {
  containerName: field(1, required(string), ""),
  resourceName: field(2, required(string), ""),
  requestName: field(3, required(string), ""),
};
export interface ContainerExtendedResourceRequest extends Infer<typeof extendedRequestFields> {}

const extendedClaimStatusFields = {
  requestMappings: field(
    1,
    required(
      list(
        object<ContainerExtendedResourceRequest>("ContainerExtendedResourceRequest", extendedRequestFields),
      ),
    ),
    "",
  ),
  resourceClaimName: field(2, required(string), ""),
};
export interface PodExtendedResourceClaimStatus extends Infer<typeof extendedClaimStatusFields> {}

const podStatusFields = {
  observedGeneration: field(17, absentAtZero(int64), ""),
  phase: field(1, enumOf("Pending", "Running", "Succeeded", "Failed", "Unknown"), ""),
  conditions: field(2, list(object<PodCondition>("PodCondition", podConditionFields), { key: "type" }), ""),
  message: field(3, string, ""),
  reason: field(4, string, ""),
  nominatedNodeName: field(11, string, ""),
  hostIP: field(5, string, ""),
  hostIPs: field(16, list(object<PodIP>("HostIP", podIpFields), { mergeKey: "ip" }), ""),
  podIP: field(6, string, ""),
  podIPs: field(12, list(object<PodIP>("PodIP", podIpFields), { key: "ip" }), ""),
  startTime: field(7, time, ""),
  initContainerStatuses: field(10, list(containerStatus), ""),
  containerStatuses: field(8, list(containerStatus), ""),
  qosClass: field(9, enumOf("Guaranteed", "Burstable", "BestEffort"), ""),
  ephemeralContainerStatuses: field(13, list(containerStatus), ""),
  resize: field(14, string, ""),
  resourceClaimStatuses: field(
    15,
    retainingKeys(
      list(object<PodResourceClaimStatus>("PodResourceClaimStatus", claimStatusFields), { key: "name" }),
    ),
    "",
  ),
  extendedResourceClaimStatus: field(
    18,
    object<PodExtendedResourceClaimStatus>("PodExtendedResourceClaimStatus", extendedClaimStatusFields),
    "",
  ),
};
export interface PodStatus extends Infer<typeof podStatusFields> {}
export const podStatus = object<PodStatus>("PodStatus", podStatusFields);
