/** A container of a Pod: what runs, with which environment, ports, probes and resources. */
import {
  absentAtZero,
  bool,
  defaulted,
  defaultedFromZero,
  embedded,
  enumOf,
  field,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  map,
  object,
  quantity,
  required,
  string,
} from "../schema/schema.ts";
import { containerSecurityContext } from "./security-context.ts";
import { objectFieldSelector, resourceFieldSelector } from "./volume.ts";

const containerPortFields = {
  name: field(1, string, ""),
  hostPort: field(2, absentAtZero(int32), ""),
  containerPort: field(3, required(int32), ""),
  protocol: field(4, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), ""),
  hostIP: field(5, string, ""),
};
export interface ContainerPort extends Infer<typeof containerPortFields> {}
const containerPort = object<ContainerPort>("ContainerPort", containerPortFields);

const keySelectorFields = {
  ...embedded(1, { name: field(1, string, "") }),
  key: field(2, required(string), ""),
  optional: field(3, bool, ""),
};
export interface KeySelector extends Infer<typeof keySelectorFields> {}

const fileKeySelectorFields = {
  volumeName: field(1, required(string), ""),
  path: field(2, required(string), ""),
  key: field(3, required(string), ""),
  optional: field(4, defaulted(bool, false), ""),
};
export interface FileKeySelector extends Infer<typeof fileKeySelectorFields> {}

const envVarSourceFields = {
  fieldRef: field(1, objectFieldSelector, ""),
  resourceFieldRef: field(2, resourceFieldSelector, ""),
  configMapKeyRef: field(
    3,
    object<KeySelector>("ConfigMapKeySelector", keySelectorFields, { atomic: true }),
    "",
  ),
  secretKeyRef: field(4, object<KeySelector>("SecretKeySelector", keySelectorFields, { atomic: true }), ""),
  fileKeyRef: field(
    5,
    object<FileKeySelector>("FileKeySelector", fileKeySelectorFields, { atomic: true }),
    "",
  ),
};
export interface EnvVarSource extends Infer<typeof envVarSourceFields> {}

const envVarFields = {
  name: field(1, required(string), ""),
  value: field(2, string, ""),
  valueFrom: field(3, object<EnvVarSource>("EnvVarSource", envVarSourceFields), ""),
};
export interface EnvVar extends Infer<typeof envVarFields> {}
const envVar = object<EnvVar>("EnvVar", envVarFields);

const optionalReferenceFields = {
  ...embedded(1, { name: field(1, string, "") }),
  optional: field(2, bool, ""),
};
export interface OptionalReference extends Infer<typeof optionalReferenceFields> {}

const envFromSourceFields = {
  prefix: field(1, string, ""),
  configMapRef: field(2, object<OptionalReference>("ConfigMapEnvSource", optionalReferenceFields), ""),
  secretRef: field(3, object<OptionalReference>("SecretEnvSource", optionalReferenceFields), ""),
};
export interface EnvFromSource extends Infer<typeof envFromSourceFields> {}

const resourceClaimNameFields = {
  name: field(1, required(string), ""),
  request: field(2, string, ""),
};
export interface ContainerResourceClaim extends Infer<typeof resourceClaimNameFields> {}

const resourcesFields = {
  limits: field(1, map(quantity), ""),
  requests: field(2, map(quantity), ""),
  claims: field(
    3,
    list(object<ContainerResourceClaim>("ResourceClaim", resourceClaimNameFields), {
      key: "name",
      mergeKey: "none",
    }),
    "",
  ),
};
export interface ResourceRequirements extends Infer<typeof resourcesFields> {}
export const resourceRequirements = object<ResourceRequirements>("ResourceRequirements", resourcesFields);

const resizePolicyFields = {
  resourceName: field(1, required(string), ""),
  restartPolicy: field(2, required(enumOf("NotRequired", "RestartContainer")), ""),
};
export interface ContainerResizePolicy extends Infer<typeof resizePolicyFields> {}

const volumeMountFields = {
  name: field(1, required(string), ""),
  readOnly: field(2, absentAtZero(bool), ""),
  recursiveReadOnly: field(7, string, ""),
  mountPath: field(3, required(string), ""),
  subPath: field(4, string, ""),
  mountPropagation: field(5, enumOf("None", "HostToContainer", "Bidirectional"), ""),
  subPathExpr: field(6, string, ""),
};
export interface VolumeMount extends Infer<typeof volumeMountFields> {}

const volumeDeviceFields = {
  name: field(1, required(string), ""),
  devicePath: field(2, required(string), ""),
};
export interface VolumeDevice extends Infer<typeof volumeDeviceFields> {}

const httpHeaderFields = {
  name: field(1, required(string), ""),
  value: field(2, string, ""),
};
export interface HTTPHeader extends Infer<typeof httpHeaderFields> {}

const execActionFields = {
  command: field(1, list(string), ""),
};
export interface ExecAction extends Infer<typeof execActionFields> {}
const execAction = object<ExecAction>("ExecAction", execActionFields);

const httpGetActionFields = {
  path: field(1, defaulted(string, "/"), ""),
  port: field(2, required(intOrString), ""),
  host: field(3, string, ""),
  scheme: field(4, defaulted(enumOf("HTTP", "HTTPS"), "HTTP"), ""),
  httpHeaders: field(5, list(object<HTTPHeader>("HTTPHeader", httpHeaderFields)), ""),
};
export interface HTTPGetAction extends Infer<typeof httpGetActionFields> {}
const httpGetAction = object<HTTPGetAction>("HTTPGetAction", httpGetActionFields);

const tcpSocketActionFields = {
  port: field(1, required(intOrString), ""),
  host: field(2, string, ""),
};
export interface TCPSocketAction extends Infer<typeof tcpSocketActionFields> {}
const tcpSocketAction = object<TCPSocketAction>("TCPSocketAction", tcpSocketActionFields);

const grpcActionFields = {
  port: field(1, required(int32), ""),
  service: field(2, defaulted(string, ""), ""),
};
export interface GRPCAction extends Infer<typeof grpcActionFields> {}

const probeFields = {
  ...embedded(1, {
    exec: field(1, execAction, ""),
    httpGet: field(2, httpGetAction, ""),
    tcpSocket: field(3, tcpSocketAction, ""),
    grpc: field(4, object<GRPCAction>("GRPCAction", grpcActionFields), ""),
  }),
  initialDelaySeconds: field(2, absentAtZero(int32), ""),
  timeoutSeconds: field(3, defaultedFromZero(int32, 1), ""),
  periodSeconds: field(4, defaultedFromZero(int32, 10), ""),
  successThreshold: field(5, defaultedFromZero(int32, 1), ""),
  failureThreshold: field(6, defaultedFromZero(int32, 3), ""),
  terminationGracePeriodSeconds: field(7, int64, ""),
};
export interface Probe extends Infer<typeof probeFields> {}
const probe = object<Probe>("Probe", probeFields);

const sleepActionFields = {
  seconds: field(1, required(int64), ""),
};
export interface SleepAction extends Infer<typeof sleepActionFields> {}

const lifecycleHandlerFields = {
  exec: field(1, execAction, ""),
  httpGet: field(2, httpGetAction, ""),
  tcpSocket: field(3, tcpSocketAction, ""),
  sleep: field(4, object<SleepAction>("SleepAction", sleepActionFields), ""),
};
export interface LifecycleHandler extends Infer<typeof lifecycleHandlerFields> {}
const lifecycleHandler = object<LifecycleHandler>("LifecycleHandler", lifecycleHandlerFields);

const lifecycleFields = {
  postStart: field(1, lifecycleHandler, ""),
  preStop: field(2, lifecycleHandler, ""),
  stopSignal: field(3, string, ""),
};
export interface Lifecycle extends Infer<typeof lifecycleFields> {}

const restartOnExitCodesFields = {
  operator: field(1, required(enumOf("In", "NotIn")), ""),
  values: field(2, list(int32, { set: true }), ""),
};
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof restartOnExitCodesFields> {}

const restartRuleFields = {
  action: field(1, required(string), ""),
  exitCodes: field(
    2,
    object<ContainerRestartRuleOnExitCodes>("ContainerRestartRuleOnExitCodes", restartOnExitCodesFields),
    "",
  ),
};
export interface ContainerRestartRule extends Infer<typeof restartRuleFields> {}

const containerFields = {
  name: field(1, required(string), ""),
  image: field(2, string, ""),
  command: field(3, list(string), ""),
  args: field(4, list(string), ""),
  workingDir: field(5, string, ""),
  ports: field(6, list(containerPort, { key: ["containerPort", "protocol"] }), ""),
  envFrom: field(19, list(object<EnvFromSource>("EnvFromSource", envFromSourceFields)), ""),
  env: field(7, list(envVar, { key: "name" }), ""),
  resources: field(8, defaulted(resourceRequirements, {}), ""),
  resizePolicy: field(
    23,
    list(object<ContainerResizePolicy>("ContainerResizePolicy", resizePolicyFields)),
    "",
  ),
  restartPolicy: field(24, string, ""),
  restartPolicyRules: field(
    25,
    list(object<ContainerRestartRule>("ContainerRestartRule", restartRuleFields)),
    "",
  ),
  volumeMounts: field(
    9,
    list(object<VolumeMount>("VolumeMount", volumeMountFields), { key: "mountPath" }),
    "",
  ),
  volumeDevices: field(
    21,
    list(object<VolumeDevice>("VolumeDevice", volumeDeviceFields), { key: "devicePath" }),
    "",
  ),
  livenessProbe: field(10, probe, ""),
  readinessProbe: field(11, probe, ""),
  startupProbe: field(22, probe, ""),
  lifecycle: field(12, object<Lifecycle>("Lifecycle", lifecycleFields), ""),
  terminationMessagePath: field(13, defaulted(string, "/dev/termination-log"), ""),
  terminationMessagePolicy: field(20, defaulted(enumOf("File", "FallbackToLogsOnError"), "File"), ""),
  imagePullPolicy: field(14, enumOf("Always", "IfNotPresent", "Never"), ""),
  securityContext: field(15, containerSecurityContext, ""),
  stdin: field(16, absentAtZero(bool), ""),
  stdinOnce: field(17, absentAtZero(bool), ""),
  tty: field(18, absentAtZero(bool), ""),
};
export interface Container extends Infer<typeof containerFields> {}
export const container = object<Container>("Container", containerFields);

const ephemeralContainerFields = {
  ...embedded(1, containerFields),
  targetContainerName: field(2, string, ""),
};
export interface EphemeralContainer extends Infer<typeof ephemeralContainerFields> {}
export const ephemeralContainer = object<EphemeralContainer>("EphemeralContainer", ephemeralContainerFields);
