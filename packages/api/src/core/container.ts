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
  required,
  resourceAmount,
  string,
} from "../schema/schema.ts";
import { containerSecurityContext } from "./security-context.ts";
import { objectFieldSelector, resourceFieldSelector } from "./volume.ts";

const containerPortFields = {
  name: field(1, string, "Name of the port, by which Services can refer to it."),
  hostPort: field(2, absentAtZero(int32), "Port of the Node that is forwarded to it."),
  containerPort: field(3, required(int32), "Port that the container listens on."),
  protocol: field(4, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
  hostIP: field(5, string, "Address of the Node that hostPort is bound to."),
};
export interface ContainerPort extends Infer<typeof containerPortFields> {}
const containerPort = object<ContainerPort>("ContainerPort", containerPortFields, {
  doc: "ContainerPort is a port that a container listens on.",
});

const keySelectorFields = {
  ...embedded(1, { name: field(1, string, "Name of the object.") }),
  key: field(2, required(string), "The key to take."),
  optional: field(3, bool, "Whether the object or its key may be missing."),
};
export interface KeySelector extends Infer<typeof keySelectorFields> {}

const fileKeySelectorFields = {
  volumeName: field(1, required(string), "The volume that holds the file."),
  path: field(2, required(string), "The file, relative to the volume."),
  key: field(3, required(string), "The variable to take from the file."),
  optional: field(4, defaulted(bool, false), "Whether the file or the variable may be missing."),
};
export interface FileKeySelector extends Infer<typeof fileKeySelectorFields> {}

const envVarSourceFields = {
  fieldRef: field(1, objectFieldSelector, "A field of the Pod."),
  resourceFieldRef: field(2, resourceFieldSelector, "A resource of a container."),
  configMapKeyRef: field(
    3,
    object<KeySelector>("ConfigMapKeySelector", keySelectorFields, { atomic: true }),
    "A key of a ConfigMap.",
  ),
  secretKeyRef: field(
    4,
    object<KeySelector>("SecretKeySelector", keySelectorFields, { atomic: true }),
    "A key of a Secret.",
  ),
  fileKeyRef: field(
    5,
    object<FileKeySelector>("FileKeySelector", fileKeySelectorFields, { atomic: true }),
    "A variable of a file in a volume.",
  ),
};
export interface EnvVarSource extends Infer<typeof envVarSourceFields> {}

const envVarFields = {
  name: field(1, required(string), "Name of the variable."),
  value: field(2, string, "Value of the variable; $(NAME) stands for a variable before it."),
  valueFrom: field(
    3,
    object<EnvVarSource>("EnvVarSource", envVarSourceFields, {
      doc: "EnvVarSource is where the value of a variable comes from.",
    }),
    "Where the value comes from instead.",
  ),
};
export interface EnvVar extends Infer<typeof envVarFields> {}
const envVar = object<EnvVar>("EnvVar", envVarFields, {
  doc: "EnvVar is an environment variable of a container.",
});

const optionalReferenceFields = {
  ...embedded(1, { name: field(1, string, "Name of the object.") }),
  optional: field(2, bool, "Whether the object may be missing."),
};
export interface OptionalReference extends Infer<typeof optionalReferenceFields> {}

const envFromSourceFields = {
  prefix: field(1, string, "Text to put before each name."),
  configMapRef: field(
    2,
    object<OptionalReference>("ConfigMapEnvSource", optionalReferenceFields),
    "The ConfigMap whose keys become variables.",
  ),
  secretRef: field(
    3,
    object<OptionalReference>("SecretEnvSource", optionalReferenceFields),
    "The Secret whose keys become variables.",
  ),
};
export interface EnvFromSource extends Infer<typeof envFromSourceFields> {}

const resourceClaimNameFields = {
  name: field(1, required(string), "Name of a claim in the Pod's resourceClaims."),
  request: field(2, string, "The request in that claim; all of it, where nothing is said."),
};
export interface ContainerResourceClaim extends Infer<typeof resourceClaimNameFields> {}

const resourcesFields = {
  limits: field(1, map(resourceAmount), "The most that may be used."),
  requests: field(2, map(resourceAmount), "What is set aside; the limits, where nothing is said."),
  claims: field(
    3,
    list(object<ContainerResourceClaim>("ResourceClaim", resourceClaimNameFields), {
      key: "name",
      mergeKey: "none",
    }),
    "Claims of devices that are used.",
  ),
};
export interface ResourceRequirements extends Infer<typeof resourcesFields> {}
export const resourceRequirements = object<ResourceRequirements>("ResourceRequirements", resourcesFields, {
  doc: "ResourceRequirements say what is set aside and what may be used.",
});

const resizePolicyFields = {
  resourceName: field(1, required(string), "The resource that this is about."),
  restartPolicy: field(
    2,
    required(enumOf("NotRequired", "RestartContainer")),
    "Whether the container starts again when the resource is changed.",
  ),
};
export interface ContainerResizePolicy extends Infer<typeof resizePolicyFields> {}

const volumeMountFields = {
  name: field(1, required(string), "Name of the volume."),
  readOnly: field(2, absentAtZero(bool), "Mounts the volume read-only."),
  recursiveReadOnly: field(7, string, "Whether mounts below it become read-only too."),
  mountPath: field(3, required(string), "Where in the container it is mounted."),
  subPath: field(4, string, "Path in the volume to mount instead of its root."),
  mountPropagation: field(
    5,
    enumOf("None", "HostToContainer", "Bidirectional"),
    "Whether mounts travel between Node and container.",
  ),
  subPathExpr: field(6, string, "The same as subPath, with $(NAME) for environment variables."),
};
export interface VolumeMount extends Infer<typeof volumeMountFields> {}

const volumeDeviceFields = {
  name: field(1, required(string), "Name of a claim's volume."),
  devicePath: field(2, required(string), "Where in the container the device appears."),
};
export interface VolumeDevice extends Infer<typeof volumeDeviceFields> {}

const httpHeaderFields = {
  name: field(1, required(string), "Name of the header."),
  value: field(2, string, "Value of the header."),
};
export interface HTTPHeader extends Infer<typeof httpHeaderFields> {}

const execActionFields = {
  command: field(1, list(string), "The command and its arguments; no shell. Exit status 0 is success."),
};
export interface ExecAction extends Infer<typeof execActionFields> {}
const execAction = object<ExecAction>("ExecAction", execActionFields);

const httpGetActionFields = {
  path: field(1, defaulted(string, "/"), "Path to ask for."),
  port: field(2, required(intOrString), "Port to connect to, as a number or by its name."),
  host: field(3, string, "Host to connect to; the Pod's address, where nothing is said."),
  scheme: field(4, defaulted(enumOf("HTTP", "HTTPS"), "HTTP"), "HTTP or HTTPS."),
  httpHeaders: field(5, list(object<HTTPHeader>("HTTPHeader", httpHeaderFields)), "Headers to send."),
};
export interface HTTPGetAction extends Infer<typeof httpGetActionFields> {}
const httpGetAction = object<HTTPGetAction>("HTTPGetAction", httpGetActionFields);

const tcpSocketActionFields = {
  port: field(1, required(intOrString), "Port to connect to, as a number or by its name."),
  host: field(2, string, "Host to connect to; the Pod's address, where nothing is said."),
};
export interface TCPSocketAction extends Infer<typeof tcpSocketActionFields> {}
const tcpSocketAction = object<TCPSocketAction>("TCPSocketAction", tcpSocketActionFields);

const grpcActionFields = {
  port: field(1, required(int32), "Port of the gRPC service."),
  service: field(2, defaulted(string, ""), "Name to send to the health service."),
};
export interface GRPCAction extends Infer<typeof grpcActionFields> {}

const probeFields = {
  ...embedded(1, {
    exec: field(1, execAction, "Runs a command in the container."),
    httpGet: field(2, httpGetAction, "Asks by HTTP; a status from 200 to 399 is success."),
    tcpSocket: field(3, tcpSocketAction, "Connects by TCP."),
    grpc: field(4, object<GRPCAction>("GRPCAction", grpcActionFields), "Asks the gRPC health service."),
  }),
  initialDelaySeconds: field(
    2,
    absentAtZero(int32),
    "Seconds between the container's start and the first probe.",
  ),
  timeoutSeconds: field(3, defaultedFromZero(int32, 1), "Seconds after which a probe has failed."),
  periodSeconds: field(4, defaultedFromZero(int32, 10), "Seconds between probes."),
  successThreshold: field(5, defaultedFromZero(int32, 1), "Successes in a row that count as success."),
  failureThreshold: field(6, defaultedFromZero(int32, 3), "Failures in a row that count as failure."),
  terminationGracePeriodSeconds: field(
    7,
    int64,
    "Seconds between the request to stop and the kill, where this probe failed.",
  ),
};
export interface Probe extends Infer<typeof probeFields> {}
const probe = object<Probe>("Probe", probeFields, {
  doc: "Probe says how the health of a container is found out.",
});

const sleepActionFields = {
  seconds: field(1, required(int64), "Seconds to wait."),
};
export interface SleepAction extends Infer<typeof sleepActionFields> {}

const lifecycleHandlerFields = {
  exec: field(1, execAction, "Runs a command in the container."),
  httpGet: field(2, httpGetAction, "Asks by HTTP."),
  tcpSocket: field(3, tcpSocketAction, "Deprecated; does nothing."),
  sleep: field(4, object<SleepAction>("SleepAction", sleepActionFields), "Waits."),
};
export interface LifecycleHandler extends Infer<typeof lifecycleHandlerFields> {}
const lifecycleHandler = object<LifecycleHandler>("LifecycleHandler", lifecycleHandlerFields, {
  doc: "LifecycleHandler is one thing to do.",
});

const lifecycleFields = {
  postStart: field(1, lifecycleHandler, "Runs as soon as the container has started."),
  preStop: field(2, lifecycleHandler, "Runs before the container is asked to stop."),
  stopSignal: field(3, string, "The signal that asks the container to stop."),
};
export interface Lifecycle extends Infer<typeof lifecycleFields> {}

const restartOnExitCodesFields = {
  operator: field(
    1,
    required(enumOf("In", "NotIn")),
    "Whether the exit status must be among the values or must not.",
  ),
  values: field(2, list(int32, { set: true }), "The exit statuses."),
};
export interface ContainerRestartRuleOnExitCodes extends Infer<typeof restartOnExitCodesFields> {}

const restartRuleFields = {
  action: field(1, required(string), "What to do: Restart."),
  exitCodes: field(
    2,
    object<ContainerRestartRuleOnExitCodes>("ContainerRestartRuleOnExitCodes", restartOnExitCodesFields),
    "The exit statuses that the rule is for.",
  ),
};
export interface ContainerRestartRule extends Infer<typeof restartRuleFields> {}

const containerFields = {
  name: field(1, required(string), "Name of the container, unique in its Pod."),
  image: field(2, string, "Image that the container runs."),
  command: field(3, list(string), "What to run in place of the image's entrypoint; no shell."),
  args: field(4, list(string), "Arguments in place of the image's."),
  workingDir: field(5, string, "Directory to start in; the image's, where nothing is said."),
  ports: field(
    6,
    list(containerPort, { key: ["containerPort", "protocol"] }),
    "Ports that the container listens on.",
  ),
  envFrom: field(
    19,
    list(
      object<EnvFromSource>("EnvFromSource", envFromSourceFields, {
        doc: "EnvFromSource is an object whose keys become variables.",
      }),
    ),
    "Objects whose keys become environment variables.",
  ),
  env: field(7, list(envVar, { key: "name" }), "Environment variables."),
  resources: field(8, defaulted(resourceRequirements, {}), "What the container needs and may use."),
  resizePolicy: field(
    23,
    list(object<ContainerResizePolicy>("ContainerResizePolicy", resizePolicyFields)),
    "Which resources can be changed without a restart.",
  ),
  restartPolicy: field(24, string, "Always makes an init container run beside the others."),
  restartPolicyRules: field(
    25,
    list(object<ContainerRestartRule>("ContainerRestartRule", restartRuleFields)),
    "Rules that go before the restart policy.",
  ),
  volumeMounts: field(
    9,
    list(
      object<VolumeMount>("VolumeMount", volumeMountFields, {
        doc: "VolumeMount says where in a container a volume is mounted.",
      }),
      { key: "mountPath" },
    ),
    "Volumes to mount.",
  ),
  volumeDevices: field(
    21,
    list(object<VolumeDevice>("VolumeDevice", volumeDeviceFields), { key: "devicePath" }),
    "Block devices to give to the container.",
  ),
  livenessProbe: field(10, probe, "Says whether the container still works; it starts again where not."),
  readinessProbe: field(
    11,
    probe,
    "Says whether the container can serve; its Pod gets no traffic where not.",
  ),
  startupProbe: field(22, probe, "Says whether the container has started; the other probes wait for it."),
  lifecycle: field(
    12,
    object<Lifecycle>("Lifecycle", lifecycleFields, {
      doc: "Lifecycle says what to do after a container's start and before its stop.",
    }),
    "What to do after the start and before the stop.",
  ),
  terminationMessagePath: field(
    13,
    defaulted(string, "/dev/termination-log"),
    "File whose contents become the message of the container's end.",
  ),
  terminationMessagePolicy: field(
    20,
    defaulted(enumOf("File", "FallbackToLogsOnError"), "File"),
    "Whether that message may come from the end of the log.",
  ),
  imagePullPolicy: field(14, enumOf("Always", "IfNotPresent", "Never"), "When the image is fetched."),
  securityContext: field(15, containerSecurityContext, "Settings of users, groups and the kernel."),
  stdin: field(16, absentAtZero(bool), "Keeps standard input open."),
  stdinOnce: field(
    17,
    absentAtZero(bool),
    "Closes standard input after the first client that attached has gone.",
  ),
  tty: field(18, absentAtZero(bool), "Gives the container a terminal."),
};
export interface Container extends Infer<typeof containerFields> {}
export const container = object<Container>("Container", containerFields, {
  doc: "Container is one program of a Pod, run from an image.",
});

const ephemeralContainerFields = {
  ...embedded(1, containerFields),
  targetContainerName: field(2, string, "The container whose processes it sees."),
};
export interface EphemeralContainer extends Infer<typeof ephemeralContainerFields> {}
export const ephemeralContainer = object<EphemeralContainer>("EphemeralContainer", ephemeralContainerFields, {
  doc: "EphemeralContainer is a container added to a running Pod, for debugging.",
});
