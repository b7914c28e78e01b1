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
  quantity,
  required,
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
  ip: field(1, required(string), ""),
  hostnames: field(2, list(string), ""),
};
export interface HostAlias extends Infer<typeof hostAliasFields> {}

const dnsOptionFields = {
  name: field(1, string, ""),
  value: field(2, emptySaysSo(string), ""),
};
export interface PodDNSConfigOption extends Infer<typeof dnsOptionFields> {}

const dnsConfigFields = {
  nameservers: field(1, list(string), ""),
  searches: field(2, list(string), ""),
  options: field(3, list(object<PodDNSConfigOption>("PodDNSConfigOption", dnsOptionFields)), ""),
};
export interface PodDNSConfig extends Infer<typeof dnsConfigFields> {}

const readinessGateFields = {
  conditionType: field(1, required(string), ""),
};
export interface PodReadinessGate extends Infer<typeof readinessGateFields> {}

const schedulingGateFields = {
  name: field(1, required(string), ""),
};
export interface PodSchedulingGate extends Infer<typeof schedulingGateFields> {}

const podOsFields = {
  name: field(1, required(enumOf("linux", "windows")), ""),
};
export interface PodOS extends Infer<typeof podOsFields> {}

const podResourceClaimFields = {
  name: field(1, required(string), ""),
  resourceClaimName: field(3, string, ""),
  resourceClaimTemplateName: field(4, string, ""),
};
export interface PodResourceClaim extends Infer<typeof podResourceClaimFields> {}

const podSpecFields = {
  volumes: field(1, retainingKeys(list(volume, { key: "name" })), ""),
  initContainers: field(20, list(container, { key: "name" }), ""),
  containers: field(2, required(list(container, { key: "name" })), ""),
  ephemeralContainers: field(34, list(ephemeralContainer, { key: "name" }), ""),
  restartPolicy: field(3, defaulted(enumOf("Always", "OnFailure", "Never"), "Always"), ""),
  terminationGracePeriodSeconds: field(4, defaulted(int64, 30), ""),
  activeDeadlineSeconds: field(5, int64, ""),
  dnsPolicy: field(
    6,
    defaulted(enumOf("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"), "ClusterFirst"),
    "",
  ),
  nodeSelector: field(7, map(string, { atomic: true }), ""),
  serviceAccountName: field(8, string, ""),
  serviceAccount: field(9, string, ""),
  automountServiceAccountToken: field(21, bool, ""),
  nodeName: field(10, string, ""),
  hostNetwork: field(11, absentAtZero(bool), ""),
  hostPID: field(12, absentAtZero(bool), ""),
  hostIPC: field(13, absentAtZero(bool), ""),
  shareProcessNamespace: field(27, bool, ""),
  securityContext: field(14, defaulted(podSecurityContext, {}), ""),
  imagePullSecrets: field(
    15,
    list(localObjectReference, {
      key: "name",
    }),
    "",
  ),
  hostname: field(16, string, ""),
  subdomain: field(17, string, ""),
  affinity: field(18, affinity, ""),
  schedulerName: field(19, defaulted(string, "default-scheduler"), ""),
  tolerations: field(22, list(toleration), ""),
  hostAliases: field(23, list(object<HostAlias>("HostAlias", hostAliasFields), { key: "ip" }), ""),
  priorityClassName: field(24, string, ""),
  priority: field(25, int32, ""),
  dnsConfig: field(26, object<PodDNSConfig>("PodDNSConfig", dnsConfigFields), ""),
  readinessGates: field(28, list(object<PodReadinessGate>("PodReadinessGate", readinessGateFields)), ""),
  runtimeClassName: field(29, string, ""),
  enableServiceLinks: field(30, bool, ""),
  preemptionPolicy: field(31, enumOf("Never", "PreemptLowerPriority"), ""),
  overhead: field(32, map(quantity), ""),
  topologySpreadConstraints: field(
    33,
    list(topologySpreadConstraint, { key: ["topologyKey", "whenUnsatisfiable"] }),
    "",
  ),
  setHostnameAsFQDN: field(35, bool, ""),
  os: field(36, object<PodOS>("PodOS", podOsFields), ""),
  hostUsers: field(37, bool, ""),
  schedulingGates: field(
    38,
    list(object<PodSchedulingGate>("PodSchedulingGate", schedulingGateFields), {
      key: "name",
    }),
    "",
  ),
  resourceClaims: field(
    39,
    retainingKeys(
      list(object<PodResourceClaim>("PodResourceClaim", podResourceClaimFields), { key: "name" }),
    ),
    "",
  ),
  resources: field(40, resourceRequirements, ""),
  hostnameOverride: field(41, string, ""),
};
export interface PodSpec extends Infer<typeof podSpecFields> {}
export const podSpec = object<PodSpec>("PodSpec", podSpecFields);

const podFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(podSpec), ""),
  status: field(3, defaulted(podStatus, {}), ""),
};
export interface Pod extends Infer<Omit<typeof podFields, "status">> {
  status: PodStatus;
}
export const pod = object<Pod>("Pod", podFields);
