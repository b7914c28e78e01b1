/** A container of a Pod: what runs, with which environment, ports, probes and resources. */
import {
  bool,
  defaulted,
  defaultedFromZero,
  enumOf,
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
  name: string,
  hostPort: int32,
  containerPort: required(int32),
  protocol: defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"),
  hostIP: string,
};
export interface ContainerPort extends Infer<typeof containerPortFields> {}
const containerPort = object<ContainerPort>("ContainerPort", containerPortFields);

const keySelectorFields = { name: string, key: required(string), optional: bool };
export interface KeySelector extends Infer<typeof keySelectorFields> {}

const envVarSourceFields = {
  fieldRef: objectFieldSelector,
  resourceFieldRef: resourceFieldSelector,
  configMapKeyRef: object<KeySelector>("ConfigMapKeySelector", keySelectorFields),
  secretKeyRef: object<KeySelector>("SecretKeySelector", keySelectorFields),
};
export interface EnvVarSource extends Infer<typeof envVarSourceFields> {}

const envVarFields = {
  name: required(string),
  value: string,
  valueFrom: object<EnvVarSource>("EnvVarSource", envVarSourceFields),
};
export interface EnvVar extends Infer<typeof envVarFields> {}
const envVar = object<EnvVar>("EnvVar", envVarFields);

const optionalReferenceFields = { name: string, optional: bool };
export interface OptionalReference extends Infer<typeof optionalReferenceFields> {}

const envFromSourceFields = {
  prefix: string,
  configMapRef: object<OptionalReference>("ConfigMapEnvSource", optionalReferenceFields),
  secretRef: object<OptionalReference>("SecretEnvSource", optionalReferenceFields),
};
export interface EnvFromSource extends Infer<typeof envFromSourceFields> {}

const resourceClaimNameFields = { name: required(string), request: string };
export interface ContainerResourceClaim extends Infer<typeof resourceClaimNameFields> {}

const resourcesFields = {
  limits: map(quantity),
  requests: map(quantity),
  claims: list(object<ContainerResourceClaim>("ResourceClaim", resourceClaimNameFields), { key: "name" }),
};
export interface ResourceRequirements extends Infer<typeof resourcesFields> {}
export const resourceRequirements = object<ResourceRequirements>("ResourceRequirements", resourcesFields);

const resizePolicyFields = {
  resourceName: required(string),
  restartPolicy: required(enumOf("NotRequired", "RestartContainer")),
};
export interface ContainerResizePolicy extends Infer<typeof resizePolicyFields> {}

const volumeMountFields = {
  name: required(string),
  readOnly: bool,
  recursiveReadOnly: string,
  mountPath: required(string),
  subPath: string,
  mountPropagation: enumOf("None", "HostToContainer", "Bidirectional"),
  subPathExpr: string,
};
export interface VolumeMount extends Infer<typeof volumeMountFields> {}

const volumeDeviceFields = { name: required(string), devicePath: required(string) };
export interface VolumeDevice extends Infer<typeof volumeDeviceFields> {}

const httpHeaderFields = { name: required(string), value: string };
export interface HTTPHeader extends Infer<typeof httpHeaderFields> {}

const execActionFields = { command: list(string) };
export interface ExecAction extends Infer<typeof execActionFields> {}
const execAction = object<ExecAction>("ExecAction", execActionFields);

const httpGetActionFields = {
  path: defaulted(string, "/"),
  port: required(intOrString),
  host: string,
  scheme: defaulted(enumOf("HTTP", "HTTPS"), "HTTP"),
  httpHeaders: list(object<HTTPHeader>("HTTPHeader", httpHeaderFields)),
};
export interface HTTPGetAction extends Infer<typeof httpGetActionFields> {}
const httpGetAction = object<HTTPGetAction>("HTTPGetAction", httpGetActionFields);

const tcpSocketActionFields = { port: required(intOrString), host: string };
export interface TCPSocketAction extends Infer<typeof tcpSocketActionFields> {}
const tcpSocketAction = object<TCPSocketAction>("TCPSocketAction", tcpSocketActionFields);

const grpcActionFields = { port: required(int32), service: defaulted(string, "") };
export interface GRPCAction extends Infer<typeof grpcActionFields> {}

const probeFields = {
  exec: execAction,
  httpGet: httpGetAction,
  tcpSocket: tcpSocketAction,
  grpc: object<GRPCAction>("GRPCAction", grpcActionFields),
  initialDelaySeconds: int32,
  timeoutSeconds: defaultedFromZero(int32, 1),
  periodSeconds: defaultedFromZero(int32, 10),
  successThreshold: defaultedFromZero(int32, 1),
  failureThreshold: defaultedFromZero(int32, 3),
  terminationGracePeriodSeconds: int64,
};
export interface Probe extends Infer<typeof probeFields> {}
const probe = object<Probe>("Probe", probeFields);

const sleepActionFields = { seconds: required(int64) };
export interface SleepAction extends Infer<typeof sleepActionFields> {}

const lifecycleHandlerFields = {
  exec: execAction,
  httpGet: httpGetAction,
  tcpSocket: tcpSocketAction,
  sleep: object<SleepAction>("SleepAction", sleepActionFields),
};
export interface LifecycleHandler extends Infer<typeof lifecycleHandlerFields> {}
const lifecycleHandler = object<LifecycleHandler>("LifecycleHandler", lifecycleHandlerFields);

const lifecycleFields = { postStart: lifecycleHandler, preStop: lifecycleHandler, stopSignal: string };
export interface Lifecycle extends Infer<typeof lifecycleFields> {}

const containerFields = {
  name: required(string),
  image: string,
  command: list(string),
  args: list(string),
  workingDir: string,
  ports: list(containerPort, { key: ["containerPort", "protocol"] }),
  envFrom: list(object<EnvFromSource>("EnvFromSource", envFromSourceFields)),
  env: list(envVar, { key: "name" }),
  resources: defaulted(resourceRequirements, {}),
  resizePolicy: list(object<ContainerResizePolicy>("ContainerResizePolicy", resizePolicyFields)),
  restartPolicy: string,
  volumeMounts: list(object<VolumeMount>("VolumeMount", volumeMountFields), { key: "mountPath" }),
  volumeDevices: list(object<VolumeDevice>("VolumeDevice", volumeDeviceFields), { key: "devicePath" }),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: object<Lifecycle>("Lifecycle", lifecycleFields),
  terminationMessagePath: defaulted(string, "/dev/termination-log"),
  terminationMessagePolicy: defaulted(enumOf("File", "FallbackToLogsOnError"), "File"),
  imagePullPolicy: enumOf("Always", "IfNotPresent", "Never"),
  securityContext: containerSecurityContext,
  stdin: bool,
  stdinOnce: bool,
  tty: bool,
};
export interface Container extends Infer<typeof containerFields> {}
export const container = object<Container>("Container", containerFields);

const ephemeralContainerFields = { ...containerFields, targetContainerName: string };
export interface EphemeralContainer extends Infer<typeof ephemeralContainerFields> {}
export const ephemeralContainer = object<EphemeralContainer>("EphemeralContainer", ephemeralContainerFields);
