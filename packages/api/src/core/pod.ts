/** Pod: what to run (spec) and how it is going (status, written by the node). */
import {
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
} from "../schema/schema.ts";
import { container, ephemeralContainer, resourceRequirements } from "./container.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";
import { type PodStatus, podStatus } from "./pod-status.ts";
import { affinity, toleration, topologySpreadConstraint } from "./scheduling.ts";
import { podSecurityContext } from "./security-context.ts";
import { volume } from "./volume.ts";

const hostAliasFields = { ip: required(string), hostnames: list(string) };
export interface HostAlias extends Infer<typeof hostAliasFields> {}

const dnsOptionFields = { name: string, value: string };
export interface PodDNSConfigOption extends Infer<typeof dnsOptionFields> {}

const dnsConfigFields = {
  nameservers: list(string),
  searches: list(string),
  options: list(object<PodDNSConfigOption>("PodDNSConfigOption", dnsOptionFields)),
};
export interface PodDNSConfig extends Infer<typeof dnsConfigFields> {}

const localReferenceFields = { name: defaulted(string, "") };
export interface LocalObjectReference extends Infer<typeof localReferenceFields> {}

const readinessGateFields = { conditionType: required(string) };
export interface PodReadinessGate extends Infer<typeof readinessGateFields> {}

const schedulingGateFields = { name: required(string) };
export interface PodSchedulingGate extends Infer<typeof schedulingGateFields> {}

const podOsFields = { name: required(enumOf("linux", "windows")) };
export interface PodOS extends Infer<typeof podOsFields> {}

const podResourceClaimFields = {
  name: required(string),
  resourceClaimName: string,
  resourceClaimTemplateName: string,
};
export interface PodResourceClaim extends Infer<typeof podResourceClaimFields> {}

const podSpecFields = {
  volumes: list(volume, { key: "name" }),
  initContainers: list(container, { key: "name" }),
  containers: required(list(container, { key: "name" })),
  ephemeralContainers: list(ephemeralContainer, { key: "name" }),
  restartPolicy: defaulted(enumOf("Always", "OnFailure", "Never"), "Always"),
  terminationGracePeriodSeconds: defaulted(int64, 30),
  activeDeadlineSeconds: int64,
  dnsPolicy: defaulted(enumOf("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"), "ClusterFirst"),
  nodeSelector: map(string),
  serviceAccountName: string,
  serviceAccount: string,
  automountServiceAccountToken: bool,
  nodeName: string,
  hostNetwork: bool,
  hostPID: bool,
  hostIPC: bool,
  shareProcessNamespace: bool,
  securityContext: defaulted(podSecurityContext, {}),
  imagePullSecrets: list(object<LocalObjectReference>("LocalObjectReference", localReferenceFields), {
    key: "name",
  }),
  hostname: string,
  subdomain: string,
  affinity,
  schedulerName: defaulted(string, "default-scheduler"),
  tolerations: list(toleration),
  hostAliases: list(object<HostAlias>("HostAlias", hostAliasFields), { key: "ip" }),
  priorityClassName: string,
  priority: int32,
  dnsConfig: object<PodDNSConfig>("PodDNSConfig", dnsConfigFields),
  readinessGates: list(object<PodReadinessGate>("PodReadinessGate", readinessGateFields)),
  runtimeClassName: string,
  enableServiceLinks: defaulted(bool, true),
  preemptionPolicy: enumOf("Never", "PreemptLowerPriority"),
  overhead: map(quantity),
  topologySpreadConstraints: list(topologySpreadConstraint, { key: ["topologyKey", "whenUnsatisfiable"] }),
  setHostnameAsFQDN: bool,
  os: object<PodOS>("PodOS", podOsFields),
  hostUsers: bool,
  schedulingGates: list(object<PodSchedulingGate>("PodSchedulingGate", schedulingGateFields), {
    key: "name",
  }),
  resourceClaims: list(object<PodResourceClaim>("PodResourceClaim", podResourceClaimFields), {
    key: "name",
  }),
  resources: resourceRequirements,
};
export interface PodSpec extends Infer<typeof podSpecFields> {}
export const podSpec = object<PodSpec>("PodSpec", podSpecFields);

const podFields = {
  ...typeMeta,
  metadata: required(namespacedMeta),
  spec: required(podSpec),
  status: defaulted(podStatus, {}),
};
export interface Pod extends Infer<Omit<typeof podFields, "status">> {
  status: PodStatus;
}
export const pod = object<Pod>("Pod", podFields);
