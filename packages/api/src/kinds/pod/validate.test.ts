/** What is refused of a Pod, in upstream's words: each line was compared with a kube-apiserver of 1.34. */
import assert from "node:assert/strict";
import { admittedPod } from "../../testing/pods.ts";
import { describeFieldError } from "../../validation/field-error.ts";
import { validateNew } from "../../validation/validate.ts";
import { podKind } from "./pod.ts";

type Json = Record<string, unknown>;
type Case = [parts: Json, ...errors: string[]];

function refused(spec: Json): string[] {
  return validateNew(podKind, admittedPod({ spec })).map(describeFieldError);
}

const volumes: Case[] = [
  [{ emptyDir: { medium: "Memory" } }],
  [
    { emptyDir: { sizeLimit: "-1" } },
    "emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity",
  ],
  [{ hostPath: { path: "a/../b" } }, "hostPath.path: Invalid value: \"a/../b\": must not contain '..'"],
  [
    { hostPath: { path: "/x", type: "Bogus" } },
    'hostPath.type: Unsupported value: "Bogus": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  [{ secret: {} }, "secret.secretName: Required value"],
  [{ configMap: {} }, "configMap.name: Required value"],
  [
    { configMap: { name: "x", defaultMode: -1 } },
    "configMap.defaultMode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive",
  ],
  [
    { secret: { secretName: "x", items: [{ key: "a", path: "/a" }] } },
    'secret.items[0].path: Invalid value: "/a": must be a relative path',
  ],
  [
    { configMap: { name: "x", items: [{ key: "k", path: "..a" }] } },
    "configMap.items[0].path: Invalid value: \"..a\": must not start with '..'",
  ],
  [
    { downwardAPI: { items: [{ path: "x" }] } },
    "downwardAPI: Required value: one of fieldRef and resourceFieldRef is required",
  ],
  [
    { downwardAPI: { items: [{ path: "x", fieldRef: { fieldPath: "status.podIP" } }] } },
    'downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
  ],
  [
    { downwardAPI: { items: [{ path: "x", resourceFieldRef: { resource: "limits.cpu" } }] } },
    "downwardAPI.resourceFieldRef.containerName: Required value",
  ],
  [
    { projected: { sources: [{ secret: { name: "x" }, configMap: { name: "y" } }] } },
    "projected.sources[0]: Forbidden: may not specify more than 1 volume type per source",
  ],
  [
    {
      projected: {
        sources: ["x", "y"].map(name => ({ secret: { name, items: [{ key: "a", path: "p" }] } })),
      },
    },
    'projected: Invalid value: "y": conflicting duplicate paths',
  ],
  [
    { projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 5 } }] } },
    "projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
  ],
];

const mount = { name: "a", mountPath: "/x" };
const HTTP_HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

const NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const containers: Case[] = [
  [
    { securityContext: { procMount: "Bogus", appArmorProfile: { type: "Localhost" } } },
    'securityContext.procMount: Unsupported value: "Bogus": supported values: "Default", "Unmasked"',
    "securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost",
  ],
  [{ volumeMounts: [{ ...mount, name: "z" }] }, 'volumeMounts[0].name: Not found: "z"'],
  [
    { volumeMounts: [{ ...mount, subPath: "../y" }] },
    "volumeMounts.subPath: Invalid value: \"../y\": must not contain '..'",
  ],
  [
    { volumeMounts: [{ ...mount, subPath: "y", subPathExpr: "z" }] },
    'volumeMounts[0].subPathExpr: Invalid value: "z": subPathExpr and subPath are mutually exclusive',
  ],
  [
    { volumeMounts: [{ ...mount, mountPropagation: "Bidirectional" }] },
    "volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
  ],
  [
    { volumeMounts: [{ ...mount, recursiveReadOnly: "Enabled" }] },
    "volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
  ],
  [
    { volumeDevices: [{ name: "a", devicePath: "/x" }] },
    'volumeDevices[0].name: Invalid value: "a": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
  ],
  [{ env: [{ name: "1a b", value: "x" }], envFrom: [{ prefix: "1", secretRef: { name: "y" } }] }],
  [
    { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "bogus" } } }] },
    'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "bogus": error converting fieldPath: field label not supported: bogus',
  ],
  [
    { env: [{ name: "a", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "3" } } }] },
    'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ],
  [{ env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.labels['x']" } } }] }],
  [{ envFrom: [{}] }, 'envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
  [{ envFrom: [{ configMapRef: { name: "" } }] }, "envFrom[0].configMapRef.name: Required value"],
  [
    { livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: "a b" }] } } },
    `livenessProbe.httpGet.httpHeaders: Invalid value: "a b": ${HTTP_HEADER}`,
  ],
  [
    { readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 } },
    "readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes",
  ],
  [
    { lifecycle: { preStop: { sleep: { seconds: 500 } } } },
    "lifecycle.preStop.sleep: Invalid value: 500: must be non-negative and less than terminationGracePeriodSeconds (30)",
  ],
  [
    { resources: { requests: { bogus: "1" } } },
    'resources.requests[bogus]: Invalid value: "bogus": must be a standard resource type or fully qualified',
    'resources.requests[bogus]: Invalid value: "bogus": must be a standard resource for containers',
  ],
  [
    { resources: { requests: { "example.com/gpu": "1" } } },
    "resources.limits: Required value: Limit must be set for non overcommitable resources",
  ],
  [
    { resources: { limits: { "example.com/gpu": "2" }, requests: { "example.com/gpu": "1" } } },
    'resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
  ],
  [
    { resources: { claims: [{ name: "x" }] } },
    'resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
  ],
];

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const nodes = (term: Json) => ({ nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [term] } } });
const NODES = `affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms[0]`;
const zones = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" };

const specs: Case[] = [
  [{ hostAliases: [{ ip: "x" }] }, `hostAliases[0].ip: Invalid value: "x": ${NO_ADDRESS}`],
  [{ dnsPolicy: "None" }, "dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
  [{ dnsConfig: { nameservers: ["x"] } }, `dnsConfig.nameservers[0]: Invalid value: "x": ${NO_ADDRESS}`],
  [{ dnsConfig: { searches: [".", "_tcp.example.com."], options: [{ name: "ndots", value: "2" }] } }],
  [{ dnsConfig: { options: [{ value: "x" }] } }, "dnsConfig.options[0]: Required value: must not be empty"],
  [
    { topologySpreadConstraints: [zones, { ...zones, maxSkew: 0 }] },
    'topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
    "topologySpreadConstraints[1].maxSkew: Invalid value: 0: must be greater than zero",
  ],
  [
    { topologySpreadConstraints: [{ ...zones, whenUnsatisfiable: "ScheduleAnyway", minDomains: 1 }] },
    "topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
  ],
  [
    { topologySpreadConstraints: [{ ...zones, matchLabelKeys: ["a"] }] },
    "topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set",
  ],
  [
    { affinity: nodes({ matchExpressions: [{ key: "a", operator: "In" }] }) },
    `${NODES}.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    { affinity: nodes({ matchExpressions: [{ key: "a", operator: "Gt", values: ["1", "2"] }] }) },
    `${NODES}.matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
  ],
  [
    { affinity: nodes({ matchFields: [{ key: "a", operator: "In", values: ["x"] }] }) },
    `${NODES}.matchFields[0].key: Invalid value: "a": not a valid field selector key`,
  ],
  [
    { affinity: { nodeAffinity: { [PREFERRED]: [{ weight: 0, preference: {} }] } } },
    `affinity.nodeAffinity.${PREFERRED}[0].weight: Invalid value: 0: must be in the range 1-100`,
  ],
  [
    {
      affinity: {
        podAntiAffinity: { [PREFERRED]: [{ weight: 200, podAffinityTerm: { topologyKey: "x" } }] },
      },
    },
    `affinity.podAntiAffinity.${PREFERRED}[0].weight: Invalid value: 200: must be in the range 1-100`,
  ],
  [
    { tolerations: [{ key: "a", operator: "Exists", value: "x" }] },
    "tolerations[0].operator: Invalid value: \"x\": value must be empty when `operator` is 'Exists'",
  ],
  [{ schedulingGates: [{ name: "a" }, { name: "a" }] }, 'schedulingGates[1]: Duplicate value: "a"'],
  [
    { shareProcessNamespace: true, hostPID: true },
    "securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
  ],
  [
    { securityContext: { runAsUser: -1, supplementalGroups: [2 ** 31] } },
    "securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    "securityContext.supplementalGroups[0]: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive",
  ],
  [
    { securityContext: { sysctls: ["1", "2"].map(value => ({ name: "net.core.somaxconn", value })) } },
    'securityContext.sysctls[1].name: Duplicate value: "net.core.somaxconn"',
  ],
  [
    { securityContext: { seccompProfile: { type: "RuntimeDefault", localhostProfile: "x" } } },
    'securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"RuntimeDefault","LocalhostProfile":"x"}: can only be set when seccomp type is Localhost',
  ],
  [{ terminationGracePeriodSeconds: -1 }],
];

function table(title: string, cases: Case[], prefix: string, specOf: (parts: Json) => Json): void {
  describe(title, () => {
    for (const [parts, ...errors] of cases) {
      it(errors.join("; ").slice(0, 90) || `has ${JSON.stringify(parts)}`, () => {
        assert.deepEqual(
          refused(specOf(parts)),
          errors.map(error => prefix + error),
        );
      });
    }
  });
}

table("volumes of a Pod", volumes, "spec.volumes[0].", parts => ({ volumes: [{ name: "a", ...parts }] }));
table("containers of a Pod", containers, "spec.containers[0].", parts => ({
  volumes: [{ name: "a" }],
  containers: [{ name: "app", image: "nginx", ...parts }],
}));
table("the whole of a Pod", specs, "spec.", parts => parts);
