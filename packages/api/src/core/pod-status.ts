/** PodStatus as the node reports it. */
import {
  bool,
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
import { resourceRequirements } from "./container.ts";

const waitingFields = { reason: string, message: string };
export interface ContainerStateWaiting extends Infer<typeof waitingFields> {}

const runningFields = { startedAt: time };
export interface ContainerStateRunning extends Infer<typeof runningFields> {}

const terminatedFields = {
  exitCode: required(int32),
  signal: int32,
  reason: string,
  message: string,
  startedAt: time,
  finishedAt: time,
  containerID: string,
};
export interface ContainerStateTerminated extends Infer<typeof terminatedFields> {}

const containerStateFields = {
  waiting: object<ContainerStateWaiting>("ContainerStateWaiting", waitingFields),
  running: object<ContainerStateRunning>("ContainerStateRunning", runningFields),
  terminated: object<ContainerStateTerminated>("ContainerStateTerminated", terminatedFields),
};
/** One of the three is there; none means waiting. */
export interface ContainerState extends Infer<typeof containerStateFields> {}
const containerState = object<ContainerState>("ContainerState", containerStateFields);

const mountStatusFields = {
  name: required(string),
  mountPath: required(string),
  readOnly: bool,
  recursiveReadOnly: string,
};
export interface VolumeMountStatus extends Infer<typeof mountStatusFields> {}

const containerStatusFields = {
  name: required(string),
  state: containerState,
  lastState: containerState,
  ready: required(bool),
  restartCount: required(int32),
  image: required(string),
  imageID: required(string),
  containerID: string,
  started: bool,
  allocatedResources: map(quantity),
  resources: resourceRequirements,
  volumeMounts: list(object<VolumeMountStatus>("VolumeMountStatus", mountStatusFields), { key: "mountPath" }),
};
export interface ContainerStatus extends Infer<typeof containerStatusFields> {}
const containerStatus = object<ContainerStatus>("ContainerStatus", containerStatusFields);

const podConditionFields = {
  type: required(string),
  observedGeneration: int64,
  status: required(enumOf("True", "False", "Unknown")),
  lastProbeTime: time,
  lastTransitionTime: time,
  reason: string,
  message: string,
};
export interface PodCondition extends Infer<typeof podConditionFields> {}

const podIpFields = { ip: required(string) };
export interface PodIP extends Infer<typeof podIpFields> {}

const podStatusFields = {
  observedGeneration: int64,
  phase: enumOf("Pending", "Running", "Succeeded", "Failed", "Unknown"),
  conditions: list(object<PodCondition>("PodCondition", podConditionFields), { key: "type" }),
  message: string,
  reason: string,
  nominatedNodeName: string,
  hostIP: string,
  hostIPs: list(object<PodIP>("HostIP", podIpFields), { key: "ip" }),
  podIP: string,
  podIPs: list(object<PodIP>("PodIP", podIpFields), { key: "ip" }),
  startTime: time,
  initContainerStatuses: list(containerStatus),
  containerStatuses: list(containerStatus),
  qosClass: enumOf("Guaranteed", "Burstable", "BestEffort"),
  ephemeralContainerStatuses: list(containerStatus),
  resize: string,
};
export interface PodStatus extends Infer<typeof podStatusFields> {}
export const podStatus = object<PodStatus>("PodStatus", podStatusFields);
