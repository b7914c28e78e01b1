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
  required,
  resourceAmount,
  retainingKeys,
  string,
  time,
} from "../schema/schema.ts";
import { resourceRequirements } from "./container.ts";

const waitingFields = {
  reason: field(1, string, "Why the container does not run yet, as one word."),
  message: field(2, string, "Why, for people to read."),
};
export interface ContainerStateWaiting extends Infer<typeof waitingFields> {}

const runningFields = {
  startedAt: field(1, time, "When the container was last started."),
};
export interface ContainerStateRunning extends Infer<typeof runningFields> {}

const terminatedFields = {
  exitCode: field(1, required(int32), "Exit status of the container's first process."),
  signal: field(2, absentAtZero(int32), "Signal that ended it."),
  reason: field(3, string, "How it ended, as one word."),
  message: field(4, string, "How it ended, for people to read."),
  startedAt: field(5, time, "When it had been started."),
  finishedAt: field(6, time, "When it ended."),
  containerID: field(7, string, "Identity of the container that ended."),
};
export interface ContainerStateTerminated extends Infer<typeof terminatedFields> {}

const containerStateFields = {
  waiting: field(
    1,
    object<ContainerStateWaiting>("ContainerStateWaiting", waitingFields),
    "It does not run yet, and why.",
  ),
  running: field(
    2,
    object<ContainerStateRunning>("ContainerStateRunning", runningFields),
    "It runs, and since when.",
  ),
  terminated: field(
    3,
    object<ContainerStateTerminated>("ContainerStateTerminated", terminatedFields),
    "It has ended, and how.",
  ),
};
/** One of the three is there; none means waiting. */
export interface ContainerState extends Infer<typeof containerStateFields> {}
const containerState = object<ContainerState>("ContainerState", containerStateFields, {
  doc: "ContainerState is what a container does: it waits, runs or has ended.",
});

const mountStatusFields = {
  name: field(1, required(string), "Name of the volume."),
  mountPath: field(2, required(string), "Where it is mounted."),
  readOnly: field(3, absentAtZero(bool), "Whether it is mounted read-only."),
  recursiveReadOnly: field(4, string, "Whether mounts below it are read-only too."),
};
export interface VolumeMountStatus extends Infer<typeof mountStatusFields> {}

const linuxUserFields = {
  uid: field(1, required(int64), "User that the first process runs as."),
  gid: field(2, required(int64), "Its first group."),
  supplementalGroups: field(3, list(int64), "Its further groups."),
};
export interface LinuxContainerUser extends Infer<typeof linuxUserFields> {}

const containerUserFields = {
  linux: field(
    1,
    object<LinuxContainerUser>("LinuxContainerUser", linuxUserFields),
    "User and groups on Linux.",
  ),
};
export interface ContainerUser extends Infer<typeof containerUserFields> {}

const resourceHealthFields = {
  resourceID: field(1, required(string), "Identity of the device."),
  health: field(2, string, "Whether the device is healthy."),
};
export interface ResourceHealth extends Infer<typeof resourceHealthFields> {}

const resourceStatusFields = {
  name: field(1, required(string), "Name of the resource."),
  resources: field(
    2,
    list(object<ResourceHealth>("ResourceHealth", resourceHealthFields), {
      key: "resourceID",
      mergeKey: "none",
    }),
    "The health of each of its devices.",
  ),
};
export interface ResourceStatus extends Infer<typeof resourceStatusFields> {}

const containerStatusFields = {
  name: field(1, required(string), "Name of the container."),
  state: field(2, containerState, "What it does now."),
  lastState: field(3, containerState, "How it last ended."),
  ready: field(4, required(bool), "Whether its readiness probe is content."),
  restartCount: field(5, required(int32), "How often it was started again."),
  image: field(6, required(string), "The image that it runs."),
  imageID: field(7, required(string), "Identity of that image."),
  containerID: field(8, string, "Identity of the container, as runtime://id."),
  started: field(9, bool, "Whether its startup probe is content and its postStart hook has ended."),
  allocatedResources: field(10, map(resourceAmount), "Resources that the Node has set aside for it."),
  resources: field(11, resourceRequirements, "Resources that it runs with."),
  volumeMounts: field(
    12,
    list(object<VolumeMountStatus>("VolumeMountStatus", mountStatusFields), { key: "mountPath" }),
    "How its volumes are mounted.",
  ),
  user: field(
    13,
    object<ContainerUser>("ContainerUser", containerUserFields),
    "User that its first process runs as.",
  ),
  allocatedResourcesStatus: field(
    14,
    list(object<ResourceStatus>("ResourceStatus", resourceStatusFields), { key: "name" }),
    "Health of the devices that it uses.",
  ),
  stopSignal: field(15, string, "The signal that stops it."),
};
export interface ContainerStatus extends Infer<typeof containerStatusFields> {}
const containerStatus = object<ContainerStatus>("ContainerStatus", containerStatusFields, {
  doc: "ContainerStatus is what a Node reports of a container.",
});

const podConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  observedGeneration: field(
    7,
    absentAtZero(int64),
    "The generation of the object that the condition was drawn from.",
  ),
  status: field(2, required(enumOf("True", "False", "Unknown")), "Whether it holds: True, False or Unknown."),
  lastProbeTime: field(3, time, "When the condition was last looked at."),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface PodCondition extends Infer<typeof podConditionFields> {}

const podIpFields = {
  ip: field(1, required(string), "The address."),
};
export interface PodIP extends Infer<typeof podIpFields> {}

const claimStatusFields = {
  name: field(1, required(string), "Name of the claim in the Pod's spec."),
  resourceClaimName: field(2, string, "The ResourceClaim that was made for it."),
};
export interface PodResourceClaimStatus extends Infer<typeof claimStatusFields> {}

const extendedRequestFields = {
  containerName: field(1, required(string), "Name of the container that asks."),
  resourceName: field(2, required(string), "Name of the extended resource."),
  requestName: field(3, required(string), "Name of the request in the claim that serves it."),
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
    "Which request of the claim serves which container.",
  ),
  resourceClaimName: field(
    2,
    required(string),
    "The ResourceClaim that was made for the Pod's extended resources.",
  ),
};
export interface PodExtendedResourceClaimStatus extends Infer<typeof extendedClaimStatusFields> {}

const podStatusFields = {
  observedGeneration: field(17, absentAtZero(int64), "The generation that this status was drawn from."),
  phase: field(
    1,
    enumOf("Pending", "Running", "Succeeded", "Failed", "Unknown"),
    "Where the Pod is in its life.",
  ),
  conditions: field(
    2,
    list(
      object<PodCondition>("PodCondition", podConditionFields, {
        doc: "PodCondition is one aspect of a Pod's state.",
      }),
      { key: "type" },
    ),
    "What holds of the Pod, such as whether it is ready.",
  ),
  message: field(3, string, "Why the Pod is in this state, for people to read."),
  reason: field(4, string, "Why, as one word."),
  nominatedNodeName: field(11, string, "The Node on which room is being made for the Pod."),
  hostIP: field(5, string, "First address of the Pod's Node."),
  hostIPs: field(
    16,
    list(object<PodIP>("HostIP", podIpFields), { mergeKey: "ip" }),
    "Addresses of the Pod's Node.",
  ),
  podIP: field(6, string, "First address of the Pod."),
  podIPs: field(
    12,
    list(object<PodIP>("PodIP", podIpFields), { key: "ip" }),
    "Addresses of the Pod, at most one of each family.",
  ),
  startTime: field(7, time, "When the Node took the Pod on."),
  initContainerStatuses: field(10, list(containerStatus), "What its init containers do."),
  containerStatuses: field(8, list(containerStatus), "What its containers do."),
  qosClass: field(
    9,
    enumOf("Guaranteed", "Burstable", "BestEffort"),
    "Class of service, which follows from requests and limits.",
  ),
  ephemeralContainerStatuses: field(13, list(containerStatus), "What its ephemeral containers do."),
  resize: field(14, string, "Deprecated: how far a change of resources has come."),
  resourceClaimStatuses: field(
    15,
    retainingKeys(
      list(object<PodResourceClaimStatus>("PodResourceClaimStatus", claimStatusFields), { key: "name" }),
    ),
    "The claims that were made for it.",
  ),
  extendedResourceClaimStatus: field(
    18,
    object<PodExtendedResourceClaimStatus>("PodExtendedResourceClaimStatus", extendedClaimStatusFields),
    "The claim that was made for its extended resources.",
  ),
};
export interface PodStatus extends Infer<typeof podStatusFields> {}
export const podStatus = object<PodStatus>("PodStatus", podStatusFields, {
  doc: "PodStatus is what a Node reports of a Pod; it may lag behind.",
});
