/** Pod: what to run (spec) and how it is going (status, written by the node). */
import {
  absentAtZero,
  bool,
  defaulted,
  emptySaysSo,
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
} from "../schema/schema.ts";
import { container, ephemeralContainer, resourceRequirements } from "./container.ts";
import { localObjectReference, namespacedMeta, typeMeta } from "./meta.ts";
import { type PodStatus, podStatus } from "./pod-status.ts";
import { affinity, toleration, topologySpreadConstraint } from "./scheduling.ts";
import { podSecurityContext } from "./security-context.ts";
import { volume } from "./volume.ts";

const hostAliasFields = {
  ip: field(1, required(string), "The address."),
  hostnames: field(2, list(string), "Names that it gets in the hosts file."),
};
export interface HostAlias extends Infer<typeof hostAliasFields> {}

const dnsOptionFields = {
  name: field(1, string, "Name of the resolver's option."),
  value: field(2, emptySaysSo(string), "Value of the option, where it has one."),
};
export interface PodDNSConfigOption extends Infer<typeof dnsOptionFields> {}

const dnsConfigFields = {
  nameservers: field(1, list(string), "Addresses of name servers, added to those of the policy."),
  searches: field(2, list(string), "Domains to search, added to those of the policy."),
  options: field(
    3,
    list(object<PodDNSConfigOption>("PodDNSConfigOption", dnsOptionFields)),
    "Options of the resolver, added to those of the policy.",
  ),
};
export interface PodDNSConfig extends Infer<typeof dnsConfigFields> {}

const readinessGateFields = {
  conditionType: field(1, required(string), "A condition of the Pod that must be True for it to be ready."),
};
export interface PodReadinessGate extends Infer<typeof readinessGateFields> {}

const schedulingGateFields = {
  name: field(1, required(string), "Name of the gate."),
};
export interface PodSchedulingGate extends Infer<typeof schedulingGateFields> {}

const podOsFields = {
  name: field(1, required(enumOf("linux", "windows")), "The operating system that the containers are for."),
};
export interface PodOS extends Infer<typeof podOsFields> {}

const podResourceClaimFields = {
  name: field(1, required(string), "Name by which containers refer to the claim."),
  resourceClaimName: field(3, string, "A ResourceClaim in the same namespace."),
  resourceClaimTemplateName: field(4, string, "A template from which the Pod gets a claim of its own."),
};
export interface PodResourceClaim extends Infer<typeof podResourceClaimFields> {}

const podSpecFields = {
  volumes: field(1, retainingKeys(list(volume, { key: "name" })), "Volumes that containers can mount."),
  initContainers: field(
    20,
    list(container, { key: "name" }),
    "Containers that run one after the other before the others start.",
  ),
  containers: field(
    2,
    required(list(container, { key: "name" })),
    "The containers of the Pod; there is at least one.",
  ),
  ephemeralContainers: field(
    34,
    list(ephemeralContainer, { key: "name" }),
    "Containers added to a running Pod, for debugging.",
  ),
  restartPolicy: field(
    3,
    defaulted(enumOf("Always", "OnFailure", "Never"), "Always"),
    "Whether containers that end are started again.",
  ),
  terminationGracePeriodSeconds: field(
    4,
    defaulted(int64, 30),
    "Seconds between the request to stop and the kill.",
  ),
  activeDeadlineSeconds: field(5, int64, "Seconds after which a Pod that still runs has failed."),
  dnsPolicy: field(
    6,
    defaulted(enumOf("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"), "ClusterFirst"),
    "Where the Pod's resolver gets its settings from.",
  ),
  nodeSelector: field(7, map(string, { atomic: true }), "Labels that the Node must have."),
  serviceAccountName: field(8, string, "The ServiceAccount that the Pod runs as."),
  serviceAccount: field(9, string, "Deprecated: the same as serviceAccountName."),
  automountServiceAccountToken: field(21, bool, "Whether a token of the account is mounted."),
  nodeName: field(10, string, "The Node that the Pod is on; set by the scheduler."),
  hostNetwork: field(11, absentAtZero(bool), "Uses the Node's network instead of one of its own."),
  hostPID: field(12, absentAtZero(bool), "Sees the processes of the Node."),
  hostIPC: field(13, absentAtZero(bool), "Uses the Node's IPC."),
  shareProcessNamespace: field(27, bool, "Lets the containers see each other's processes."),
  securityContext: field(
    14,
    defaulted(podSecurityContext, {}),
    "Settings of users, groups and the kernel, for all containers.",
  ),
  imagePullSecrets: field(
    15,
    list(localObjectReference, {
      key: "name",
    }),
    "Secrets for the registries that images come from.",
  ),
  hostname: field(16, string, "Host name of the Pod; its own name, where nothing is said."),
  subdomain: field(
    17,
    string,
    "Subdomain, which makes the full name hostname.subdomain.namespace.svc and the cluster's domain.",
  ),
  affinity: field(18, affinity, "Rules about where the Pod is to run."),
  schedulerName: field(19, defaulted(string, "default-scheduler"), "The scheduler that places the Pod."),
  tolerations: field(22, list(toleration), "Taints of Nodes that the Pod bears."),
  hostAliases: field(
    23,
    list(object<HostAlias>("HostAlias", hostAliasFields), { key: "ip" }),
    "Lines to add to the hosts file.",
  ),
  priorityClassName: field(24, string, "Name of the Pod's PriorityClass."),
  priority: field(25, int32, "How important the Pod is; more is more."),
  dnsConfig: field(
    26,
    object<PodDNSConfig>("PodDNSConfig", dnsConfigFields),
    "Settings of the resolver, on top of the policy's.",
  ),
  readinessGates: field(
    28,
    list(object<PodReadinessGate>("PodReadinessGate", readinessGateFields)),
    "Further conditions that the Pod's readiness waits for.",
  ),
  runtimeClassName: field(29, string, "Name of the RuntimeClass that runs the Pod."),
  enableServiceLinks: field(30, bool, "Whether containers get environment variables about Services."),
  preemptionPolicy: field(
    31,
    enumOf("Never", "PreemptLowerPriority"),
    "Whether the Pod may push out less important ones.",
  ),
  overhead: field(32, map(resourceAmount), "Resources that running the Pod takes beside its containers."),
  topologySpreadConstraints: field(
    33,
    list(topologySpreadConstraint, { key: ["topologyKey", "whenUnsatisfiable"] }),
    "How Pods are to be spread over places.",
  ),
  setHostnameAsFQDN: field(35, bool, "Makes the full name the host name that the kernel tells."),
  os: field(36, object<PodOS>("PodOS", podOsFields), "The operating system that the Pod is for."),
  hostUsers: field(37, bool, "Whether users of the Pod are users of the Node."),
  schedulingGates: field(
    38,
    list(object<PodSchedulingGate>("PodSchedulingGate", schedulingGateFields), {
      key: "name",
    }),
    "What the scheduler waits for before it looks at the Pod.",
  ),
  resourceClaims: field(
    39,
    retainingKeys(
      list(object<PodResourceClaim>("PodResourceClaim", podResourceClaimFields), { key: "name" }),
    ),
    "Claims of devices that the Pod needs.",
  ),
  resources: field(40, resourceRequirements, "Resources for all containers of the Pod together."),
  hostnameOverride: field(41, string, "Host name to use in place of hostname and the Pod's own name."),
};
export interface PodSpec extends Infer<typeof podSpecFields> {}
export const podSpec = object<PodSpec>("PodSpec", podSpecFields, {
  doc: "PodSpec says what a Pod runs and how.",
});

const podFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(podSpec), "What is asked of the Pod."),
  status: field(3, defaulted(podStatus, {}), "What the Node reports of the Pod."),
};
export interface Pod extends Infer<Omit<typeof podFields, "status">> {
  status: PodStatus;
}
export const pod = object<Pod>("Pod", podFields, {
  doc: "Pod is a group of containers that run together on one Node and share an address.",
});
